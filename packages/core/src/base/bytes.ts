// Bounded reading of bytes from outside. Every read checks what is left before it touches memory.

import { defineErrors, type ErrorMaker } from "./error.ts";

const table = {
  "bytes-truncated": {
    kind: "invalid",
    doc: "The file ends before something it announces. It was cut off: download or save it again.",
  },
} as const;

export const bytesError: ErrorMaker<typeof table> = defineErrors(table);

/** A cursor over little-endian bytes; offsets are absolute within `bytes`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
    this.end = end;
  }

  get left(): number {
    return this.end - this.offset;
  }

  /** Throws unless `count` more bytes are there; returns the current offset and moves past them. */
  take(count: number, what: string): number {
    const at = this.offset;
    if (!(count >= 0) || count > this.end - at) {
      throw bytesError("bytes-truncated", `${what} needs ${count} bytes, but ${this.end - at} are left`, {
        where: `byte ${at}`,
      });
    }
    this.offset = at + count;
    return at;
  }

  u8(what: string): number {
    return this.bytes[this.take(1, what)]!;
  }
  u16(what: string): number {
    return this.view.getUint16(this.take(2, what), true);
  }
  u32(what: string): number {
    return this.view.getUint32(this.take(4, what), true);
  }
  i32(what: string): number {
    return this.view.getInt32(this.take(4, what), true);
  }
  u64(what: string): bigint {
    return this.view.getBigUint64(this.take(8, what), true);
  }
  f64be(what: string): number {
    return this.view.getFloat64(this.take(8, what), false);
  }
  /** A view, not a copy. */
  slice(count: number, what: string): Uint8Array {
    const at = this.take(count, what);
    return this.bytes.subarray(at, at + count);
  }
}
