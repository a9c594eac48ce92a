// Of an input that grows, the rows beyond a watermark: a column's value that a run before saw last.

import { findInput, type InputFormat } from "./sources.ts";

export interface NewerRows {
  /** What gives them, over the same input; undefined: there are none. */
  readonly query: string | undefined;
  /** The highest value there is now: rows beyond it are left for the next time. */
  readonly watermark: string | null;
  /** Rows that have no value there, which are never taken. */
  readonly without: number;
}

/** `after`: null takes all that have a value. @throws SlipwayError batch-input-... */
export async function newerRows(options: { readonly input: readonly string[]; readonly format?: InputFormat | undefined; readonly query?: string | undefined; readonly column: string; readonly after: string | null }): Promise<NewerRows> {
  // DuckDB is loaded where it is needed.
  const [{ askInput }, { sqlName, sqlText }] = await Promise.all([import("./ask.ts"), import("./duckdb.ts")]);
  const { input, format, query, after } = options;
  const files = input.length === 0 ? [] : await findInput(input, format);
  const from = query === undefined ? "input" : `(${query.replace(/;\s*$/, "")}\n) AS asked`;
  const column = sqlName(options.column);
  const [[type]] = (await askInput(files, `SELECT column_type FROM (DESCRIBE SELECT ${column} FROM ${from})`, 1)) as [[string]];
  const beyond = after === null ? `${column} IS NOT NULL` : `${column} > CAST(${sqlText(after)} AS ${type})`;
  const [[watermark, without]] = (await askInput(files, `SELECT CAST(max(${column}) FILTER (${beyond}) AS VARCHAR), CAST(count(*) FILTER (${column} IS NULL) AS DOUBLE) FROM ${from}`, 1)) as [[string | null, number]];
  return { query: watermark === null ? undefined : `SELECT * FROM ${from} WHERE ${beyond} AND ${column} <= CAST(${sqlText(watermark)} AS ${type})`, watermark, without };
}
