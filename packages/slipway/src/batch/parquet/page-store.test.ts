// What our own reader finds is what DuckDB finds, in files of three writers; what is damaged is refused by a code.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { openDuckDB, sqlText } from "../input/duckdb.ts";
import { parquetFile } from "../output/parquet-file.ts";
import { TypedColumn } from "../output/typed-column.ts";
import { openByDuckDB } from "../rows/parquet-store.ts";
import type { ColumnWish, TableStore } from "../rows/table-store.ts";
import { readParquetHead } from "./head.ts";
import { PageStore } from "./page-store.ts";

const FIXTURES = fileURLToPath(new URL("./fixtures/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-pages-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const AS: Readonly<Record<string, ColumnWish["as"]>> = { VARCHAR: "text", BOOLEAN: "value", BIGINT: "int64", INTEGER: "int64" };
const wishesOf = (path: string): ColumnWish[] => readParquetHead(path)!.columns.map(({ name, type }) => ({ name, type: type!, as: AS[type!] ?? "double" }));
const own = (wishes: readonly ColumnWish[]): TableStore => new PageStore(wishes, () => Promise.reject(new Error("it is left to DuckDB")));

async function found(store: TableStore, wishes: readonly ColumnWish[], path: string, from: number, to: number): Promise<unknown[][]> {
  const columns: unknown[][] = wishes.map(() => []);
  for await (const part of store.read(path, from, to)) {
    part.columns.forEach((column, c) => {
      for (let row = 0; row < part.rows; row++) columns[c]!.push(wishes[c]!.as === "text" ? column.text(row) : column.value(row));
    });
  }
  return columns;
}
async function sameAsDuckDB(path: string, ranges: readonly (readonly [number, number])[]): Promise<void> {
  const wishes = wishesOf(path);
  const [ours, duck] = [own(wishes), await openByDuckDB(wishes, at("tmp"))];
  for (const [from, to] of ranges) {
    const [a, b] = [await found(ours, wishes, path, from, to), await found(duck, wishes, path, from, to)];
    a.forEach((column, c) => {
      expect(column.length, wishes[c]!.name).toBe(to - from);
      column.forEach((value, row) => {
        if (!Object.is(value, b[c]![row])) throw new Error(`${wishes[c]!.name}, row ${from + row}: ${String(value)} for ${String(b[c]![row])}`);
      });
    });
  }
}

describe("pages of Parquet", () => {
  it.each(["uncompressed", "snappy", "zstd", "gzip"])("by DuckDB are read as DuckDB reads them: %s", async (codec) => {
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT i AS id, CASE WHEN i % 7 > 0 THEN sin(i) END AS d, (i % 5)::DOUBLE AS few, cos(i)::FLOAT AS f, CASE WHEN i % 3 > 0 THEN (i % 100 - 50)::INTEGER END AS n, (i % 200)::UTINYINT AS u,
      CASE WHEN i % 4 > 0 THEN i % 3 = 0 END AS b, CASE WHEN i % 11 > 0 THEN 'wörd ' || (i % 13) END AS s, 'row ' || i || repeat('x', (i % 70)::INT) AS t, NULL::DOUBLE AS none FROM range(12000) r(i)) TO ${sqlText(at(`${codec}.parquet`))} (FORMAT parquet, CODEC ${codec}, ROW_GROUP_SIZE 4096)`);
    duck.closeSync();
    await sameAsDuckDB(at(`${codec}.parquet`), [[0, 12_000], [4000, 4200], [8191, 8193], [11_999, 12_000]]);
  });
  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith(".parquet")))("by pyarrow are read as DuckDB reads them: %s", (name) => sameAsDuckDB(join(FIXTURES, name), [[0, 900], [490, 510]]));
  it("by ourselves, and of a file that only DuckDB reads nothing is told", async () => {
    const columns = [new TypedColumn("d", "DOUBLE"), new TypedColumn("s", "STRING"), new TypedColumn("b", "BOOLEAN")];
    for (let i = 0; i < 40_000; i++) [i % 9 === 0 ? null : i / 7, i % 5 === 0 ? null : `text ${i % 300}`, i % 4 === 0].forEach((value, c) => columns[c]!.push(value));
    writeFileSync(at("own.parquet"), parquetFile(columns));
    await sameAsDuckDB(at("own.parquet"), [[0, 40_000], [16_380, 16_390]]);
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT [1, 2] AS list, 1 AS id) TO ${sqlText(at("nested.parquet"))} (FORMAT parquet)`);
    await duck.run(`COPY (SELECT DATE '2020-01-01' AS day, 1.5 AS price, 7 AS id) TO ${sqlText(at("typed.parquet"))} (FORMAT parquet)`);
    duck.closeSync();
    expect(readParquetHead(at("nested.parquet"))).toBeUndefined();
    mkdirSync(at("year=2026"));
    copyFileSync(at("typed.parquet"), at("year=2026/typed.parquet"));
    expect(readParquetHead(at("year=2026/typed.parquet"))).toBeUndefined();
    expect(readParquetHead(at("typed.parquet"))!.columns.map((c) => c.type)).toEqual([undefined, undefined, "INTEGER"]);
    expect(await found(own([{ name: "id", type: "INTEGER", as: "double" }]), [{ name: "id", type: "INTEGER", as: "double" }], at("typed.parquet"), 0, 1)).toEqual([[7]]);
    const day = [{ name: "day", type: "DATE", as: "text" } as const];
    await expect(found(own(day), day, at("typed.parquet"), 0, 1)).rejects.toThrow("it is left to DuckDB");
  });
  it("that are damaged are refused by a code", async () => {
    const whole = readFileSync(at("snappy.parquet"));
    const wishes = wishesOf(at("snappy.parquet"));
    const path = at("changed.parquet");
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }), async (changes) => {
      const bytes = Buffer.from(whole);
      for (const [place, value] of changes) bytes[place] = value;
      writeFileSync(path, bytes);
      const result = await found(own(wishes), wishes, path, 0, 12_000).catch((error: Error & { code?: string }) => error);
      if (result instanceof Error) expect([(result as { code?: string }).code === "batch-input-damaged" || result.message === "it is left to DuckDB", result.message]).toEqual([true, result.message]);
    }), { numRuns: 150 });
  });
});
