import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNumbersJson } from "./numbers-json.ts";

/** Texts are made long enough for the reader to take them up. */
const PAD = " ".repeat(1024);
const read = (text: string): unknown => readNumbersJson(Buffer.from(text + PAD));
const plain = (value: unknown): unknown =>
  value instanceof Float64Array || Array.isArray(value) ? Array.from(value as ArrayLike<unknown>, plain)
  : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)])) : value;

describe("readNumbersJson", () => {
  it("gives the doubles that JSON.parse gives, to the last bit, however they are written", () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.integer().map(String), fc.float({ noNaN: true, noDefaultInfinity: true }).map((v) => v.toPrecision(7)),
      fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.stringMatching(/^\d{1,25}$/)).map(([minus, whole, places]) => `${minus ? "-" : ""}${whole}.${places}`), fc.constantFrom("-0", "0.0", "-0.0", "1e5", "1E-7", "0.000001", "123456789012345", "1234567890123456"));
    const space = fc.constantFrom("", " ", "\n\t", "\r");
    fc.assert(fc.property(fc.array(fc.array(number, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 }), space, (rows, s) => {
      const text = `[${rows.map((r) => `[${s}${r.join(`${s},${s}`)}${s}]`).join(`,${s}`)}]`;
      const found = read(text) as ArrayLike<number>[];
      const expected = JSON.parse(text) as number[][];
      expect(found.length).toBe(expected.length);
      expected.forEach((row, i) => expect(Object.is, `row ${i}`).toSatisfy(() => row.length === found[i]!.length && row.every((v, j) => Object.is(v, found[i]![j]))));
    }));
  });
  it("makes long lists of numbers Float64Arrays, and neither short ones nor the outermost", () => {
    const found = read(`{"a":[${"1.5,".repeat(19)}2],"b":[1,2]}`) as Record<string, unknown>;
    expect(found["a"]).toBeInstanceOf(Float64Array);
    expect(found["b"]).toEqual([1, 2]);
    expect(Array.isArray(read(`[${"1,".repeat(30)}2]`))).toBe(true);
  });
  it("agrees with JSON.parse on everything that it reads", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, pretty) => {
      const text = JSON.stringify(value, null, pretty ? 1 : 0);
      const found = read(text);
      if (found !== undefined) expect(plain(found)).toEqual(JSON.parse(text));
    }));
  });
  it("takes nothing that JSON.parse does not take", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("[", "]", "{", "}", ",", ":", '"a"', "1", "-", ".", "01", "1.5", "e3", "null", "NaN", " ", "\\", "é", '"'), { maxLength: 14 }), (tokens) => {
      const text = tokens.join("");
      const found = read(text);
      if (found !== undefined) expect(plain(found)).toEqual(JSON.parse(text));
    }), { numRuns: 2000 });
  });
  it.each(["[[1,2,]]", "[[01]]", "[[1.]]", "[[.5]]", "[[-]]", "[[1 2]]", "[[1", "[[NaN]]", '{"__proto__":1}', '["\\n"]', '["é"]', "[1]x", "", "[".repeat(100) + "]".repeat(100)])("leaves %j to the other reader", (text) => {
    expect(read(text)).toBeUndefined();
  });
  it("leaves small bodies alone", () => {
    expect(readNumbersJson(Buffer.from("[1]"))).toBeUndefined();
  });
});
