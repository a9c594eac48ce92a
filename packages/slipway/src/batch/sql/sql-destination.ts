// A table in a database as the output: all rows of a run and the note that it is there come in one transaction. A run whose
// commit was not heard of finds its note and is done; no row is there twice.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Type, type DataType } from "@uwdata/flechette";
import { openArrow } from "../../server/decoding/index.ts";
import { batchError } from "../errors.ts";
import type { Delivery, Destination } from "../output/destination.ts";
import type { ColumnType } from "../output/typed-column.ts";
import { parseSqlAddress } from "./address.ts";

/** Where the notes are, in the table's own database. */
export const RUNS = "slipway_batch_runs";
const MOST_CELLS = 2 ** 32;

export type SqlCell = string | number | bigint | boolean | null;
export interface SqlColumn {
  readonly name: string;
  readonly type: ColumnType;
}
export interface SqlRows {
  readonly rows: number;
  cell(row: number, column: number): SqlCell;
}
/** What a kind of database does. */
export interface SqlTable {
  /** What its note of this run holds. @throws SlipwayError database-... */
  find(run: string): Promise<string | undefined>;
  /** In one transaction: its note, the table where there is none, and the rows. Nothing where the note is there already. */
  insert(run: string, note: string, columns: readonly SqlColumn[], parts: () => Iterable<SqlRows>, replace: boolean): Promise<void>;
}

/** @throws SlipwayError batch-source-address */
export async function sqlDestination(address: string): Promise<Destination> {
  const { kind, database, table, shown } = parseSqlAddress(address);
  if (table === undefined || kind === "duckdb") throw batchError("batch-source-address", `${shown}: ${kind === "duckdb" ? "DuckDB's files are not written" : "which table?"}`, { hint: "The output is postgres://HOST/NAME?table=scores or sqlite:PATH?table=scores; Parquet is what DuckDB reads." });
  const store: SqlTable = kind === "postgres" ? new (await import("./postgres-table.ts")).PostgresTable(database, table) : new (await import("./sqlite-table.ts")).SqliteTable(database, table);
  return {
    shown,
    async look(run) {
      const note = await store.find(run);
      return note === undefined ? { state: "nothing" } : { state: "same", note };
    },
    async put({ place, run, note, overwrite }: Delivery) {
      const files = readdirSync(place.path).filter((name) => /^part-\d+\.arrows$/.test(name)).sort().map((name) => join(place.path, name));
      await store.insert(run, note, files.length === 0 ? [] : partOf(files[0]!).columns, () => parts(files), overwrite);
    },
  };
}

function* parts(files: readonly string[]): Generator<SqlRows> {
  for (const file of files) yield partOf(file);
}

function partOf(file: string): SqlRows & { readonly columns: readonly SqlColumn[] } {
  const { rows, columns } = openArrow(new Uint8Array(readFileSync(file)), MOST_CELLS);
  const values = columns.map(({ column }) => column.data[0]!);
  return {
    rows, columns: columns.map(({ name, type }) => ({ name, type: typeOf(type) })),
    cell(row, column) {
      const value = values[column]!.at(row) as SqlCell;
      // As in CSV: what is not a number is missing.
      return typeof value === "number" && Number.isNaN(value) ? null : value;
    },
  };
}

function typeOf({ typeId }: DataType): ColumnType {
  return typeId === Type.Int ? "INT64" : typeId === Type.Float ? "DOUBLE" : typeId === Type.Bool ? "BOOLEAN" : "STRING";
}

/** The table lacks columns that the output has. */
export function lacking(table: string, missing: readonly string[]): Error {
  return batchError("batch-sql", `the table ${table} has no column ${missing.slice(0, 10).map((n) => JSON.stringify(n)).join(", ")}`, { hint: "Add them, choose others with --keep, --outputs and --no-ids, or name a table that is not there: it is made." });
}
