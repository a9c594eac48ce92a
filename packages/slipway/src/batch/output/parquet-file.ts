// Columns as Parquet.

import { parquetWriteBuffer, type ColumnSource } from "hyparquet-writer";
import type { TypedColumn } from "./typed-column.ts";

export function parquetFile(columns: readonly TypedColumn[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: columns.map((column): ColumnSource => ({ name: column.name, type: column.type, nullable: true, data: column.data() as Float64Array })) }));
}
