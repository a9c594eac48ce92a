import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MISSING_STRING, type Output } from "../package/index.ts";
import { shortestFloat, toRows } from "./decode.ts";

const output = (o: Partial<Output>): Output => ({ name: "o", graphName: "o", kind: "label", type: "int64", rowShape: [], ...o });
const rowsOf = (o: Output, data: BigInt64Array | Float64Array | Float32Array | Uint8Array | string[], width = 1): unknown[] =>
  toRows({ rows: data.length / width, computeMs: 0, outputs: [{ output: o, width, data }] }).map((row) => row["o"]);

describe("toRows", () => {
  it("gives int64 as numbers while they are exact, else as text", () => {
    expect(rowsOf(output({}), BigInt64Array.of(3n, -(2n ** 53n) + 1n, 2n ** 53n, 2n ** 62n))).toEqual([3, -9007199254740991, "9007199254740992", "4611686018427387904"]);
  });
  it("gives booleans, texts and missing texts", () => {
    expect(rowsOf(output({ type: "bool" }), Uint8Array.of(0, 1))).toEqual([false, true]);
    expect(rowsOf(output({ type: "string" }), ["a", "", MISSING_STRING])).toEqual(["a", "", null]);
  });
  it("keys probabilities, scores and values by name; lists what is wide, unnamed or ambiguous", () => {
    const data = Float64Array.of(0.25, 0.75);
    expect(rowsOf(output({ kind: "probabilities", type: "double", rowShape: [2], columns: [0, 1] }), data, 2)).toEqual([{ 0: 0.25, 1: 0.75 }]);
    expect(rowsOf(output({ kind: "value", type: "double", rowShape: [2], columns: ["a", "b"] }), data, 2)).toEqual([{ a: 0.25, b: 0.75 }]);
    expect(rowsOf(output({ kind: "transformed", type: "double", rowShape: [2], columns: ["a", "b"] }), data, 2)).toEqual([[0.25, 0.75]]);
    expect(rowsOf(output({ kind: "score", type: "double", rowShape: [2] }), data, 2)).toEqual([[0.25, 0.75]]);
    expect(rowsOf(output({ kind: "probabilities", type: "double", rowShape: [2], columns: [1, "1"] }), data, 2)).toEqual([[0.25, 0.75]]);
    expect(rowsOf(output({ kind: "transformed", type: "double", rowShape: [-1] }), data, 2)).toEqual([[0.25, 0.75]]);
  });
  it("writes doubles so that they read back exactly, and NaN as null", () => {
    expect(JSON.stringify(rowsOf(output({ type: "double", kind: "value" }), Float64Array.of(0.1 + 0.2, NaN, -Infinity)))).toBe("[0.30000000000000004,null,null]");
  });
});

describe("shortestFloat", () => {
  it("reads back as the same float and is as short as can be", () => {
    expect([shortestFloat(Math.fround(0.1)), shortestFloat(Math.fround(1e-8)), shortestFloat(Math.fround(3.4e38)), shortestFloat(-0)]).toEqual([0.1, 1e-8, 3.4e38, -0]);
    fc.assert(fc.property(fc.float(), (f) => Object.is(Math.fround(shortestFloat(f)), f)));
  });
});

describe("shortestFloat", () => {
  it("gives what trying one digit after the other gives, for floats of every size", () => {
    const bydigits = (value: number): number => [6, 7, 8].map((d) => Number(value.toPrecision(d))).find((v) => Math.fround(v) === value) ?? Number(value.toPrecision(9));
    const size = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ min: 0, max: 1, noNaN: true }), fc.double({ min: -5, max: 7, noNaN: true }).map((e) => Math.fround(10 ** e)), fc.integer({ min: -1_000_000, max: 1_000_000 }).map((v) => Math.fround(v / 64)), fc.constantFrom(1e-4, 1e-3, 0.1, 1, 9.9999995, 999999.9, 1e6, 0.3).map(Math.fround));
    fc.assert(fc.property(size, fc.boolean(), (value, minus) => {
      const v = minus ? -value : value;
      expect(shortestFloat(v)).toBe(v === 0 ? v : bydigits(v));
    }), { numRuns: 20_000 });
  });
});
