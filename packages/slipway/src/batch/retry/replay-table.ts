// Rows as JSON objects, as a Parquet file of the types that the columns had.

import { join } from "node:path";
import { damaged, openDuckDB, sqlName, sqlText } from "../input/duckdb.ts";
import type { KeptType } from "../output/rows-writer.ts";
import { keptType } from "../rows/kept-type.ts";
import type { InputShape } from "../run/messages.ts";

const SQL_TYPES: Readonly<Record<KeptType, string>> = { text: "VARCHAR", double: "DOUBLE", int64: "BIGINT", boolean: "BOOLEAN" };

/** `path`: an object a line. Gives the table's path. @throws SlipwayError batch-input-damaged where a text was mended into a value of another type */
export async function writeReplayTable(path: string, { names, types }: Extract<InputShape, { kind: "table" }>, folder: string): Promise<string> {
  const table = join(folder, "rows.parquet");
  const columns = names.map((name, i) => `${sqlText(name)}: ${sqlText(SQL_TYPES[keptType(types[i]!)])}`);
  const connection = await openDuckDB({ threads: 1, memoryMb: 256, temporary: join(folder, "tmp") });
  try {
    await connection.run(`COPY (SELECT ${names.map(sqlName).join(", ")} FROM read_json(${sqlText(path)}, format = 'newline_delimited', columns = {${columns.join(", ")}})) TO ${sqlText(table)} (FORMAT parquet)`);
  } catch (cause) {
    throw damaged("a row that was set aside", cause);
  } finally {
    connection.closeSync();
  }
  return table;
}
