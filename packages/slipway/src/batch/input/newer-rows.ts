// Of an input that grows, the rows beyond a watermark: a column's value that a run before saw last.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localFiles } from "./local-files.ts";
import { findInput, type InputFile, type InputFormat } from "./sources.ts";

export interface NewerRows {
  /** What is to be read: the input, or its database without the table, which the query names. */
  readonly input: readonly string[];
  /** What gives them; undefined: there are none. */
  readonly query: string | undefined;
  /** The highest value there is now: rows beyond it are left for the next time. */
  readonly watermark: string | null;
  /** Rows that have no value there, which are never taken. */
  readonly without: number;
}
export interface NewerOptions {
  readonly input: readonly string[];
  readonly format?: InputFormat | undefined;
  readonly query?: string | undefined;
  readonly column: string;
  /** Null takes all that have a value. */
  readonly after: string | null;
}

/** @throws SlipwayError batch-input-..., batch-source-..., batch-sql */
export async function newerRows(options: NewerOptions): Promise<NewerRows> {
  const files = options.input.length === 0 ? [] : await findInput(options.input, options.format);
  const work = mkdtempSync(join(tmpdir(), "slipway-newer-"));
  try {
    return await (files[0]?.sql === undefined ? inFiles(options, files, work) : inDatabase(options, files[0].sql, work));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// DuckDB and drivers are loaded where they are needed.
async function inFiles({ input, query, column, after }: NewerOptions, found: readonly InputFile[], work: string): Promise<NewerRows> {
  const [{ askInput }, { sqlName, sqlText }] = await Promise.all([import("./ask.ts"), import("./duckdb.ts")]);
  const files = await localFiles(found, true, work);
  const from = fromOf(query, "input");
  const name = sqlName(column);
  const [[type]] = (await askInput(files, `SELECT column_type FROM (DESCRIBE SELECT ${name} FROM ${from})`, 1)) as [[string]];
  const value = (text: string): string => `CAST(${sqlText(text)} AS ${type})`;
  const beyond = after === null ? `${name} IS NOT NULL` : `${name} > ${value(after)}`;
  const [[watermark, without]] = (await askInput(files, `SELECT CAST(max(${name}) FILTER (${beyond}) AS VARCHAR), CAST(count(*) FILTER (${name} IS NULL) AS DOUBLE) FROM ${from}`, 1)) as [[string | null, number]];
  return { input, query: watermark === null ? undefined : `SELECT * FROM ${from} WHERE ${beyond} AND ${name} <= ${value(watermark)}`, watermark, without };
}

/** In the database's own words: a text beside a column is read as the column's type, in each of them. */
async function inDatabase({ input, query, column, after }: NewerOptions, sql: NonNullable<InputFile["sql"]>, work: string): Promise<NewerRows> {
  const [{ askInput }, { sqlName, sqlText }, { spoolSql, queryOf }] = await Promise.all([import("./ask.ts"), import("./duckdb.ts"), import("../sql/read-sql.ts")]);
  const from = `(${queryOf(sql, query)}\n) AS asked`;
  const name = sqlName(column);
  const text = (of: string): string => `CAST(${of} AS ${sql.kind === "duckdb" ? "VARCHAR" : "text"})`;
  const beyond = after === null ? `${name} IS NOT NULL` : `${name} > ${sqlText(after)}`;
  const path = join(work, "asked.parquet");
  const database = { ...sql, table: undefined };
  await spoolSql(database, `SELECT ${text(`max(CASE WHEN ${beyond} THEN ${name} END)`)} AS watermark, ${text(`sum(CASE WHEN ${name} IS NULL THEN 1 ELSE 0 END)`)} AS without FROM ${from}`, undefined, path, work);
  const [[watermark, without]] = (await askInput([{ path, format: "parquet", compression: "none", bytes: 0, modifiedMs: 0 }], "SELECT watermark, CAST(without AS DOUBLE) FROM input", 1)) as [[string | null, number | null]];
  return {
    // The query says which table.
    input: [input[0]!.replace(/([?&])table=[^&]*&?/, "$1").replace(/[?&]$/, "")],
    query: watermark === null ? undefined : `SELECT * FROM ${from} WHERE ${beyond} AND ${name} <= ${sqlText(watermark)}`, watermark, without: without ?? 0,
  };
}

function fromOf(query: string | undefined, name: string): string {
  return query === undefined ? name : `(${query.replace(/;\s*$/, "")}\n) AS asked`;
}
