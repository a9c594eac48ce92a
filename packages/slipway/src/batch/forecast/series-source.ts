// The input of a forecast as shards: whole series, as many as memory has room for.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { reachOf, type Forecasting } from "@slipway/core/package";
import { openDuckDB, sqlText, type DuckDBConnection } from "../input/duckdb.ts";
import { localFiles } from "../input/local-files.ts";
import type { InputFile } from "../input/sources.ts";
import { spoolQuery } from "../input/tables.ts";
import { commitFile, putInPlace } from "../run/files.ts";
import type { Keep } from "../rows/columns.ts";
import { ROWS_PER_SHARD, type Source, type SourceWork } from "../run/source.ts";
import { keepHistory } from "./keep-history.ts";
import { tableOf, unread } from "./history-table.ts";
import { cutRows, cutSeries, type Cut } from "./cut-series.ts";
import { HISTORY, isRows, seriesPerShard, type SeriesShape, type StepsShape } from "./shape.ts";

export interface SeriesOptions {
  readonly forecast: Forecasting;
  /** Undefined: rows are told of, not series. */
  readonly steps: number | undefined;
  readonly keep: Keep;
  /** Files of what is known beforehand. */
  readonly future: readonly InputFile[];
  readonly query?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly threads: number;
  /** Series in a shard, as many as there is room for by default; of rows 65,536. */
  readonly shardRows?: number | undefined;
  /** So many series or rows, the first ones. */
  readonly limit?: number | undefined;
  /** Where it is kept. */
  readonly work: string;
}

/** That DuckDB may take to sort a history, and where it cannot: of many columns, or with many threads. */
const MEMORY_MB = 128;
const MORE_MEMORY_MB = 256;
/** How the history was kept. */
const SHAPE = "history.json";

/** Whether a history was kept there. */
export function isKept(work: string): boolean {
  return existsSync(join(work, HISTORY)) && existsSync(join(work, SHAPE));
}

/** @throws SlipwayError forecast-..., batch-input-..., batch-history-memory */
export async function seriesSource(options: SeriesOptions, found: readonly InputFile[]): Promise<Source> {
  try {
    return await sourceWithin(MEMORY_MB, options, found);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== "batch-history-memory") throw error;
    return sourceWithin(MORE_MEMORY_MB, options, found);
  }
}

async function sourceWithin(memoryMb: number, options: SeriesOptions, found: readonly InputFile[]): Promise<Source> {
  const { forecast, steps, keep, work, threads } = options;
  const path = join(work, HISTORY);
  const shapePath = join(work, SHAPE);
  const temporary = join(work, "tmp");
  const connection = await openDuckDB({ threads, memoryMb, temporary });
  try {
    if (!isKept(work)) {
      const history = await historyFiles(options, found);
      const future = await localFiles(options.future, true, work);
      const name = (files: readonly InputFile[], what: string): string => (files.length === 1 ? files[0]!.path : `${files.length} files of ${what}`);
      const shape = await keepHistory(connection, { forecast, horizon: steps, keep }, await tableOf(connection, history, options.delimiter, options.query === undefined && found[0]?.sql === undefined ? name(found, "--in") : "the query"),
        future.length === 0 ? undefined : await tableOf(connection, future, undefined, name(options.future, "--future")), `${path}.tmp`);
      commitFile(shapePath, Buffer.from(JSON.stringify(shape)));
      putInPlace(path);
    }
    const shape = JSON.parse(readFileSync(shapePath, "utf8")) as SeriesShape;
    const cutter = isRows(shape) ? cutRows(options.shardRows ?? ROWS_PER_SHARD, options.limit) : cutSeries(Math.min(options.shardRows ?? Infinity, seriesPerShard(reachOf(forecast), (shape as StepsShape).horizon, shape.values.length)), options.limit);
    const cuts = await cutsOf(connection, path, shape, cutter);
    const total = cuts.at(-1)?.to ?? 0;
    return { shape, total, most: Math.max(1, cuts.length), works: works() };
    async function* works(): AsyncGenerator<SourceWork> {
      for (const [shard, { from, to, ...more }] of cuts.entries()) yield { shard, file: path, from, to, end: to, ...more };
    }
  } finally {
    connection.closeSync();
  }
}

async function historyFiles({ query, threads, work }: SeriesOptions, found: readonly InputFile[]): Promise<readonly InputFile[]> {
  const sql = found[0]?.sql;
  if (query === undefined && sql === undefined) return localFiles(found, true, work);
  const spool = join(work, "input.parquet");
  if (!existsSync(spool)) {
    const temporary = join(work, "tmp");
    if (sql !== undefined) await (await import("../sql/read-sql.ts")).spoolSql(sql, query, undefined, `${spool}.tmp`, temporary);
    else await spoolQuery(await localFiles(found, true, work), query!, `${spool}.tmp`, temporary, threads);
    putInPlace(spool);
  }
  return [{ path: spool, format: "parquet", compression: "none", bytes: statSync(spool).size, modifiedMs: 0 }];
}

async function cutsOf(connection: DuckDBConnection, path: string, { keys }: SeriesShape, cutter: { readonly cuts: readonly Cut[]; add(from: number, rows: number): void }): Promise<readonly Cut[]> {
  const group = keys.length === 0 ? "" : ` GROUP BY ${keys.map((_, i) => `k${i}`).join(", ")} ORDER BY 1`;
  try {
    const result = await connection.stream(`SELECT CAST(min(file_row_number) AS DOUBLE), CAST(count(*) AS DOUBLE) FROM read_parquet(${sqlText(path)}, file_row_number = true)${group}`);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return cutter.cuts;
      for (const [from, rows] of chunk.getRows() as [number | null, number][]) if (from !== null) cutter.add(from, rows);
    }
  } catch (cause) {
    throw unread(path, cause);
  }
}
