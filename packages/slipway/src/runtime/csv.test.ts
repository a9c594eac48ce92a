import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "@slipway/core/base";
import { CsvReader, readCsv, type CsvField } from "./csv.ts";
import { columnsModel, matrixModel, textModel } from "./testing.ts";

function read(text: string, pieces: readonly number[] = []): CsvField[][] {
  const rows: CsvField[][] = [];
  const reader = new CsvReader((fields) => rows.push(fields));
  let at = 0;
  for (const piece of pieces) {
    reader.push(text.slice(at, at + piece));
    at += piece;
  }
  reader.push(text.slice(at));
  reader.end();
  return rows;
}

describe("CsvReader", () => {
  it.each<[string, CsvField[][]]>([
    ["a,b\n1,2\n", [["a", "b"], ["1", "2"]]],
    ["a,b\r\n1,2", [["a", "b"], ["1", "2"]]],
    ["\ufeffa;b\n1,5;2\n", [["a", "b"], ["1,5", "2"]]],
    ["a\tb\n\t\n", [["a", "b"], [null, null]]],
    ['a,b\n"x, ""y""\nz",""\n', [["a", "b"], ['x, "y"\nz', ""]]],
    ["a,b\n1,\n,\n\n3,4", [["a", "b"], ["1", null], [null, null], ["3", "4"]]],
    ["a\n\n1\r\r2", [["a"], ["1"], ["2"]]],
    ['a\n"1" \n', [["a"], ["1"]]],
    ["", []],
  ])("reads %j", (text, rows) => expect(read(text)).toEqual(rows));
  it.each(['a\n"1', 'a\n"1"2', 'a\n1"2'])("refuses %j with its line", (text) => {
    expect(() => read(text)).toThrow(/line 2/);
  });
  it("reads what it is given back, in pieces of any size", () => {
    const field = fc.option(fc.string({ unit: fc.constantFrom("a", ",", ";", '"', "\n", "\r", " ", "é", "\t") }), { nil: null });
    fc.assert(fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), fc.array(fc.nat(5)), (rows, pieces) => {
      const text = `h,h\r\n${rows.map((row) => row.map((f) => (f === null ? "" : `"${f.replaceAll('"', '""')}"`)).join(",")).join("\r\n")}`;
      expect(read(text, pieces)).toEqual([["h", "h"], ...rows]);
    }));
  });
  it("never throws anything without a code", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("a", ",", ";", '"', "\n", "\r", "1") }), (text) => {
      try {
        read(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }), { numRuns: 500 });
  });
});

describe("readCsv", () => {
  it("takes a matrix without a header, and one text a line whatever its header", () => {
    expect(readCsv("1,2,3\n4,5,6\n", matrixModel().signature)).toEqual({ kind: "rows", rows: [["1", "2", "3"], ["4", "5", "6"]], source: "csv" });
    expect(readCsv("message\nhello\n", textModel().signature)).toMatchObject({ columns: { text: ["hello"] } });
  });
  it.each([["", "is empty"], ["age,plan\n1\n", "line 2 has 1 fields"], ["x,y\n1,2\n", "names none of the model's columns"], ["age,age\n1,2\n", "twice"], ["age,plan\n", "no rows"]])("%j: %s", (text, message) => {
    expect(() => readCsv(text, columnsModel().signature)).toThrow(message);
  });
});
