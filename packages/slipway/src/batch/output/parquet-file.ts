// Columns as Parquet, and parts of Parquet as one file. Values stand as they are (PLAIN), compressed with zstd at its fastest:
// typed arrays become pages without a look at their values. Parts have the same columns, so their row groups are taken over as
// they are, and only the footer is made anew (https://parquet.apache.org/docs/file-format/).

import { closeSync, openSync, readSync, fstatSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import { parquetMetadata, type ColumnChunk, type FileMetaData, type ParquetType, type RowGroup, type SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { ColumnType, TypedColumn } from "./typed-column.ts";

/** Rows of a page. */
const PAGE_ROWS = 16_384;
const MAGIC = 0x31524150;
const TYPES: Readonly<Record<ColumnType, ParquetType>> = { DOUBLE: "DOUBLE", FLOAT: "FLOAT", INT64: "INT64", BOOLEAN: "BOOLEAN", STRING: "BYTE_ARRAY" };
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const COPY_BYTES = 2 ** 22;

// Both are filled anew each time: memory of this size that comes and goes is not given back to the system.
const writer = new ByteWriter(0);
let page: Buffer = Buffer.alloc(0);

/** As one row group. Good until the next one is made. */
export function parquetFile(columns: readonly TypedColumn[]): Uint8Array {
  writer.offset = writer.index = 0;
  const rows = columns[0]!.length;
  writer.appendUint32(MAGIC);
  const chunks = columns.map(writeColumn);
  const size = chunks.reduce((n, c) => n + c.meta_data!.total_compressed_size, 0n);
  writeFooter(writer, schemaOf(columns), [{ columns: chunks, total_byte_size: size, num_rows: BigInt(rows) }]);
  return writer.getBytes();
}

function writeFooter(to: ByteWriter, schema: SchemaElement[], groups: RowGroup[]): void {
  const metadata: FileMetaData = { version: 2, created_by: "slipway", schema, num_rows: groups.reduce((n, g) => n + g.num_rows, 0n), row_groups: groups, metadata_length: 0 };
  // The writer has the types of another version of hyparquet.
  writeMetadata(to, metadata as unknown as Parameters<typeof writeMetadata>[1]);
  to.appendUint32(MAGIC);
}

function schemaOf(columns: readonly TypedColumn[]): SchemaElement[] {
  return [{ name: "root", num_children: columns.length }, ...columns.map(({ name, type }): SchemaElement => ({ name, type: TYPES[type], repetition_type: "OPTIONAL", ...(type === "STRING" ? { converted_type: "UTF8" } : {}) }))];
}

function writeColumn(column: TypedColumn): ColumnChunk {
  const { name, type, length } = column;
  const start = writer.offset;
  let raw = 0;
  for (let from = 0; from < length; from += PAGE_ROWS) {
    const to = Math.min(length, from + PAGE_ROWS);
    const [defined, values] = [column.anyMissing ? packedLevels(column, from, to) : levels(to - from), valuesOf(column, from, to)];
    const bytes = defined.length + values.length;
    if (page.length < bytes) page = Buffer.allocUnsafeSlow(bytes);
    page.set(defined);
    page.set(values, defined.length);
    const body = page.subarray(0, bytes);
    const packed = zstdCompressSync(body, LEVEL);
    const before = writer.offset;
    writePageHeader(writer, { type: "DATA_PAGE", uncompressed_page_size: body.length, compressed_page_size: packed.length, data_page_header: { num_values: to - from, encoding: "PLAIN", definition_level_encoding: "RLE", repetition_level_encoding: "RLE" } });
    raw += writer.offset - before + body.length;
    writer.appendBytes(packed);
  }
  return {
    file_offset: BigInt(start),
    meta_data: {
      type: TYPES[type], encodings: ["PLAIN", "RLE"], path_in_schema: [name], codec: "ZSTD", num_values: BigInt(length),
      total_uncompressed_size: BigInt(raw), total_compressed_size: BigInt(writer.offset - start), data_page_offset: BigInt(start),
    },
  };
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/** That no value is missing: one run of ones, with its length before it. */
function levels(count: number): Buffer {
  const run = [...varint(count * 2), 1];
  return Buffer.from([run.length, 0, 0, 0, ...run]);
}
/** Which values are there: bits, eight at a time. */
function packedLevels(column: TypedColumn, from: number, to: number): Buffer {
  const groups = Math.ceil((to - from) / 8);
  const head = varint(groups * 2 + 1);
  const bits = Buffer.alloc(4 + head.length + groups);
  bits.writeUInt32LE(bits.length - 4);
  bits.set(head, 4);
  for (let i = 0; i < to - from; i++) if (!column.isMissing(from + i)) bits[4 + head.length + (i >> 3)]! |= 1 << (i & 7);
  return bits;
}
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

/** Of the rows that have one. */
function valuesOf(column: TypedColumn, from: number, to: number): Uint8Array {
  if (column.type === "STRING") return column.plainTexts(from, to);
  let values = column.values().subarray(from, to);
  if (column.anyMissing) values = (values as Float64Array).filter((_, i) => !column.isMissing(from + i));
  if (column.type !== "BOOLEAN") return bytesOf(values);
  const bits = Buffer.alloc(Math.ceil(values.length / 8));
  values.forEach((one: number | bigint, i: number) => {
    if (one === 1) bits[i >> 3]! |= 1 << (i & 7);
  });
  return bits;
}

/** Parts that `parquetFile` made of the same columns. */
export function* joinParquet(parts: readonly string[]): Generator<Uint8Array> {
  const groups: RowGroup[] = [];
  let schema: SchemaElement[] = [];
  let at = 4;
  yield Buffer.from("PAR1");
  for (const part of parts) {
    const file = openSync(part, "r");
    try {
      const { size } = fstatSync(file);
      const tail = read(file, size - 8, 8);
      const footer = tail.readUInt32LE(0) + 8;
      const metadata = parquetMetadata(new Uint8Array(read(file, size - footer, footer)).buffer);
      ({ schema } = metadata);
      const shift = BigInt(at - 4);
      for (const group of metadata.row_groups) {
        groups.push({ ...group, columns: group.columns.map((column) => ({ ...column, file_offset: column.file_offset + shift, meta_data: { ...column.meta_data!, data_page_offset: column.meta_data!.data_page_offset + shift } })) });
      }
      const end = size - footer;
      for (let from = 4; from < end; from += COPY_BYTES) yield read(file, from, Math.min(COPY_BYTES, end - from));
      at += end - 4;
    } finally {
      closeSync(file);
    }
  }
  // It is written while others may make theirs.
  const own = new ByteWriter();
  writeFooter(own, schema, groups);
  yield own.getBytes();
}

function read(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const count = readSync(file, bytes, at, length - at, from + at);
    if (count === 0) throw new Error("the part is cut off");
    at += count;
  }
  return bytes;
}
