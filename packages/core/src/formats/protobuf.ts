// Protocol Buffers wire format (encoding of proto2/proto3 messages): a writer that keeps large arrays by reference until
// the end, and a reader that bounds every length. Little-endian machines only, as typed arrays are copied as they lie.

import { ByteReader, defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

export const protobufError: ((code: "protobuf-malformed" | "protobuf-too-large", message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<"protobuf-malformed" | "protobuf-too-large", ErrorDefinition>>;
} = defineErrors({
  "protobuf-malformed": { kind: "invalid", doc: "The bytes are not a valid Protocol Buffers message: the file is damaged or of another format." },
  "protobuf-too-large": { kind: "limit", doc: "A Protocol Buffers message may not be larger than 2 GB; the model is too large for one ONNX file." },
});

/** Protocol Buffers' own limit. */
export const MAX_MESSAGE_BYTES = 0x7fffffff;
/** Parts from this size on are kept by reference, not copied into the buffer. */
const BIG = 4096;
/** Strings up to this length are looked at character by character. */
const SHORT = 64;
const utf8 = new TextEncoder();

export class ProtoWriter {
  #parts: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array(256);
  #used = 0;
  #closed = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#closed + this.#used;
  }
  #room(count: number): void {
    if (this.#used + count <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#used + count));
    grown.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = grown;
  }
  #append(bytes: Uint8Array): void {
    if (this.length + bytes.length > MAX_MESSAGE_BYTES) {
      throw protobufError("protobuf-too-large", "the model needs more than 2 GB, which one ONNX file cannot hold");
    }
    if (bytes.length < BIG) {
      this.#room(bytes.length);
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
      return;
    }
    if (this.#used > 0) {
      this.#parts.push(this.#buffer.subarray(0, this.#used));
      this.#closed += this.#used;
      this.#buffer = new Uint8Array(256);
      this.#used = 0;
    }
    this.#parts.push(bytes);
    this.#closed += bytes.length;
  }
  /** An unsigned number below 2^53. */
  #varint(value: number): void {
    this.#room(10);
    while (value >= 0x80) {
      this.#buffer[this.#used++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#buffer[this.#used++] = value;
  }
  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }
  /** int32, int64, enum: negative numbers take ten bytes. */
  int(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    if (typeof value === "number" && value >= 0 && Number.isSafeInteger(value)) return this.#varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    this.#room(10);
    while (rest >= 0x80n) {
      this.#buffer[this.#used++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#used++] = Number(rest);
  }
  float(field: number, value: number): void {
    this.#tag(field, 5);
    this.#append(new Uint8Array(Float32Array.of(value).buffer));
  }
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#append(value);
  }
  string(field: number, value: string): void {
    if (value.length > SHORT || !this.#shortAscii(field, value)) this.bytes(field, utf8.encode(value));
  }
  /** Most strings are short and ASCII: written without an array of their own. Nothing is written where it is neither. */
  #shortAscii(field: number, value: string): boolean {
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) >= 0x80) return false;
    if (this.length > MAX_MESSAGE_BYTES - 2 * SHORT) return false;
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#room(value.length);
    for (let i = 0; i < value.length; i++) this.#buffer[this.#used++] = value.charCodeAt(i);
    return true;
  }
  message(field: number, write: (inner: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    this.#tag(field, 2);
    this.#varint(inner.length);
    for (const part of inner.#all()) this.#append(part);
  }
  packedInts(field: number, values: BigInt64Array | Int32Array | readonly (number | bigint)[]): void {
    if (values.length > 0) this.bytes(field, packVarints(values));
  }
  packedFloats(field: number, values: Float32Array | readonly number[]): void {
    if (values.length > 0) this.bytes(field, asBytes(values instanceof Float32Array ? values : Float32Array.from(values)));
  }
  /** Bytes that already are whole fields. */
  raw(bytes: Uint8Array): void {
    this.#append(bytes);
  }
  #all(): Uint8Array[] {
    return this.#used > 0 ? [...this.#parts, this.#buffer.subarray(0, this.#used)] : this.#parts;
  }
  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#all()) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

/** The bytes of a typed array, as they lie in memory. */
export function asBytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/** int64 values one after the other as varints, without a BigInt per element for typed arrays. */
function packVarints(values: BigInt64Array | Int32Array | readonly (number | bigint)[]): Uint8Array {
  const [low, high, stride] = halves(values);
  const n = values.length;
  const highAt = (i: number): number => (high === undefined ? (low[i]! < 0 ? -1 : 0) : high[i * stride + 1]!);
  let size = 0;
  for (let i = 0; i < n; i++) {
    const lo = low[i * stride]! >>> 0;
    const hi = highAt(i) >>> 0;
    size += hi === 0 ? (lo < 0x80 ? 1 : lo < 0x4000 ? 2 : lo < 0x200000 ? 3 : lo < 0x10000000 ? 4 : 5) : hi >>> 0 >= 0x80000000 ? 10 : Math.ceil((64 - Math.clz32(hi)) / 7);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < n; i++) {
    let lo = low[i * stride]! >>> 0;
    let hi = highAt(i) >>> 0;
    while (hi !== 0 || lo >= 0x80) {
      out[at++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    out[at++] = lo;
  }
  return out;
}

function halves(values: BigInt64Array | Int32Array | readonly (number | bigint)[]): [Int32Array, Int32Array | undefined, number] {
  if (values instanceof Int32Array) return [values, undefined, 1];
  if (!(values instanceof BigInt64Array)) {
    const narrow = Int32Array.from(values, Number);
    if (values.every((v, i) => v === narrow[i])) return [narrow, undefined, 1];
  }
  const wide = values instanceof BigInt64Array ? values : BigInt64Array.from(values, (v) => BigInt(v));
  const words = new Int32Array(wide.buffer, wide.byteOffset, wide.length * 2);
  return [words, words, 2];
}

/** One field of a message: `value` for varints, `start` and `end` for what has a length. */
export interface ProtoField {
  readonly number: number;
  readonly wire: number;
  /** Offset of the field's tag. */
  readonly at: number;
  /** Varint or fixed value; 0n otherwise. */
  readonly value: bigint;
  readonly start: number;
  readonly end: number;
}

/** The fields of the message that lies in [reader.offset, reader.end), in order. Groups are refused. */
export function* readFields(reader: ByteReader): Generator<ProtoField, void, undefined> {
  while (reader.left > 0) {
    const at = reader.offset;
    const tag = Number(readVarint(reader));
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number < 1 || number > 0x1fffffff) throw protobufError("protobuf-malformed", `field number ${number} is not allowed`, { where: `byte ${at}` });
    let value = 0n;
    let start = reader.offset;
    if (wire === 0) value = readVarint(reader);
    else if (wire === 1) value = reader.u64("a 64-bit field");
    else if (wire === 5) value = BigInt(reader.u32("a 32-bit field"));
    else if (wire === 2) {
      const length = Number(readVarint(reader));
      start = reader.take(length, `field ${number}`);
    } else throw protobufError("protobuf-malformed", `wire type ${wire} is not used by ONNX`, { where: `byte ${at}` });
    yield { number, wire, at, value, start, end: reader.offset };
  }
}

export function readVarint(reader: ByteReader): bigint {
  let low = 0;
  const at = reader.offset;
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8("a varint");
    low += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return BigInt(low);
  }
  let value = BigInt(low);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = reader.u8("a varint");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw protobufError("protobuf-malformed", "a varint is longer than ten bytes", { where: `byte ${at}` });
}
