// What the footer of a Parquet file says (https://parquet.apache.org/docs/file-format/), by hyparquet: its columns as DuckDB
// calls their types, and its groups of rows. Nothing is told of files that hold anything but columns of single values.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parquetMetadata, type ColumnMetaData, type SchemaElement } from "hyparquet";

/** How a column's values are stored. */
export type Stored = "boolean" | "int32" | "uint32" | "int64" | "uint64" | "float" | "double" | "text";
export interface HeadColumn {
  readonly name: string;
  /** As DuckDB calls it; undefined: it is of a kind that only DuckDB reads. */
  readonly type: string | undefined;
  readonly stored: Stored | undefined;
  /** Values may be missing. */
  readonly optional: boolean;
}
export interface ParquetHead {
  readonly columns: readonly HeadColumn[];
  readonly groups: readonly { readonly rows: number; readonly chunks: readonly ColumnMetaData[] }[];
  readonly rows: number;
}

const MAGIC = "PAR1";
/** Of a wider or longer file the footer would take too much memory as objects. */
const MOST_FOOTER = 2 ** 23;
const WHOLE: Readonly<Record<string, readonly [type: string, stored: Stored]>> = {
  INT_8: ["TINYINT", "int32"], INT_16: ["SMALLINT", "int32"], INT_32: ["INTEGER", "int32"], INT_64: ["BIGINT", "int64"],
  UINT_8: ["UTINYINT", "int32"], UINT_16: ["USMALLINT", "int32"], UINT_32: ["UINTEGER", "uint32"], UINT_64: ["UBIGINT", "uint64"],
};

/** A folder such as year=2026, which DuckDB makes a column of. */
const PARTITION = /(?:^|[/\\])[^/\\=]+=[^/\\]*[/\\]/;

/** Undefined: it is for DuckDB to read, or to say what is wrong with it. */
export function readParquetHead(path: string): ParquetHead | undefined {
  if (PARTITION.test(path)) return undefined;
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(8);
      if (size < 12 || readSync(file, tail, 0, 8, size - 8) < 8 || tail.toString("latin1", 4) !== MAGIC) return undefined;
      const length = tail.readUInt32LE(0) + 8;
      if (length > Math.min(size, MOST_FOOTER)) return undefined;
      const footer = new Uint8Array(length);
      if (readSync(file, footer, 0, length, size - length) < length) return undefined;
      return headOf(footer);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function headOf(footer: Uint8Array): ParquetHead | undefined {
  const { schema, row_groups, num_rows } = parquetMetadata(footer);
  const [root, ...elements] = schema;
  if (root === undefined || root.num_children !== elements.length) return undefined;
  if (elements.some((e) => e.num_children !== undefined || (e.repetition_type !== "REQUIRED" && e.repetition_type !== "OPTIONAL"))) return undefined;
  const columns = elements.map(columnOf);
  const groups = row_groups.map((group) => ({ rows: Number(group.num_rows), chunks: group.columns.map((c) => c.meta_data) }));
  const rows = groups.reduce((n, g) => n + g.rows, 0);
  const sound = groups.every((g) => g.rows > 0 && g.chunks.length === columns.length && g.chunks.every((c, i) => c !== undefined && c.path_in_schema.length === 1 && c.path_in_schema[0] === columns[i]!.name && Number(c.num_values) === g.rows));
  if (!sound || rows !== Number(num_rows) || row_groups.some((g) => g.columns.some((c) => c.file_path !== undefined && c.file_path !== ""))) return undefined;
  if (new Set(elements.map((e) => e.name.toLowerCase())).size !== elements.length) return undefined;
  return { columns, groups: groups as ParquetHead["groups"], rows };
}

function columnOf(element: SchemaElement): HeadColumn {
  const [type, stored] = kindOf(element) ?? [undefined, undefined];
  return { name: element.name, type, stored, optional: element.repetition_type === "OPTIONAL" };
}

function kindOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): readonly [type: string, stored: Stored] | undefined {
  if (type === "BYTE_ARRAY") return converted === "UTF8" || (converted === undefined && logical?.type === "STRING") ? ["VARCHAR", "text"] : undefined;
  // Whole numbers are told in both ways, or in the older one alone.
  if (logical !== undefined && logical.type !== "INTEGER") return undefined;
  if (converted !== undefined) return (type === "INT32" || type === "INT64") && converted.endsWith("64") === (type === "INT64") ? WHOLE[converted] : undefined;
  if (logical !== undefined) return undefined;
  switch (type) {
    case "BOOLEAN": return ["BOOLEAN", "boolean"];
    case "INT32": return ["INTEGER", "int32"];
    case "INT64": return ["BIGINT", "int64"];
    case "FLOAT": return ["FLOAT", "float"];
    case "DOUBLE": return ["DOUBLE", "double"];
    default: return undefined;
  }
}
