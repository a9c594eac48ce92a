// Apache Arrow IPC, stream and file (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-
// communication-ipc) <-> tables, by flechette. Compressed buffers are expanded by functions that count.

import { decompressLz4 } from "@slipway/core/formats";
import { CompressionType, setCompressionCodec, tableFromIPC, type Column, type DataType } from "@uwdata/flechette";
import { checkFraming } from "./arrow-framing.ts";
import { Decompression, MAX_TABLE_BYTES, mostCells, tooLarge } from "./limits.ts";
import { isIndex, plainValues, tableFailure, type Table } from "./table.ts";

const notWritten = (): never => {
  throw new Error("compressed buffers are not written");
};

/** @throws SlipwayError table-damaged, body-too-large */
export function readArrow(bytes: Uint8Array<ArrayBuffer>): Table {
  const { rows, columns } = openArrow(bytes, mostCells(bytes.length));
  try {
    return { rows, columns: columns.map(({ name, column }) => [name, plainValues(column.toArray())] as const).filter(([name]) => !isIndex(name)) };
  } catch (error) {
    throw tableFailure("Arrow", error);
  }
}

export interface ArrowTable {
  readonly rows: number;
  /** Values are made when they are asked for. */
  readonly columns: readonly { readonly name: string; readonly type: DataType; readonly column: Column<unknown> }[];
}

/** @throws SlipwayError table-damaged, body-too-large */
export function openArrow(bytes: Uint8Array<ArrayBuffer>, most: number): ArrowTable {
  const out = new Decompression();
  setCompressionCodec(CompressionType.ZSTD, { encode: notWritten, decode: (data, size = 0) => out.zstd(data, size) });
  setCompressionCodec(CompressionType.LZ4_FRAME, { encode: notWritten, decode: (data, size = 0) => decompressLz4(data, { bytes: Math.min(MAX_TABLE_BYTES, Math.max(1, out.take(size))) }).bytes });
  try {
    if (String.fromCharCode(...bytes.subarray(0, 6)) !== "ARROW1") checkFraming(bytes);
    const table = tableFromIPC(bytes, { useBigInt: true, useDate: true });
    const { numRows: rows, numCols } = table;
    if (!(rows >= 0 && rows * Math.max(1, numCols) <= most)) throw tooLarge(`the Arrow table has ${rows} rows of ${numCols} columns`, "Send the rows in parts.");
    const columns = table.schema.fields.map((field, j) => ({ name: field.name, type: field.type, column: table.getChildAt(j) as Column<unknown> }));
    const odd = columns.find(({ column }) => column.length !== rows || column.data.some((batch) => !(batch.length >= 0 && batch.length <= rows)));
    if (odd !== undefined) throw new Error(`the column ${odd.name.slice(0, 100)} has ${odd.column.length} values for ${rows} rows`);
    return { rows, columns };
  } catch (error) {
    throw tableFailure("Arrow", error);
  }
}
