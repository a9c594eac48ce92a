// What a query gives in a database elsewhere, kept beside the parts before anything is scored: the rows of one moment, in one
// order, whatever happens to the database meanwhile. So a run that is gone on with sees the same rows.

import { existsSync } from "node:fs";
import { damaged, openDuckDB, sqlText } from "../input/duckdb.ts";
import { batchError } from "../errors.ts";
import { quoted, type SqlAddress } from "./address.ts";

/** @throws SlipwayError batch-source-address */
export function queryOf({ kind, table, shown }: SqlAddress, query: string | undefined): string {
  if ((query === undefined) === (table === undefined)) throw batchError("batch-source-address", `${shown}: ${query === undefined ? "which rows are to be scored?" : "--query and ?table= say twice which rows are meant"}`, { hint: `Give --query "SELECT ..." (in the words of ${kind === "postgres" ? "Postgres" : kind === "sqlite" ? "SQLite" : "DuckDB"}), or ?table=NAME in the address.` });
  return query === undefined ? `select * from ${quoted(table!)}` : query.replace(/;\s*$/, "");
}

/** Writes `path`, as Parquet. @throws SlipwayError batch-sql, batch-input-missing, database-... */
export async function spoolSql(source: SqlAddress, query: string | undefined, limit: number | undefined, path: string, temporary: string): Promise<void> {
  const sql = queryOf(source, query);
  switch (source.kind) {
    case "postgres": return (await import("./read-postgres.ts")).readPostgres(source.database, sql, limit, path);
    case "sqlite": return (await import("./read-sqlite.ts")).readSqlite(source.database, sql, limit, path);
    case "duckdb": return readDuckDB(source.database, sql, limit, path, temporary);
  }
}

async function readDuckDB(file: string, query: string, limit: number | undefined, path: string, temporary: string): Promise<void> {
  if (!existsSync(file)) throw batchError("batch-input-missing", `there is no file ${JSON.stringify(file)}`, { where: file });
  const connection = await openDuckDB({ threads: 1, memoryMb: 256, temporary });
  try {
    await connection.run(`ATTACH ${sqlText(file)} AS slipway_source (READ_ONLY)`);
    await connection.run("USE slipway_source");
    await connection.run(`COPY (SELECT * FROM (${query})${limit === undefined ? "" : ` LIMIT ${limit}`}) TO ${sqlText(path)} (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
  } catch (cause) {
    throw damaged(file, cause);
  } finally {
    connection.closeSync();
  }
}
