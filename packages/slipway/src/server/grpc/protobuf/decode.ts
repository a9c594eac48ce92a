// Bytes -> a message. Everything is checked before it is believed: lengths against what is there, texts as UTF-8,
// and how many things a message is made of, as two bytes can stand for an object. Bytes are views, never copies.
// @slipway/core's reader gives 64-bit integers as BigInt for files; requests need numbers, and speed.

import { serverError } from "../../errors.ts";
import type { Field, FieldType, Int64, MessageType, ScalarType } from "./schema.ts";

const MAX_DEPTH = 32;
/** Of one message, all levels together: what is made of them takes far more memory, and time, than their bytes. */
const MAX_MESSAGES = 250_000;
const MAX_TEXTS = 4_000_000;

const bad = (message: string, at: number): Error => serverError("grpc-message", message, { where: `byte ${at}`, hint: "Make the client's code anew from the .proto file of this service." });

/** @throws SlipwayError grpc-message */
export function decodeMessage<T>(type: MessageType<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  return readMessage(type as MessageType, reader, bytes.length, 0) as T;
}

const tooMany = (limit: number, what: string): Error => serverError("grpc-too-large", `the message is made of more than ${limit} ${what}`, { hint: "Send the rows in parts, or as raw contents." });

class Reader {
  readonly bytes: Buffer;
  at = 0;
  messages = 0;
  texts = 0;
  /** High 32 bits of the last varint; `varint` gives the low ones. */
  high = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  /** Unsigned low 32 bits. */
  varint(end: number): number {
    const { bytes } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw bad("a number is cut off", this.at);
      const byte = bytes[at++]!;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else if (shift < 63) high |= part << (shift - 32);
      else high |= (part & 1) << 31;
      if (byte < 0x80) {
        this.at = at;
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    throw bad("a number is longer than ten bytes", this.at);
  }
  length(end: number): number {
    const at = this.at;
    const length = this.varint(end);
    if (this.high !== 0 || length > end - this.at) throw bad(`a field of ${this.high === 0 ? length : "more than 4 GB"} bytes does not fit into the ${end - this.at} that are left`, at);
    return length;
  }
  countMessage(): void {
    if (++this.messages > MAX_MESSAGES) throw tooMany(MAX_MESSAGES, "messages");
  }
  countText(): void {
    if (++this.texts > MAX_TEXTS) throw tooMany(MAX_TEXTS, "texts");
  }
}

function readMessage(type: MessageType, r: Reader, end: number, depth: number): unknown {
  if (depth > MAX_DEPTH) throw bad("the message is nested too deeply", r.at);
  r.countMessage();
  const made = type.make() as Record<string, unknown>;
  while (r.at < end) {
    const at = r.at;
    const tag = r.varint(end);
    const number = tag >>> 3;
    const wire = tag & 7;
    if (number === 0 || r.high !== 0) throw bad("a field has no valid number", at);
    const field = type.byNumber[number];
    if (field === undefined) {
      skip(r, wire, end, at);
      continue;
    }
    const packed = wire === 2 && field.cardinality === "many" && isPackable(field.type);
    if (!packed && wire !== wireOf(field.type) && field.cardinality !== "map" || (field.cardinality === "map" && wire !== 2)) throw bad(`${type.name}.${field.name} has the wire type ${wire}, which does not fit it`, at);
    switch (field.cardinality) {
      case "one":
        made[field.name] = readValue(field.type, r, end, depth);
        break;
      case "maybe":
        // The last member of a oneof wins.
        if (field.oneof !== undefined) for (const other of type.fields) if (other.oneof === field.oneof) made[other.name] = undefined;
        made[field.name] = readValue(field.type, r, end, depth);
        break;
      case "many": {
        if (packed) made[field.name] = readPacked(field, r, end, made[field.name] as ArrayLike<unknown>);
        else {
          const list = growable(made[field.name] as ArrayLike<unknown>);
          list.push(readValue(field.type, r, end, depth));
          made[field.name] = list;
        }
        break;
      }
      case "map": {
        const before = made[field.name] as Map<unknown, unknown>;
        const entries = before.size === 0 ? new Map<unknown, unknown>() : before;
        readEntry(field, r, end, depth, entries);
        made[field.name] = entries;
      }
    }
  }
  return made;
}

/** The shared empty list is frozen, and typed arrays do not grow. */
function growable(list: ArrayLike<unknown>): unknown[] {
  return list.length === 0 ? [] : Array.isArray(list) ? (list as unknown[]) : Array.from(list);
}

function readEntry(field: Field, r: Reader, end: number, depth: number, entries: Map<unknown, unknown>): void {
  const stop = r.length(end) + r.at;
  r.countMessage();
  let key: unknown = field.key === "string" ? "" : 0;
  let value: unknown;
  while (r.at < stop) {
    const at = r.at;
    const tag = r.varint(stop);
    const number = tag >>> 3;
    const wire = tag & 7;
    if (number === 1 && wire === wireOf(field.key!)) key = readValue(field.key!, r, stop, depth);
    else if (number === 2 && wire === wireOf(field.type)) value = readValue(field.type, r, stop, depth);
    else if (number === 0 || number <= 2) throw bad(`an entry of ${field.name} is malformed`, at);
    else skip(r, wire, stop, at);
  }
  entries.set(key, value ?? emptyValue(field.type));
}
function emptyValue(type: FieldType): unknown {
  if (typeof type === "object") return type.kind === "message" ? type.make() : 0;
  return type === "string" ? "" : type === "bytes" ? new Uint8Array(0) : type === "bool" ? false : 0;
}

function readValue(type: FieldType, r: Reader, end: number, depth: number): unknown {
  if (typeof type === "object") {
    if (type.kind === "enum") return r.varint(end) | 0;
    const length = r.length(end);
    return readMessage(type, r, r.at + length, depth + 1);
  }
  switch (type) {
    case "string": case "bytes": {
      const length = r.length(end);
      const at = r.at;
      r.at += length;
      r.countText();
      return type === "bytes" ? r.bytes.subarray(at, at + length) : text(r.bytes, at, at + length);
    }
    default: return readScalar(type, r, end);
  }
}

function readScalar(type: ScalarType, r: Reader, end: number): number | bigint | boolean {
  switch (type) {
    case "bool": {
      const low = r.varint(end);
      return low !== 0 || r.high !== 0;
    }
    case "int32": return r.varint(end) | 0;
    case "uint32": return r.varint(end);
    case "int64": return int64(r.varint(end), r.high | 0);
    case "uint64": return int64(r.varint(end), r.high);
    case "double": return r.bytes.readDoubleLE(fixed(r, 8, end));
    default: return r.bytes.readFloatLE(fixed(r, 4, end));
  }
}
function fixed(r: Reader, size: number, end: number): number {
  const at = r.at;
  if (size > end - at) throw bad("a number is cut off", at);
  r.at += size;
  return at;
}

function int64(low: number, high: number): Int64 {
  const value = high * 4294967296 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

function readPacked(field: Field, r: Reader, end: number, before: ArrayLike<unknown>): ArrayLike<unknown> {
  const length = r.length(end);
  const at = r.at;
  const stop = at + length;
  const type = typeof field.type === "object" ? "int32" : field.type;
  if (before.length === 0 && (type === "double" || type === "float")) {
    const size = type === "double" ? 8 : 4;
    if (length % size !== 0) throw bad("a number is cut off", stop);
    r.at = stop;
    const copy = new Uint8Array(r.bytes.subarray(at, stop)).buffer;
    return type === "double" ? new Float64Array(copy) : new Float32Array(copy);
  }
  const list = growable(before);
  while (r.at < stop) list.push(readScalar(type, r, stop));
  return list;
}

function isPackable(type: FieldType): boolean {
  return typeof type === "object" ? type.kind === "enum" : type !== "string" && type !== "bytes";
}
function wireOf(type: FieldType): number {
  if (typeof type === "object") return type.kind === "enum" ? 0 : 2;
  switch (type) {
    case "string": case "bytes": return 2;
    case "double": return 1;
    case "float": return 5;
    default: return 0;
  }
}

/** Fields of newer versions of a message. Groups are of before proto3. */
function skip(r: Reader, wire: number, end: number, at: number): void {
  switch (wire) {
    case 0: r.varint(end); return;
    case 1: fixed(r, 8, end); return;
    case 2: {
      const length = r.length(end);
      r.at += length;
      return;
    }
    case 5: fixed(r, 4, end); return;
    default: throw bad(`the wire type ${wire} is not used in proto3`, at);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function text(bytes: Buffer, start: number, end: number): string {
  const quick = bytes.toString("utf8", start, end);
  if (!quick.includes("\ufffd")) return quick;
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw serverError("grpc-message", "a text is not UTF-8", { where: `byte ${start}`, hint: "Send bytes in a field of bytes.", cause });
  }
}
