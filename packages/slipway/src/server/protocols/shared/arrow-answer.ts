// Predictions as Arrow IPC, a column for every flat column, in the outputs' own types.

import { columnFromArray, bool, float32, float64, int32, int64, tableFromColumns, tableToIPC, uint64, utf8, type DataType } from "@uwdata/flechette";
import { flatColumns, flatValue, type FlatColumn, type Prediction } from "../../../runtime/index.ts";

/** `type`: the media type asked for, a stream or a file. */
export function arrowBytes(prediction: Prediction, type: string): Uint8Array {
  const columns = flatColumns(prediction).map((column) => [column.name, columnFromArray(values(column, prediction.rows), typeOf(column))] as const);
  const bytes = tableToIPC(tableFromColumns(columns as Parameters<typeof tableFromColumns>[0]), { format: type.endsWith(".file") ? "file" : "stream" });
  if (bytes === null) throw new Error("no bytes were written");
  return bytes;
}

function values(column: FlatColumn, rows: number): unknown[] {
  const { data, width } = column.output;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from({ length: rows }, (_, i) => data[i * width + column.place]);
  return Array.from({ length: rows }, (_, i) => flatValue(column, i));
}

function typeOf({ output }: FlatColumn): DataType {
  switch (output.output.type) {
    case "string": return utf8();
    case "bool": return bool();
    case "float": case "float16": return float32();
    case "int64": return int64();
    case "uint64": return uint64();
    case "int8": case "int16": case "int32": case "uint8": case "uint16": return int32();
    case "double": case "uint32": return float64();
  }
}
