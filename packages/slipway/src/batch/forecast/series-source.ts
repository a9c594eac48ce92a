// The input of a forecast as shards: whole series, as many as memory has room for.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { reachOf, type Forecasting } from "@slipway/core/package";
import { openDuckDB, sqlText, type DuckDBConnection } from "../input/duckdb.ts";
import { localFiles } from "../input/local-files.ts";
import type { InputFile } from "../input/sources.ts";
import { spoolQuery } from "../input/tables.ts";
import { commitFile, putInPlace } from "../run/files.ts";
import type { Keep } from "../rows/columns.ts";
import type { Source, SourceWork } from "../run/source.ts";
import { keepHistory } from "./keep-history.ts";
import { tableOf, unread } from "./history-table.ts";
import { HISTORY, seriesPerShard, type SeriesShape } from "./shape.ts";

export interface SeriesOptions {
  readonly forecast: Forecasting;
  readonly steps: number;
  readonly keep: Keep;
  /** Files of what is known beforehand. */
  readonly future: readonly InputFile[];
  readonly query?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly threads: number;
  /** Series in a shard; as many as there is room for by default. */
  readonly shardRows?: number | undefined;
  /** So many series, the first ones. */
  readonly limit?: number | undefined;
  /** Where it is kept. */
  readonly work: string;
}

const MEMORY_MB = 192;
/** How the history was kept. */
const SHAPE = "history.json";
/** Of its rows, in a shard: a part of one that is stopped is made again from its beginning. */
const ROWS_OF_SHARD = 2 ** 21;

/** @throws SlipwayError forecast-..., batch-input-... */
export async function seriesSource(options: SeriesOptions, found: readonly InputFile[]): Promise<Source> {
  const { forecast, steps, keep, work, threads } = options;
  const path = join(work, HISTORY);
  const shapePath = join(work, SHAPE);
  const temporary = join(work, "tmp");
  const connection = await openDuckDB({ threads, memoryMb: MEMORY_MB, temporary });
  try {
    if (!existsSync(path) || !existsSync(shapePath)) {
      const history = await historyFiles(options, found);
      const future = await localFiles(options.future, true, work);
      const name = (files: readonly InputFile[], what: string): string => (files.length === 1 ? files[0]!.path : `${files.length} files of ${what}`);
      const shape = await keepHistory(connection, { forecast, horizon: steps, keep }, await tableOf(connection, history, options.delimiter, options.query === undefined && found[0]?.sql === undefined ? name(found, "--in") : "the query"),
        future.length === 0 ? undefined : await tableOf(connection, future, undefined, name(options.future, "--future")), `${path}.tmp`);
      commitFile(shapePath, Buffer.from(JSON.stringify(shape)));
      putInPlace(path);
    }
    const shape = JSON.parse(readFileSync(shapePath, "utf8")) as SeriesShape;
    const most = Math.min(options.shardRows ?? Infinity, seriesPerShard(reachOf(forecast), shape.horizon, shape.values.length));
    const cuts = await cutsOf(connection, path, shape, most, options.limit);
    const total = cuts.at(-1)?.to ?? 0;
    return { shape, total, most: Math.max(1, cuts.length), works: works() };
    async function* works(): AsyncGenerator<SourceWork> {
      for (const [shard, { from, to, series }] of cuts.entries()) yield { shard, file: path, from, to, end: to, records: series };
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

interface Cut {
  readonly from: number;
  to: number;
  series: number;
}

/** Whole series: `most` of them, or so many rows. */
async function cutsOf(connection: DuckDBConnection, path: string, { keys }: SeriesShape, most: number, limit = Infinity): Promise<Cut[]> {
  const group = keys.length === 0 ? "" : ` GROUP BY ${keys.map((_, i) => `k${i}`).join(", ")} ORDER BY 1`;
  const cuts: Cut[] = [];
  try {
    const result = await connection.stream(`SELECT CAST(min(file_row_number) AS DOUBLE), CAST(count(*) AS DOUBLE) FROM read_parquet(${sqlText(path)}, file_row_number = true)${group}`);
    let taken = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      for (const [from, rows] of chunk.getRows() as [number | null, number][]) {
        if (from === null || taken === limit) continue;
        const last = cuts.at(-1);
        if (last === undefined || last.series === most || from + rows - last.from > ROWS_OF_SHARD) cuts.push({ from, to: from + rows, series: 1 });
        else {
          last.to = from + rows;
          last.series++;
        }
        taken++;
      }
    }
  } catch (cause) {
    throw unread(path, cause);
  }
  return cuts;
}
