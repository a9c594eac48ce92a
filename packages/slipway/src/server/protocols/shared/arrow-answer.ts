// Predictions as Arrow IPC, a column for every flat column, in the outputs' own types.

import { columnFromArray, bool, float32, float64, int32, int64, tableFromColumns, tableToIPC, uint64, utf8, type DataType } from "@uwdata/flechette";
import { flatColumns, flatValue, type FlatColumn, type Prediction } from "../../../runtime/index.ts";

/** Columns of plain values as an Arrow stream: numbers as doubles, texts, truth values; null is missing. For clients of the server's. */
export function arrowTable(columns: readonly (readonly [name: string, values: readonly unknown[]])[]): Uint8Array<ArrayBuffer> {
  const kinds = columns.map(([name, values]) => {
    const first = values.find((v) => v !== null && v !== undefined);
    const type = typeof first === "string" ? utf8() : values.every((v) => v === null || typeof v === "boolean") ? bool() : float64();
    return [name, columnFromArray(values.map((v) => (typeof v === "bigint" || (typeof v === "boolean" && typeof first !== "boolean") ? Number(v) : v ?? null)), type)] as const;
  });
  const bytes = tableToIPC(tableFromColumns(kinds as Parameters<typeof tableFromColumns>[0]), { format: "stream" });
  if (bytes === null) throw new Error("no bytes were written");
  return new Uint8Array(bytes);
}

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
