// FlatBuffers (https://flatbuffers.dev/internals/) without a schema: tables, vectors and strings by field number. Every
// offset is checked before it is followed, and what is handed out in all is bounded, so that a file in which a thousand
// offsets lead to the same vector cannot take a thousand times its size.

import { defineErrors, type ErrorMaker } from "../base/index.ts";

const table = {
  "flatbuffers-malformed": { kind: "invalid", doc: "The bytes are no valid FlatBuffers message: an offset leads outside of it. The file is damaged or of another format." },
  "flatbuffers-limit": { kind: "limit", doc: "A FlatBuffers message refers to the same data over and over. It was not made by the library it names." },
} as const;
export const flatbuffersError: ErrorMaker<typeof table> = defineErrors(table);

/** How often its size a message may hand out. */
const MOST_REUSE = 4;
const SLACK = 1 << 20;
const utf8 = new TextDecoder();

class Buffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #left: number;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.length * MOST_REUSE + SLACK;
  }
  /** Checks that `count` bytes lie at `at`. */
  check(at: number, count: number, what: string): number {
    if (!(at >= 0 && count >= 0 && at + count <= this.bytes.length)) throw flatbuffersError("flatbuffers-malformed", `${what} lies outside of the message (${count} bytes at ${at} of ${this.bytes.length})`, { where: `byte ${at}` });
    return at;
  }
  spend(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw flatbuffersError("flatbuffers-limit", "the message hands out far more data than it has bytes");
  }
  u16(at: number, what: string): number {
    return this.view.getUint16(this.check(at, 2, what), true);
  }
  u32(at: number, what: string): number {
    return this.view.getUint32(this.check(at, 4, what), true);
  }
  follow(at: number, what: string): number {
    return at + this.u32(at, what);
  }
}

/** One table. Fields that are left out have the default that is given. */
export class FlatTable {
  readonly #b: Buffer;
  readonly #at: number;
  readonly #vtable: number;
  readonly #slots: number;

  private constructor(b: Buffer, at: number) {
    this.#b = b;
    this.#at = b.check(at, 4, "a table");
    this.#vtable = at - b.view.getInt32(at, true);
    const size = b.u16(this.#vtable, "a table's description");
    b.check(this.#vtable, size, "a table's description");
    this.#slots = Math.max(0, (size - 4) >> 1);
    b.spend(16);
  }
  /** The root of a message. */
  static root(bytes: Uint8Array): FlatTable {
    const b = new Buffer(bytes);
    return new FlatTable(b, b.follow(0, "the root"));
  }
  #field(id: number): number | undefined {
    if (id >= this.#slots) return undefined;
    const offset = this.#b.u16(this.#vtable + 4 + 2 * id, "a field");
    return offset === 0 ? undefined : this.#at + offset;
  }
  has(id: number): boolean {
    return this.#field(id) !== undefined;
  }
  int8(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === undefined ? fallback : this.#b.view.getInt8(this.#b.check(at, 1, "a field"));
  }
  bool(id: number, fallback = false): boolean {
    return this.int8(id, fallback ? 1 : 0) !== 0;
  }
  int32(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === undefined ? fallback : this.#b.view.getInt32(this.#b.check(at, 4, "a field"), true);
  }
  float(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === undefined ? fallback : this.#b.view.getFloat32(this.#b.check(at, 4, "a field"), true);
  }
  double(id: number, fallback = 0): number {
    const at = this.#field(id);
    return at === undefined ? fallback : this.#b.view.getFloat64(this.#b.check(at, 8, "a field"), true);
  }
  string(id: number): string | undefined {
    const at = this.#field(id);
    return at === undefined ? undefined : this.#text(this.#b.follow(at, "a text"));
  }
  #text(at: number): string {
    const length = this.#b.u32(at, "a text");
    this.#b.check(at + 4, length, "a text");
    this.#b.spend(length);
    return utf8.decode(this.#b.bytes.subarray(at + 4, at + 4 + length));
  }
  table(id: number): FlatTable | undefined {
    const at = this.#field(id);
    return at === undefined ? undefined : new FlatTable(this.#b, this.#b.follow(at, "a table"));
  }
  /** Where a vector's elements begin, and how many there are. */
  #vector(id: number, size: number): readonly [number, number] | undefined {
    const field = this.#field(id);
    if (field === undefined) return undefined;
    const at = this.#b.follow(field, "a vector");
    const count = this.#b.u32(at, "a vector");
    this.#b.check(at + 4, count * size, "a vector");
    this.#b.spend(count * size);
    return [at + 4, count];
  }
  vectorLength(id: number): number {
    return this.#vector(id, 0)?.[1] ?? 0;
  }
  tables(id: number): FlatTable[] {
    const [at, count] = this.#vector(id, 4) ?? [0, 0];
    return Array.from({ length: count }, (_, i) => new FlatTable(this.#b, this.#b.follow(at + 4 * i, "a table")));
  }
  strings(id: number): string[] {
    const [at, count] = this.#vector(id, 4) ?? [0, 0];
    return Array.from({ length: count }, (_, i) => this.#text(this.#b.follow(at + 4 * i, "a text")));
  }
  /** Copies: elements need not be aligned in the file. `size` is that of one struct. */
  bytes(id: number, size = 1): Uint8Array {
    const [at, count] = this.#vector(id, size) ?? [0, 0];
    return this.#b.bytes.slice(at, at + count * size);
  }
  int32s(id: number): Int32Array {
    return new Int32Array(this.bytes(id, 4).buffer);
  }
  uint32s(id: number): Uint32Array {
    return new Uint32Array(this.bytes(id, 4).buffer);
  }
  floats(id: number): Float32Array {
    return new Float32Array(this.bytes(id, 4).buffer);
  }
  doubles(id: number): Float64Array {
    return new Float64Array(this.bytes(id, 8).buffer);
  }
}
