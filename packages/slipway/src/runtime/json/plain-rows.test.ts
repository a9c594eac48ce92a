import fc from "fast-check";
import type { Signature } from "@slipway/core/package";
import { Encoder, planColumns, readInput, type Batch } from "@slipway/core/predict";
import { describe, expect, it } from "vitest";
import { parseJson } from "./parse-json.ts";
import { PlainRows } from "./plain-rows.ts";
import { columnsModel, matrixModel, textModel } from "../testing.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

/** As every other request is read. */
function otherwise(text: string, signature: Signature): Batch | undefined {
  try {
    return new Encoder(signature).encode(readInput(parseJson(text), signature)).batch;
  } catch {
    return undefined;
  }
}
const plainRows = (signature: Signature): PlainRows => new PlainRows(planColumns(signature));
const SIGNATURES: readonly Signature[] = [columnsModel().signature, matrixModel().signature, textModel().signature];

describe("plain rows in JSON", () => {
  it("are read without their objects", () => {
    const [columns, matrix, text] = SIGNATURES.map(plainRows);
    const record = { age: 1.5, plan: "pro", member: true, note: null };
    expect(columns!.read(bytes(JSON.stringify([record])))).toEqual(otherwise(JSON.stringify([record]), SIGNATURES[0]!));
    expect(columns!.read(bytes(JSON.stringify([record])))).toBeDefined();
    expect(matrix!.read(bytes("[[1,2.5,-3e2] , [0.1,0.30000000000000004,12345678901234567890]]"))).toEqual({ rows: 2, numbers: new Float64Array([1, 2.5, -300, 0.1, 0.30000000000000004, 12345678901234567890]), strings: [] });
    expect(text!.read(bytes('["one", "two words"]'))).toEqual(otherwise('["one","two words"]', SIGNATURES[2]!));
  });
  it("may have their columns in any order that stays, and are read in that order from then on", () => {
    const plain = plainRows(SIGNATURES[0]!);
    const names = ["age", "plan", "member", "note", "unused"];
    const values: Readonly<Record<string, unknown>> = { age: 3, plan: "basic", member: 1, note: "a long note that is longer than what is kept", unused: "anything" };
    const record = (order: readonly string[]): Record<string, unknown> => Object.fromEntries(order.map((n) => [n, values[n]]));
    const reversed = JSON.stringify(Array.from({ length: 200 }, () => record(names.toReversed())));
    expect(plain.read(bytes(reversed))).toEqual(otherwise(reversed, SIGNATURES[0]!));
    expect(plain.read(bytes(reversed))).toBeDefined();
    expect(plain.read(bytes(JSON.stringify([record(names), record(names.toReversed())])))).toBeUndefined();
  });
  it.each(["", "[", "[]", "{}", "1", "null", "[[1,2]]", "[[1,2,3,4]]", "[[1,2,3]", "[[1,2,3]]x", "[[1,2,3],]", "[[1,2,03]]", "[[1,2,.5]]", "[[1,2,5.]]", "[[1,2,1e]]", "[[1,2,+1]]", "[[1,2,-]]", "[[1,2,NaN]]", "[[1,2,nulls]]", '[[1,2,"a"]]', "[[1,2,[3]]]", "[[1,2,1e999]]"])("leave %s to the reader that explains", (text) => {
    expect(plainRows(SIGNATURES[1]!).read(bytes(text))).toBeUndefined();
  });
  it("are what other readers make of them, or are left to these", () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)), fc.integer().map(String), fc.constantFrom("0", "1"), fc.constantFrom("-0", "0.0", "1E5", "123456789012345", "1234567890123456", "0.000001", "9007199254740993", "1e-320", "1.7976931348623157e308", "null", "true", '"7"', "NaN", "01"));
    const text = fc.oneof(fc.constantFrom('"pro"', '"basic"', '"pro"', '""', "null", '"\\u0061"', "3", '"é"'), fc.string({ maxLength: 40 }).map((s) => JSON.stringify(s)));
    const space = fc.constantFrom("", "", "", " ", "\n", "\t ");
    let read = 0;
    fc.assert(fc.property(fc.nat({ max: 2 }), fc.array(fc.record({ numbers: fc.array(number, { minLength: 12, maxLength: 12 }), texts: fc.array(text, { minLength: 12, maxLength: 12 }) }), { minLength: 1, maxLength: 6 }), fc.boolean(), fc.boolean(), space, fc.option(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), put: fc.constantFrom("", ",", "]", "{", '"', "1", " ", "x") }), { freq: 4 }), (which, rows, lists, turned, pad, damage) => {
      const signature = SIGNATURES[which]!;
      const columns = turned ? signature.columns.toReversed() : signature.columns;
      const cell = (row: { numbers: string[]; texts: string[] }, i: number): string => (columns[i]!.type === "string" ? row.texts[i % 12]! : row.numbers[i % 12]!);
      let json = `[${rows.map((row) => (signature.layout === "text" && lists ? cell(row, 0) : lists ? `[${pad}${columns.map((_, i) => cell(row, i)).join(`,${pad}`)}]` : `{${columns.map((c, i) => `${pad}${JSON.stringify(c.name)}${pad}:${pad}${cell(row, i)}`).join(`${pad},`)}}`)).join(`${pad},`)}${pad}]`;
      if (damage !== null) {
        const at = Math.floor(damage.at * json.length);
        json = json.slice(0, at) + damage.put + json.slice(at + (damage.put === "" ? 1 : 0));
      }
      const found = plainRows(signature).read(bytes(json));
      if (found === undefined) return;
      read++;
      expect(found).toEqual(otherwise(json, signature));
    }), { numRuns: 2000 });
    expect(read).toBeGreaterThan(100);
  });
});
