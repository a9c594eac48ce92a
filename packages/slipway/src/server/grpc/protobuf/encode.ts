// A message -> bytes. Fields that hold their default are not written (proto3), numbers in lists are packed.
// One buffer that grows; a length is written after what it counts, which is then moved by a byte or two where it is long.

import { serverError } from "../../errors.ts";
import type { Draft, EnumType, Field, FieldType, Int64, MessageType } from "./schema.ts";

/** A gRPC message may say no more. */
const MAX_BYTES = 0x7fffffff;

/** `reserve` bytes stay free before the message. */
export function encodeMessage<T>(type: MessageType<T>, value: Draft<T>, reserve = 0): Buffer {
  const w = new Writer(reserve);
  writeMessage(type as MessageType, value as Readonly<Record<string, unknown>>, w);
  return w.buffer.subarray(0, w.at);
}

class Writer {
  buffer: Buffer;
  at: number;
  constructor(reserve: number) {
    this.buffer = Buffer.allocUnsafe(512);
    this.at = reserve;
  }
  room(count: number): void {
    if (this.at + count <= this.buffer.length) return;
    if (this.at + count > MAX_BYTES) throw serverError("grpc-too-large", "the answer would be larger than 2 GB", { hint: "Send fewer rows, or ask for other outputs only." });
    const grown = Buffer.allocUnsafe(Math.min(MAX_BYTES, Math.max(this.buffer.length * 2, this.at + count + 64)));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }
  /** Below 2^53, not negative. */
  varint(value: number): void {
    this.room(10);
    const { buffer } = this;
    let at = this.at;
    while (value >= 0x80) {
      buffer[at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    buffer[at++] = value;
    this.at = at;
  }
  /** Also from the text that JSON has of it. */
  int(value: Int64 | string): void {
    if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    this.room(10);
    while (rest >= 0x80n) {
      this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.at++] = Number(rest);
  }
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.room(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }
  text(value: string): void {
    const most = value.length * 3;
    if (most < 0x80) {
      this.room(most + 1);
      const length = this.buffer.write(value, this.at + 1);
      this.buffer[this.at] = length;
      this.at += length + 1;
      return;
    }
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.room(length);
    this.at += this.buffer.write(value, this.at);
  }
  nested(write: () => void): void {
    this.room(1);
    const start = this.at++;
    write();
    const length = this.at - start - 1;
    if (length < 0x80) {
      this.buffer[start] = length;
      return;
    }
    const extra = Math.ceil((32 - Math.clz32(length)) / 7) - 1;
    this.room(extra);
    this.buffer.copyWithin(start + 1 + extra, start + 1, this.at);
    this.at += extra;
    for (let i = 0, rest = length; i <= extra; i++, rest >>>= 7) this.buffer[start + i] = (rest & 0x7f) | (i < extra ? 0x80 : 0);
  }
}

function writeMessage(type: MessageType, value: Readonly<Record<string, unknown>>, w: Writer): void {
  for (const field of type.fields) {
    const given = value[field.name];
    if (given === undefined) continue;
    switch (field.cardinality) {
      case "one":
        if (given !== 0 && given !== "" && given !== false && given !== 0n && (given as Uint8Array).length !== 0) writeField(field.number, field.type, given, w);
        break;
      case "maybe":
        writeField(field.number, field.type, given, w);
        break;
      case "many":
        writeList(field, given as ArrayLike<unknown>, w);
        break;
      case "map":
        // A plain object where the keys are texts.
        for (const [key, entry] of given instanceof Map ? (given as ReadonlyMap<unknown, unknown>) : Object.entries(given as object)) {
          w.varint(field.number * 8 + 2);
          w.nested(() => {
            writeField(1, field.key!, key, w);
            writeField(2, field.type, entry, w);
          });
        }
    }
  }
}

function writeList(field: Field, list: ArrayLike<unknown>, w: Writer): void {
  const { type, number } = field;
  if (list.length === 0) return;
  if (type === "string" || type === "bytes" || (typeof type === "object" && type.kind === "message")) {
    for (let i = 0; i < list.length; i++) writeField(number, type, list[i], w);
    return;
  }
  w.varint(number * 8 + 2);
  if ((type === "double" && list instanceof Float64Array) || (type === "float" && list instanceof Float32Array)) {
    w.bytes(new Uint8Array(list.buffer, list.byteOffset, list.byteLength));
    return;
  }
  w.nested(() => {
    for (let i = 0; i < list.length; i++) writeValue(type, list[i], w);
  });
}

function writeField(number: number, type: FieldType, value: unknown, w: Writer): void {
  if (typeof type === "object" && type.kind === "message") {
    w.varint(number * 8 + 2);
    w.nested(() => writeMessage(type, value as Readonly<Record<string, unknown>>, w));
    return;
  }
  w.varint(number * 8 + (type === "string" || type === "bytes" ? 2 : type === "double" ? 1 : type === "float" ? 5 : 0));
  writeValue(type, value, w);
}

function writeValue(type: FieldType, value: unknown, w: Writer): void {
  switch (type) {
    case "string": w.text(value as string); return;
    case "bytes": w.bytes(value as Uint8Array); return;
    case "bool": w.varint(value === true || value === 1 ? 1 : 0); return;
    case "double":
      w.room(8);
      w.at = w.buffer.writeDoubleLE(value as number, w.at);
      return;
    case "float":
      w.room(4);
      w.at = w.buffer.writeFloatLE(value as number, w.at);
      return;
    default: w.int(typeof value === "string" && typeof type === "object" ? (type as EnumType).values[value] ?? 0 : value as Int64 | string);
  }
}
