// What DuckDB says of an input's files, before a run.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDuckDB, readRows, QUERY_HINT } from "./duckdb.ts";
import type { InputFile } from "./sources.ts";
import { scan } from "./tables.ts";

/** The rows of `sql`, which calls the files' rows `input`. @throws SlipwayError batch-input-damaged */
export async function askInput(files: readonly InputFile[], sql: string, threads: number): Promise<readonly (readonly unknown[])[]> {
  const temporary = mkdtempSync(join(tmpdir(), "slipway-ask-"));
  try {
    const connection = await openDuckDB({ threads, memoryMb: 256, temporary });
    try {
      if (files.length > 0) await readRows(connection, `CREATE VIEW input AS SELECT * FROM ${scan(files)}`, "the input");
      return await readRows(connection, sql, "the query", QUERY_HINT);
    } finally {
      connection.closeSync();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
