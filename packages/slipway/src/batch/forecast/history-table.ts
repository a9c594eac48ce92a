// The files of a history as SQL. All fields of CSV are the texts that they are: what they mean is told by who reads them.

import { headOf } from "../input/text-shards.ts";
import { damaged, sqlName, sqlText, type DuckDBConnection } from "../input/duckdb.ts";
import type { InputFile } from "../input/sources.ts";
import { sameColumns, scan } from "../input/tables.ts";
import { batchError } from "../errors.ts";
import { forecastError } from "./errors.ts";
import type { SeriesColumn } from "./shape.ts";

export interface Table {
  /** For messages. */
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly SeriesColumn[];
}

const LONGEST_LINE = 2 ** 21;
/** Each thread reads some of them at a time; by itself DuckDB takes sixteen of the longest lines. */
const BUFFER = 2 ** 22;

/** `files`: here, of one kind. @throws SlipwayError batch-input-damaged, batch-input-columns, forecast-columns */
export async function tableOf(connection: DuckDBConnection, files: readonly InputFile[], delimiter: string | undefined, name: string): Promise<Table> {
  const first = files[0]!;
  if (first.format !== "csv" && first.format !== "tsv") {
    const sql = scan(files);
    const columns = (await rowsOf(connection, `DESCRIBE SELECT * FROM ${sql}`, name)).map(([column, type]) => ({ name: String(column), type: String(type) }));
    return { name, sql, columns };
  }
  const head = await headOf(first, delimiter ?? (first.format === "tsv" ? "\t" : undefined));
  for (const file of files.slice(1)) sameColumns(head.names, (await headOf(file, head.delimiter)).names, file.path);
  // The index that pandas writes has no name.
  const names = head.names.map((column, i) => (column === "" ? `unnamed ${i}` : column));
  const small = names.map((column) => column.toLowerCase());
  const twice = names.find((_, i) => small.indexOf(small[i]!) !== i);
  if (twice !== undefined) throw forecastError("forecast-columns", `${name} has two columns that are called ${JSON.stringify(twice.slice(0, 100))}`, { where: first.path, hint: "Call one of them otherwise; capital letters do not tell columns apart here." });
  const fields = names.map((column) => `${sqlText(column)}: 'VARCHAR'`).join(", ");
  const packed = new Set(files.map((f) => f.compression));
  if (packed.size > 1) throw batchError("batch-input-format", `${name} holds files that are compressed and files that are not, or in two ways`, { where: first.path, hint: "Give one kind." });
  const sql = `read_csv([${files.map((f) => sqlText(f.path)).join(", ")}], auto_detect = false, header = true, delim = ${sqlText(head.delimiter)}, quote = '"', escape = '"', columns = {${fields}}, compression = ${sqlText(first.compression)}, max_line_size = ${LONGEST_LINE}, buffer_size = ${BUFFER})`;
  return { name, sql, columns: names.map((column) => ({ name: column, type: "VARCHAR" })) };
}

/** @throws SlipwayError batch-input-damaged */
export async function rowsOf(connection: DuckDBConnection, sql: string, where: string): Promise<readonly (readonly unknown[])[]> {
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } catch (cause) {
    throw unread(where, cause);
  }
}
/** With DuckDB's message in one line, of which the first alone does not say what is wrong with a file; its settings are left out. */
export function unread(where: string, cause: unknown): Error {
  if (cause instanceof Error && cause.message.startsWith("Out of Memory Error")) return batchError("batch-history-memory", `${where} cannot be sorted in the memory that there is for it: ${cause.message.split("\n")[0]!.slice(0, 200)}`, { where, hint: "Take fewer --threads, or Parquet in place of CSV.", cause });
  const lines = (cause instanceof Error ? cause.message : String(cause)).split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => /^(?:Possible (?:fixes|Solution)|file = )/i.test(line));
  return damaged(where, new Error(lines.slice(0, end < 1 ? lines.length : end).filter((line) => line !== "").join("; ")));
}

const WHOLE = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/;
const NUMBER = /^(?:FLOAT|DOUBLE|HUGEINT|UBIGINT|UHUGEINT|DECIMAL.*)$/;

/** A column as it is kept: numbers, truth values and texts. */
export function keptColumn({ name, type }: SeriesColumn): { readonly sql: string; readonly type: string } {
  if (type === "VARCHAR" || type === "BOOLEAN" || WHOLE.test(type)) return { sql: sqlName(name), type };
  const to = NUMBER.test(type) ? "DOUBLE" : "VARCHAR";
  return { sql: `CAST(${sqlName(name)} AS ${to})`, type: to };
}
const LONG = /^(?:UBIGINT|U?HUGEINT|DECIMAL\((?:1[6-9]|[23]\d),0\))$/;

/** A key as it is kept: whole numbers that doubles do not tell apart are texts, so that two series do not become one. */
export function keyColumn(column: SeriesColumn): { readonly sql: string; readonly type: string } {
  return LONG.test(column.type) ? { sql: `CAST(${sqlName(column.name)} AS VARCHAR)`, type: "VARCHAR" } : keptColumn(column);
}

const TIME = String.raw`\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|[+-]\d{2}(?::\d{2})?)?)?)?)?`;

/** As columns: t, microseconds since 1970, as if times without an offset were UTC's; z, see TimeKind; w, the text of what is no time. */
export function timeColumns({ name, type }: SeriesColumn): string {
  const column = sqlName(name);
  if (type === "TIMESTAMP WITH TIME ZONE") return `epoch_us(${column}) AS t, 2::TINYINT AS z, NULL::VARCHAR AS w`;
  if (type === "DATE" || type.startsWith("TIMESTAMP")) return `epoch_us(CAST(${column} AS TIMESTAMP)) AS t, 0::TINYINT AS z, NULL::VARCHAR AS w`;
  const text = `trim(CAST(${column} AS VARCHAR))`;
  const day = `CASE length(${text}) WHEN 4 THEN ${text} || '-01-01' WHEN 7 THEN ${text} || '-01' ELSE ${text} END`;
  const z = `CASE WHEN length(${text}) <= 10 THEN 0 WHEN regexp_matches(${text}, '(Z|[+-]00(:00)?)$') THEN 1 WHEN regexp_matches(substr(${text}, 12), '[+-]') THEN 2 ELSE 0 END`;
  // A TIMESTAMP passes over an offset; where there is one, seconds have to be there, and no space.
  const full = `regexp_replace(regexp_replace(${text}, '\\s(Z|[+-])', '\\1'), '^(.{16})(Z|[+-])', '\\1:00\\2')`;
  const t = `CASE WHEN NOT regexp_full_match(${text}, ${sqlText(TIME)}) THEN NULL WHEN ${z} = 0 THEN epoch_us(TRY_CAST(${day} AS TIMESTAMP)) ELSE epoch_us(TRY_CAST(${full} AS TIMESTAMP WITH TIME ZONE)) END`;
  return `${t} AS t, ${z}::TINYINT AS z, CASE WHEN ${t} IS NULL THEN CAST(${column} AS VARCHAR) END AS w`;
}
