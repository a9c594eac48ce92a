import { describe, expect, it } from "vitest";
import { lineOfRow } from "./row-line.ts";

describe("the line of a check file's row", () => {
  it("counts the header of CSV, blank lines, and ends of lines inside quotes", () => {
    const text = 'a,b\r\n1,"x\ny ""z"""\r\n\r\n2,w\n3,v';
    expect([0, 1, 2, 3].map((row) => lineOfRow(text, row))).toEqual([2, 5, 6, undefined]);
  });
  it("is the row's own line in JSON lines, and unknown in a list", () => {
    expect([0, 1].map((row) => lineOfRow('{"a": "\\""}\n\n{"a": 2}\n', row))).toEqual([1, 3]);
    expect(lineOfRow('[{"a": 1}]', 0)).toBeUndefined();
  });
});
