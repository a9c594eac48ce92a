// What a query gives in SQLite, whose columns hold anything: the rows are gone through twice in one transaction, first for what
// types there are. The file is opened to be read only.

import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { batchError } from "../errors.ts";
import type { ColumnType } from "../output/typed-column.ts";
import { ParquetSpool, SPOOL_ROWS } from "./parquet-spool.ts";

type Cell = null | number | bigint | string | Uint8Array;

/** Writes Parquet. @throws SlipwayError batch-sql, batch-input-missing */
export function readSqlite(file: string, query: string, limit: number | undefined, path: string): void {
  if (!existsSync(file)) throw batchError("batch-input-missing", `there is no file ${JSON.stringify(file)}`, { where: file });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5000, enableDoubleQuotedStringLiterals: false });
    database.exec("begin");
    const statement = database.prepare(query);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const names = statement.columns().map((c) => c.name);
    const rows = (): Iterable<Cell[]> => first(statement.iterate() as unknown as Iterable<Cell[]>, limit ?? Infinity);
    const types = typesOf(names, rows());
    const spool = new ParquetSpool(path, names.map((name, i) => ({ name, type: types[i]! })));
    let held: Cell[][] = [];
    const put = (): void => {
      spool.add(held.length, (row, column) => cellOf(held[row]![column]!, types[column]!));
      held = [];
    };
    for (const row of rows()) {
      held.push(row);
      if (held.length === SPOOL_ROWS) put();
    }
    put();
    spool.end();
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_SQLITE_ERROR") throw error;
    throw batchError("batch-sql", `SQLite: ${(error as Error).message}`, { where: file, cause: error });
  } finally {
    database?.close();
  }
}

function* first(rows: Iterable<Cell[]>, count: number): Generator<Cell[]> {
  let left = count;
  for (const row of rows) {
    if (left-- <= 0) return;
    yield row;
  }
}

/** Whole numbers, numbers, or texts where there is anything else. */
function typesOf(names: readonly string[], rows: Iterable<Cell[]>): ColumnType[] {
  const types = names.map((): ColumnType | undefined => undefined);
  for (const row of rows) {
    for (let i = 0; i < names.length; i++) {
      const value = row[i]!;
      if (value === null || types[i] === "STRING") continue;
      if (value instanceof Uint8Array) throw batchError("batch-sql", `the column ${JSON.stringify(names[i])} holds bytes`, { hint: "Leave it out of the query, or make it a text there." });
      const type = typeof value === "bigint" ? "INT64" : typeof value === "number" ? "DOUBLE" : "STRING";
      const known = types[i];
      if (known !== type) types[i] = known === undefined ? type : type === "STRING" ? "STRING" : "DOUBLE";
    }
  }
  return types.map((type) => type ?? "STRING");
}

function cellOf(value: Cell, type: ColumnType): string | number | bigint | null {
  if (value === null) return null;
  return type === "DOUBLE" ? Number(value) : type === "STRING" ? String(value) : value as bigint;
}
