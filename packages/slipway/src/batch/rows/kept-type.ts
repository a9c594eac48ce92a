// What a column of Parquet is in the output.

import type { KeptType } from "../output/rows-writer.ts";

const WHOLE = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/;

/** `type`: as DuckDB calls it. */
export function keptType(type: string): KeptType {
  return type === "BOOLEAN" ? "boolean" : WHOLE.test(type) ? "int64" : type === "DOUBLE" || type === "FLOAT" || type.startsWith("DECIMAL") ? "double" : "text";
}
