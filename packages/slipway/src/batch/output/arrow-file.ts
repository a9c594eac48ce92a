// Columns as Arrow IPC: a stream for each part, and parts put together as one file or one stream. Parts of a run have the same
// columns and no dictionaries, so their record batches are taken over as they are.

import { readFileSync } from "node:fs";
import { bool, columnFromArray, float32, float64, int64, tableFromColumns, tableFromIPC, tableToIPC, utf8, type DataType } from "@uwdata/flechette";
import { messageOf } from "../../server/decoding/index.ts";
import type { ColumnType, TypedColumn } from "./typed-column.ts";

const TYPES: Readonly<Record<ColumnType, () => DataType>> = { DOUBLE: float64, FLOAT: float32, INT64: int64, BOOLEAN: bool, STRING: utf8 };
const RECORDS = 3;
const END: Uint8Array = Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 0]);
const MAGIC: Uint8Array = Buffer.from("ARROW1\0\0");
/** Of a Block in a file's footer: where a frame begins, the length of its head, and of its body (Schema.fbs, "Block"). */
const BLOCK_BYTES = 24;

/** As a stream of one record batch. */
export function arrowStream(columns: readonly TypedColumn[]): Uint8Array {
  return bytesOf(tableOf(columns), "stream");
}

/** As a file by itself. */
export function arrowFile(columns: readonly TypedColumn[]): Uint8Array {
  return bytesOf(tableOf(columns), "file");
}

function tableOf(columns: readonly TypedColumn[]): Parameters<typeof tableToIPC>[0] {
  const data = columns.map((column) => {
    const plain = column.type !== "STRING" && column.type !== "BOOLEAN" && !column.anyMissing;
    // Typed arrays are taken over as they are, and are of the column's type.
    return [column.name, plain ? columnFromArray(column.values()) : columnFromArray(Array.from({ length: column.length }, (_, row) => column.cell(row)), TYPES[column.type]())] as const;
  });
  return tableFromColumns(data as Parameters<typeof tableFromColumns>[0]);
}

interface Frame {
  readonly at: number;
  readonly head: number;
  readonly body: number;
}

/** `file`: with a footer, so that readers find each record batch; else a stream. */
export function* joinArrow(parts: readonly string[], file: boolean): Generator<Uint8Array> {
  const blocks: Frame[] = [];
  let schema: Uint8Array | undefined;
  let at = file ? MAGIC.length : 0;
  if (file) yield MAGIC;
  for (const part of parts) {
    const bytes = readFileSync(part);
    for (let from = 0; from + 8 <= bytes.length; ) {
      const { metadata, start } = messageOf.frame(bytes.subarray(from, from + 8));
      if (metadata === 0) break;
      const { kind, body } = messageOf.describe(bytes.subarray(from + start, from + start + metadata));
      const frame = bytes.subarray(from, from + start + metadata + body);
      from += frame.length;
      if (kind === RECORDS) blocks.push({ at, head: start + metadata, body });
      else if (schema !== undefined) continue;
      else schema = frame;
      yield frame;
      at += frame.length;
    }
  }
  yield END;
  if (file) yield footer(schema!, blocks);
}

/** That of a file with as many batches, of a row of nothing, whose blocks are then set. The list of blocks is field 3 of the table Footer. */
function footer(schema: Uint8Array, blocks: readonly Frame[]): Uint8Array {
  const { schema: { fields } } = tableFromIPC(Buffer.concat([schema, END]));
  const small = fields.map(({ name, type }) => {
    const column = columnFromArray([null], type as DataType);
    Object.assign(column, { data: blocks.map(() => column.data[0]) });
    return [name, column] as const;
  });
  const bytes = bytesOf(tableFromColumns(small as unknown as Parameters<typeof tableFromColumns>[0]), "file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getInt32(bytes.length - 10, true);
  const start = bytes.length - 10 - size;
  const table = start + view.getUint32(start, true);
  const vtable = table - view.getInt32(table, true);
  const field = table + view.getUint16(vtable + 10, true);
  const list = field + view.getUint32(field, true);
  if (view.getUint32(list, true) !== blocks.length) throw new Error("the footer has another number of record batches");
  blocks.forEach(({ at, head, body }, i) => {
    const block = list + 4 + i * BLOCK_BYTES;
    view.setBigInt64(block, BigInt(at), true);
    view.setInt32(block + 8, head, true);
    view.setBigInt64(block + 16, BigInt(body), true);
  });
  return bytes.subarray(start);
}

function bytesOf(table: Parameters<typeof tableToIPC>[0], format: "file" | "stream"): Uint8Array {
  const bytes = tableToIPC(table, { format });
  if (bytes === null) throw new Error("no bytes were written");
  return bytes;
}
