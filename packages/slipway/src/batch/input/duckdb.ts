// DuckDB (https://duckdb.org), inside this process: Parquet, joins of parts and SQL over files. It reaches nothing that was
// not named: no extension is loaded or fetched, and no settings of the user's are read.

import type { DuckDBConnection } from "@duckdb/node-api";
import { batchError } from "../errors.ts";

export type { DuckDBConnection } from "@duckdb/node-api";

export interface DuckOptions {
  readonly threads: number;
  /** Of its buffers; what is beyond goes to the temporary folder. */
  readonly memoryMb: number;
  readonly temporary: string;
}

/** Loaded where it is used: images hold it where they are made `--with duckdb`, and rows of CSV and JSON lines need it nowhere. @throws batch-duckdb */
export async function loadDuckDB(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw batchError("batch-duckdb", "DuckDB is not here, and --query, databases and Parquet of unusual columns or encodings need it", { hint: "Take CSV, JSON lines or Arrow; make the image with it: slipway image --with duckdb; or run the batch from an installation: npm install slipway.", cause });
  }
}

/** @throws batch-duckdb */
export async function openDuckDB({ threads, memoryMb, temporary }: DuckOptions): Promise<DuckDBConnection> {
  const { DuckDBInstance } = await loadDuckDB();
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(threads), memory_limit: `${memoryMb}MB`, temp_directory: temporary, autoinstall_known_extensions: "false", autoload_known_extensions: "false", preserve_insertion_order: "true",
  });
  return instance.connect();
}

/** A text in SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** @throws SlipwayError batch-input-damaged */
export async function readRows(connection: DuckDBConnection, sql: string, where: string, hint?: string): Promise<readonly (readonly unknown[])[]> {
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } catch (cause) {
    throw damaged(where, cause, hint);
  }
}

export const QUERY_HINT = "The query is DuckDB's SQL; it calls the rows of the files `input`.";

export function damaged(where: string, cause: unknown, hint?: string): Error {
  return batchError("batch-input-damaged", `${where} cannot be read: ${(cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!.slice(0, 400)}`, { where, hint, cause });
}
