// A table in SQLite.

import { DatabaseSync } from "node:sqlite";
import { batchError } from "../errors.ts";
import type { ColumnType } from "../output/typed-column.ts";
import { quoted, quotedPart } from "./address.ts";
import { lacking, RUNS, type SqlColumn, type SqlRows, type SqlTable } from "./sql-destination.ts";

const TYPES: Readonly<Record<ColumnType, string>> = { INT64: "integer", DOUBLE: "real", FLOAT: "real", BOOLEAN: "integer", STRING: "text" };

export class SqliteTable implements SqlTable {
  readonly #path: string;
  readonly #table: string;
  constructor(path: string, table: string) {
    this.#path = path;
    this.#table = table;
  }

  find(run: string): Promise<string | undefined> {
    return this.#opened((database) => {
      if (database.prepare("select name from sqlite_master where name = ?").get(RUNS) === undefined) return undefined;
      return database.prepare(`select note from ${RUNS} where run = ? and output = ?`).get(run, this.#table)?.["note"] as string | undefined;
    });
  }

  insert(run: string, note: string, columns: readonly SqlColumn[], parts: () => Iterable<SqlRows>, replace: boolean): Promise<void> {
    return this.#opened((database) => {
      database.exec("begin immediate");
      database.exec(`create table if not exists ${RUNS} (run text not null, output text not null, note text not null, at text not null default current_timestamp, primary key (run, output))`);
      if (replace) database.prepare(`delete from ${RUNS} where output = ?`).run(this.#table);
      if (database.prepare(`insert into ${RUNS} (run, output, note) values (?, ?, ?) on conflict do nothing`).run(run, this.#table, note).changes === 0) return;
      if (columns.length > 0) this.#fill(database, columns, parts, replace);
      database.exec("commit");
    });
  }

  #fill(database: DatabaseSync, columns: readonly SqlColumn[], parts: () => Iterable<SqlRows>, replace: boolean): void {
    const name = quoted(this.#table);
    database.exec(`create table if not exists ${name} (${columns.map((c) => `${quotedPart(c.name)} ${TYPES[c.type]}`).join(", ")})`);
    const have = new Set(database.prepare(`select name from pragma_table_info(?)`).all(this.#table).map((r) => String(r["name"])));
    const missing = columns.filter((c) => !have.has(c.name));
    if (missing.length > 0) throw lacking(this.#table, missing.map((c) => c.name));
    if (replace) database.exec(`delete from ${name}`);
    const statement = database.prepare(`insert into ${name} (${columns.map((c) => quotedPart(c.name)).join(", ")}) values (${columns.map(() => "?").join(", ")})`);
    for (const part of parts()) {
      for (let row = 0; row < part.rows; row++) {
        statement.run(...columns.map((_, c) => {
          const value = part.cell(row, c);
          return typeof value === "boolean" ? Number(value) : value;
        }));
      }
    }
  }

  /** What is not committed when it closes is rolled back. */
  async #opened<T>(work: (database: DatabaseSync) => T): Promise<T> {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(this.#path, { timeout: 10_000, enableDoubleQuotedStringLiterals: false });
      return await Promise.resolve(work(database));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_SQLITE_ERROR") throw error;
      throw batchError("batch-sql", `SQLite: ${(error as Error).message}`, { where: this.#path, cause: error });
    } finally {
      database?.close();
    }
  }
}
