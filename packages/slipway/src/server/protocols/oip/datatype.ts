// The Open Inference Protocol's datatypes: sizes, ranges, and little-endian bytes to values and back.

import type { Column, Output } from "@slipway/core/package";
import { halfToNumber } from "../../../runtime/index.ts";
import type { ElementType } from "@slipway/core/tensor";

export type Datatype = "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";

interface TypeInfo {
  /** Bytes of one element; 0 for BYTES. */
  readonly size: number;
  /** For integers. */
  readonly range?: readonly [number, number];
}
export const DATATYPES: Readonly<Record<Datatype, TypeInfo>> = {
  BOOL: { size: 1 },
  UINT8: { size: 1, range: [0, 255] }, UINT16: { size: 2, range: [0, 65535] }, UINT32: { size: 4, range: [0, 2 ** 32 - 1] }, UINT64: { size: 8, range: [0, 2 ** 64] },
  INT8: { size: 1, range: [-128, 127] }, INT16: { size: 2, range: [-32768, 32767] }, INT32: { size: 4, range: [-(2 ** 31), 2 ** 31 - 1] }, INT64: { size: 8, range: [-(2 ** 63), 2 ** 63] },
  FP16: { size: 2 }, BF16: { size: 2 }, FP32: { size: 4 }, FP64: { size: 8 }, BYTES: { size: 0 },
};

export function isDatatype(value: unknown): value is Datatype {
  return typeof value === "string" && Object.hasOwn(DATATYPES, value);
}

/** What the metadata says of a column: integers and booleans that may be missing are FP64, where NaN says so. */
export function columnDatatype(column: Column): Datatype {
  if (column.type === "string") return "BYTES";
  if (column.missing === "allowed") return "FP64";
  return column.type === "int64" ? "INT64" : column.type === "boolean" ? "BOOL" : "FP64";
}
export function outputDatatype(output: Output): Datatype {
  return elementDatatype(output.type);
}
export function elementDatatype(type: ElementType): Datatype {
  return ELEMENT_DATATYPES[type];
}
const ELEMENT_DATATYPES: Readonly<Record<ElementType, Datatype>> = {
  double: "FP64", float: "FP32", float16: "FP16", int8: "INT8", int16: "INT16", int32: "INT32", int64: "INT64",
  uint8: "UINT8", uint16: "UINT16", uint32: "UINT32", uint64: "UINT64", string: "BYTES", bool: "BOOL",
};

/** Fixed-size elements from bytes, which may lie at any offset; where they lie well, they are looked at where they are. */
export function readFixed(bytes: Uint8Array, datatype: Exclude<Datatype, "BYTES">): ArrayLike<number | bigint | boolean> {
  const { size } = DATATYPES[datatype];
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.length / size;
  switch (datatype) {
    case "BOOL": return Array.from(bytes, (b) => b !== 0);
    case "UINT8": return bytes;
    case "INT8": return new Int8Array(buffer, byteOffset, count);
    case "UINT16": return new Uint16Array(buffer, byteOffset, count);
    case "INT16": return new Int16Array(buffer, byteOffset, count);
    case "UINT32": return new Uint32Array(buffer, byteOffset, count);
    case "INT32": return new Int32Array(buffer, byteOffset, count);
    case "UINT64": return new BigUint64Array(buffer, byteOffset, count);
    case "INT64": return new BigInt64Array(buffer, byteOffset, count);
    case "FP32": return new Float32Array(buffer, byteOffset, count);
    case "FP64": return new Float64Array(buffer, byteOffset, count);
    case "FP16": return Float64Array.from(new Uint16Array(buffer, byteOffset, count), halfToNumber);
    case "BF16": return new Float32Array(Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (v) => v << 16).buffer);
  }
}

/** Elements of BYTES: a little-endian uint32 length and so many bytes each; undefined when they do not fit exactly. */
export function readByteStrings(bytes: Uint8Array, count: number): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined;
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) return undefined;
    elements.push(bytes.subarray(at, at + length));
    at += length;
  }
  return at === bytes.length ? elements : undefined;
}

export function writeByteStrings(values: readonly string[]): Buffer {
  const encoded = values.map((v) => Buffer.from(v, "utf8"));
  const out = Buffer.allocUnsafe(encoded.reduce((n, b) => n + 4 + b.length, 0));
  let at = 0;
  for (const b of encoded) {
    out.writeUInt32LE(b.length, at);
    b.copy(out, at + 4);
    at += 4 + b.length;
  }
  return out;
}
