// What a query gives in Postgres: in one read-only transaction, so from one moment, through a cursor.

import { connectPostgres, isBroken, translatePostgres } from "../../database/index.ts";
import { batchError } from "../errors.ts";
import type { ColumnType } from "../output/typed-column.ts";
import { ParquetSpool, SPOOL_ROWS } from "./parquet-spool.ts";

/** By the numbers of pg_type (catalog/pg_type.dat). What is not here is text, as Postgres writes it: numeric stays exact. */
const TYPES: Readonly<Record<number, ColumnType>> = { 16: "BOOLEAN", 20: "INT64", 21: "INT64", 23: "INT64", 700: "DOUBLE", 701: "DOUBLE" };
const READ: Readonly<Record<ColumnType, (text: string) => string | number | bigint | boolean>> = { BOOLEAN: (t) => t === "t", INT64: BigInt, DOUBLE: number, FLOAT: number, STRING: (t) => t };

/** Writes Parquet. @throws SlipwayError batch-sql, database-... */
export async function readPostgres(url: string, query: string, limit: number | undefined, path: string): Promise<void> {
  const client = await connectPostgres(url);
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query(`declare slipway_rows no scroll cursor for ${query}`);
    let spool: ParquetSpool | undefined;
    let types: ColumnType[] = [];
    for (let left = limit ?? Infinity; left > 0; ) {
      const wanted = Math.min(SPOOL_ROWS, left);
      const { rows, fields } = await client.query<(string | null)[]>({ text: `fetch ${wanted} from slipway_rows`, rowMode: "array", types: { getTypeParser: () => (text: string) => text } });
      types = fields.map((f) => TYPES[f.dataTypeID] ?? "STRING");
      spool ??= new ParquetSpool(path, fields.map((f, i) => ({ name: f.name, type: types[i]! })));
      spool.add(rows.length, (row, column) => {
        const text = rows[row]![column]!;
        return text === null ? null : READ[types[column]!](text);
      });
      left -= rows.length;
      if (rows.length < wanted) break;
    }
    spool?.end();
    await client.query("rollback");
  } catch (error) {
    const state: unknown = (error as { code?: unknown }).code;
    if (isBroken(error) || typeof state !== "string" || !/^[0-9A-Z]{5}$/.test(state)) throw translatePostgres(error);
    throw batchError("batch-sql", `Postgres: ${(error as Error).message} (${state})`, { where: "--query", cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function number(text: string): number {
  return text === "Infinity" ? Infinity : text === "-Infinity" ? -Infinity : Number(text);
}
