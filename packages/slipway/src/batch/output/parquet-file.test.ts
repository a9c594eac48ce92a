// What is written is what two other readers find: hyparquet and DuckDB.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { afterAll, describe, expect, it } from "vitest";
import { parquetCompressors } from "../../server/decoding/index.ts";
import { openDuckDB, readRows, sqlText } from "../input/duckdb.ts";
import { joinParquet, parquetFile } from "./parquet-file.ts";
import { TypedColumn, type Cell } from "./typed-column.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-parquet-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Row = { readonly d: number | null; readonly i: bigint | null; readonly b: boolean | null; readonly s: string | null };
const TYPES = { d: "DOUBLE", i: "INT64", b: "BOOLEAN", s: "STRING" } as const;
const names = ["d", "i", "b", "s"] as const;
const file = (rows: readonly Row[], columns = names.map((name) => new TypedColumn(name, TYPES[name]))): Uint8Array => {
  for (const column of columns) column.clear();
  for (const row of rows) columns.forEach((column, c) => column.push(row[names[c]!]));
  return parquetFile(columns);
};
const row = fc.record({
  d: fc.option(fc.double({ noNaN: true }), { nil: null }), i: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: null }), b: fc.option(fc.boolean(), { nil: null }), s: fc.option(fc.string({ unit: "binary" }), { nil: null }),
});
const same = (a: Cell | undefined, b: Cell): boolean => Object.is(a, b) || a === b;

describe("columns that grow", () => {
  it("take many values at once as they take them one by one", () => {
    const texts = () => new TypedColumn("s", "STRING");
    const [once, singly] = [texts(), texts()];
    for (const [word, count] of [["first", 3], ["", 2], ["né", 10_000], ["x".repeat(300), 1]] as const) {
      once.pushRepeated(Buffer.from(word), count);
      for (let i = 0; i < count; i++) singly.push(word);
    }
    once.pushRepeated(Buffer.from("none"), 0);
    expect(once.length).toBe(singly.length);
    expect(once.plainTexts(0, once.length).equals(singly.plainTexts(0, singly.length))).toBe(true);
    expect([once.cell(0), once.cell(4), once.cell(10_004), once.cell(10_005)]).toEqual(["first", "", "né", "x".repeat(300)]);
    const whole = new TypedColumn("i", "INT64");
    whole.push(null);
    whole.pushNumbers(BigInt64Array.of(1n, 2n, 3n, 2n ** 62n), 1, 1, 3);
    expect([0, 1, 2, 3].map((i) => whole.cell(i))).toEqual([null, 2n, 3n, 2n ** 62n]);
    const numbers = new TypedColumn("d", "DOUBLE");
    numbers.pushNumbers(Float32Array.of(1, 2, 3, 4, 5, 6), 1, 2, 3);
    expect([0, 1, 2].map((i) => numbers.cell(i))).toEqual([2, 4, 6]);
  });
});

describe("Parquet files", () => {
  it("hold every value, missing ones too, in parts and put together", async () => {
    const columns = names.map((name) => new TypedColumn(name, TYPES[name]));
    await fc.assert(fc.asyncProperty(fc.array(fc.array(row, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 3 }), async (parts) => {
      const paths = parts.map((rows, i) => {
        writeFileSync(join(folder, `${i}.parquet`), file(rows, columns));
        return join(folder, `${i}.parquet`);
      });
      const whole = Buffer.concat([...joinParquet(paths)]);
      const found = await parquetReadObjects({ file: new Uint8Array(whole).buffer, compressors: parquetCompressors() }) as Row[];
      const expected = parts.flat();
      expect(found).toHaveLength(expected.length);
      expected.forEach((r, at) => names.forEach((name) => {
        if (!same(found[at]![name], r[name])) throw new Error(`row ${at}, ${name}: ${String(found[at]![name])} for ${String(r[name])}`);
      }));
    }), { numRuns: 60 });
  });
  it("are read by DuckDB, with pages and row groups of many rows", async () => {
    const rows = Array.from({ length: 40_000 }, (_, k): Row => ({ d: k % 5 === 0 ? null : k / 3, i: k % 7 === 0 ? null : BigInt(k), b: k % 3 === 0 ? null : k % 2 === 0, s: k % 11 === 0 ? null : `tëxt ${k}` }));
    writeFileSync(join(folder, "a.parquet"), file(rows.slice(0, 39_000)));
    writeFileSync(join(folder, "b.parquet"), file(rows.slice(39_000)));
    writeFileSync(join(folder, "all.parquet"), Buffer.concat([...joinParquet([join(folder, "a.parquet"), join(folder, "b.parquet")])]));
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: join(folder, "tmp") });
    const found = await readRows(duck, `SELECT * FROM read_parquet(${sqlText(join(folder, "all.parquet"))})`, "all");
    expect(found).toEqual(rows.map((r) => [r.d, r.i, r.b, r.s]));
    duck.closeSync();
  });
});
