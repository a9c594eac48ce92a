// A Protocol Buffers message of TensorFlow's, its fields by number. Fields are found once; what is inside them is read
// when it is asked for.

import { ByteReader } from "../../base/index.ts";
import { readFields, readVarint, type ProtoField } from "../../formats/index.ts";
import { malformed, savedModelError } from "./errors.ts";

const MAX_FIELDS = 4_000_000;
const utf8 = new TextDecoder();

export class Message {
  readonly bytes: Uint8Array;
  readonly #fields = new Map<number, ProtoField[]>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    let count = 0;
    for (const field of readFields(new ByteReader(bytes))) {
      if (++count > MAX_FIELDS) throw savedModelError("savedmodel-limit", `a message has more than ${MAX_FIELDS} fields`);
      const known = this.#fields.get(field.number);
      if (known) known.push(field);
      else this.#fields.set(field.number, [field]);
    }
  }
  #all(number: number): readonly ProtoField[] {
    return this.#fields.get(number) ?? [];
  }
  #last(number: number): ProtoField | undefined {
    return this.#fields.get(number)?.at(-1);
  }
  has(number: number): boolean {
    return this.#fields.has(number);
  }
  #part(field: ProtoField): Uint8Array {
    if (field.wire !== 2) throw malformed(`field ${field.number} of a message has wire type ${field.wire} where a text or a message should be`);
    return this.bytes.subarray(field.start, field.end);
  }
  data(number: number): Uint8Array {
    const field = this.#last(number);
    return field ? this.#part(field) : new Uint8Array(0);
  }
  dataList(number: number): Uint8Array[] {
    return this.#all(number).map((f) => this.#part(f));
  }
  text(number: number): string {
    return utf8.decode(this.data(number));
  }
  texts(number: number): string[] {
    return this.#all(number).map((f) => utf8.decode(this.#part(f)));
  }
  message(number: number): Message | undefined {
    const field = this.#last(number);
    return field && new Message(this.#part(field));
  }
  messages(number: number): Message[] {
    return this.#all(number).map((f) => new Message(this.#part(f)));
  }
  /** map<string, message>. */
  map(number: number): Map<string, Message> {
    return new Map(this.messages(number).map((entry) => [entry.text(1), entry.message(2) ?? new Message(new Uint8Array(0))]));
  }
  /** map<string, string>. */
  textMap(number: number): Map<string, string> {
    return new Map(this.messages(number).map((entry) => [entry.text(1), entry.text(2)]));
  }
  /** A signed 64-bit number. */
  int(number: number): bigint {
    return BigInt.asIntN(64, this.#last(number)?.value ?? 0n);
  }
  /** A number that a position, a size or an enum may be; otherwise NaN. */
  number(number: number): number {
    const value = Number(this.int(number));
    return Number.isSafeInteger(value) ? value : NaN;
  }
  bool(number: number): boolean {
    return this.int(number) !== 0n;
  }
  float(number: number): number {
    return floatOf(Number(BigInt.asUintN(32, this.#last(number)?.value ?? 0n)));
  }
  fixed32(number: number): number {
    return Number(BigInt.asUintN(32, this.#last(number)?.value ?? 0n));
  }
  /** Repeated integers, packed or not. */
  ints(number: number): bigint[] {
    const out: bigint[] = [];
    for (const field of this.#all(number)) {
      if (field.wire !== 2) out.push(BigInt.asIntN(64, field.value));
      else {
        const reader = new ByteReader(this.bytes, field.start, field.end);
        while (reader.left > 0) out.push(BigInt.asIntN(64, readVarint(reader)));
      }
    }
    return out;
  }
  floats(number: number): number[] {
    const out: number[] = [];
    for (const field of this.#all(number)) {
      if (field.wire !== 2) out.push(floatOf(Number(BigInt.asUintN(32, field.value))));
      else {
        const reader = new ByteReader(this.bytes, field.start, field.end);
        while (reader.left > 0) out.push(floatOf(reader.u32("a packed float")));
      }
    }
    return out;
  }
  doubles(number: number): number[] {
    const word = new DataView(new ArrayBuffer(8));
    const of = (bits: bigint): number => {
      word.setBigUint64(0, bits);
      return word.getFloat64(0);
    };
    const out: number[] = [];
    for (const field of this.#all(number)) {
      if (field.wire !== 2) out.push(of(field.value));
      else {
        const reader = new ByteReader(this.bytes, field.start, field.end);
        while (reader.left > 0) out.push(of(reader.u64("a packed double")));
      }
    }
    return out;
  }
}

const scratch = new DataView(new ArrayBuffer(4));
function floatOf(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}
