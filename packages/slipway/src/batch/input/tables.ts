// Parquet files as shards of rows; and SQL over the input's files, whose result is kept as Parquet beside the parts.

import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../errors.ts";
import { readParquetHead } from "../parquet/head.ts";
import { damaged, openDuckDB, readRows, sqlText, QUERY_HINT, type DuckDBConnection } from "./duckdb.ts";
import type { InputFile } from "./sources.ts";

export interface TableShard {
  readonly file: string;
  /** Rows of the file, from 0; `to` is behind the last. */
  readonly from: number;
  readonly to: number;
  /** Why the file cannot be read, in the place of its rows. */
  readonly broken?: string;
}
export interface TableFile {
  readonly path: string;
  readonly broken?: string;
}
export interface TableInput {
  readonly names: readonly string[];
  /** As DuckDB calls them. */
  readonly types: readonly string[];
  readonly shards: readonly TableShard[];
  readonly rows: number;
}

/** @throws SlipwayError batch-input-damaged, batch-input-columns */
export async function readTables(files: readonly TableFile[], rowsPerShard: number, temporary: string, skipBroken = false): Promise<TableInput> {
  let connection: DuckDBConnection | undefined;
  try {
    return await shardsOf(files, skipBroken, async ({ path }) => {
      const head = readParquetHead(path);
      if (head !== undefined && head.columns.every((c) => c.type !== undefined)) return { names: head.columns.map((c) => c.name), types: head.columns.map((c) => c.type!), cuts: cutsOf(head.groups.map((g) => g.rows), rowsPerShard), rows: head.rows };
      connection ??= await openDuckDB({ threads: 1, memoryMb: 128, temporary });
      const columns = await readRows(connection, `DESCRIBE SELECT * FROM read_parquet(${sqlText(path)})`, path);
      const groups = (await readRows(connection, `SELECT CAST(any_value(row_group_num_rows) AS DOUBLE) FROM parquet_metadata(${sqlText(path)}) GROUP BY row_group_id ORDER BY row_group_id`, path)).map(([rows]) => rows as number);
      return { names: columns.map(([name]) => String(name)), types: columns.map(([, type]) => String(type)), cuts: cutsOf(groups, rowsPerShard), rows: groups.reduce((a, b) => a + b, 0) };
    });
  } finally {
    connection?.closeSync();
  }
}

/** Where shards begin: about `wanted` rows each, at most twice as many, and whole groups where they are not larger, as what is packed together is unpacked together. */
export function cutsOf(groups: readonly number[], wanted: number): number[] {
  const cuts: number[] = [];
  let at = 0;
  let open = 0;
  for (const rows of groups) {
    if (open === 0 || open + rows > 2 * wanted) {
      const pieces = Math.ceil(rows / (2 * wanted));
      for (let i = 0; i < pieces; i++) cuts.push(at + Math.floor((rows * i) / pieces));
      open = pieces > 1 ? 0 : rows;
    } else open += rows;
    if (open >= wanted) open = 0;
    at += rows;
  }
  return cuts;
}

/** A file's columns, its rows, and where shards begin. */
interface TableHead {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly cuts: readonly number[];
  readonly rows: number;
}

/** `look`: at a file. @throws SlipwayError batch-input-damaged, batch-input-columns */
export async function shardsOf(files: readonly TableFile[], skipBroken: boolean, look: (file: TableFile) => Promise<TableHead> | TableHead): Promise<TableInput> {
  let first: TableHead | undefined;
  let total = 0;
  const shards: TableShard[] = [];
  for (const file of files) {
    const { path } = file;
    let head: TableHead | undefined;
    let { broken } = file;
    if (broken === undefined) {
      try {
        head = await look(file);
        if (first !== undefined) sameColumns(first.names, head.names, path);
      } catch (error) {
        if (!skipBroken || !(error instanceof SlipwayError)) throw error;
        broken = error.message;
      }
    }
    if (broken !== undefined || head === undefined) shards.push({ file: path, from: 0, to: 0, broken: broken ?? "" });
    else {
      first ??= head;
      const { cuts, rows } = head;
      cuts.forEach((from, i) => shards.push({ file: path, from, to: cuts[i + 1] ?? rows }));
      total += rows;
    }
  }
  if (first === undefined) throw batchError("batch-input-damaged", "not one file of the input can be read", { where: files[0]?.path });
  return { names: first.names, types: first.types, shards, rows: total };
}

/** @throws SlipwayError batch-input-columns */
export function sameColumns(first: readonly string[], found: readonly string[], path: string): void {
  if (found.join("\0") === first.join("\0")) return;
  throw batchError("batch-input-columns", `${path} has other columns than the first file`, { where: path, hint: `The first file has ${first.slice(0, 40).join(", ")}; this one has ${found.slice(0, 40).join(", ")}.` });
}

/** `query`: SQL in which `input` names the files' rows. Writes its result to `path`, whole or not at all. */
export async function spoolQuery(files: readonly InputFile[], query: string, path: string, temporary: string, threads: number): Promise<void> {
  const connection = await openDuckDB({ threads, memoryMb: 256, temporary });
  try {
    if (files.length > 0) await connection.run(`CREATE VIEW input AS SELECT * FROM ${scan(files)}`);
    await connection.run(`COPY (${query.replace(/;\s*$/, "")}) TO ${sqlText(path)} (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
  } catch (cause) {
    throw damaged("the query", cause, QUERY_HINT);
  } finally {
    connection.closeSync();
  }
}

export function scan(files: readonly InputFile[]): string {
  const list = `[${files.map((f) => sqlText(f.path)).join(", ")}]`;
  switch (files[0]!.format) {
    case "csv": return `read_csv(${list})`;
    case "tsv": return `read_csv(${list}, delim = '\t')`;
    case "jsonl": return `read_json(${list}, format = 'newline_delimited')`;
    case "json": return `read_json(${list}, format = 'array')`;
    case "parquet": return `read_parquet(${list})`;
    case "arrow": case "image": throw batchError("batch-input-format", `${files[0]!.format === "arrow" ? "Arrow files" : "images"} cannot be asked with SQL`, { hint: "SQL is for CSV, JSON and Parquet." });
  }
}
