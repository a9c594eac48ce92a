// JSON that is mostly numbers (images, embeddings) read from its bytes: lists of numbers become Float64Arrays at once, with
// the values that JSON.parse gives. RFC 8259, in UTF-8; anything unusual is left to the reader that also explains errors.

import { DecimalReader } from "../decimal.ts";

const MAX_DEPTH = 64;
/** Shorter lists of numbers stay plain: a typed array costs more than it gives. */
const MIN_TYPED = 16;
const CHUNK = 2 ** 16;
/** Below this many bytes nothing is gained. */
const MANY_BYTES = 1024;

/** Left to another reader; no error of the request yet. */
const UNUSUAL: unique symbol = Symbol("unusual");

/** The value, with a Float64Array in the place of every long list of numbers below the outermost one; undefined: read it another way. */
export function readNumbersJson(bytes: Uint8Array): unknown {
  if (bytes.length < MANY_BYTES) return undefined;
  const reader = new Reader(bytes);
  try {
    return reader.whole();
  } catch (thrown) {
    if (thrown === UNUSUAL) return undefined;
    throw thrown;
  }
}

class Reader {
  readonly #bytes: Buffer;
  readonly #decimals = new DecimalReader();
  #at = 0;
  /** Where numbers go. Lists share it, as a buffer for each of them keeps the collector busy. */
  #numbers: Float64Array;
  #used = 0;
  /** How many lists in a row had a number that is not read here: their like go to JSON.parse at once. */
  #long = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#numbers = new Float64Array(Math.min(CHUNK, Math.ceil(bytes.length / 2)));
  }

  whole(): unknown {
    const value = this.#value(0);
    if (this.#next() !== undefined) throw UNUSUAL;
    return value;
  }

  /** The next byte that is no white space. */
  #next(): number | undefined {
    const bytes = this.#bytes;
    let c = bytes[this.#at];
    while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++this.#at];
    return c;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw UNUSUAL;
    const c = this.#next();
    if (c === 0x5b) return this.#list(depth);
    if (c === 0x7b) return this.#object(depth);
    if (c === 0x22) return this.#text();
    return this.#scalar();
  }

  #list(depth: number): unknown {
    this.#at++;
    const c = this.#next();
    if (c === 0x5d) {
      this.#at++;
      return [];
    }
    if (depth > 0 && (c === 0x2d || (c !== undefined && c >= 0x30 && c <= 0x39))) {
      const numbers = this.#numberList();
      if (numbers !== undefined) return numbers;
    }
    const list: unknown[] = [];
    for (;;) {
      list.push(this.#value(depth + 1));
      const after = this.#next();
      this.#at++;
      if (after === 0x5d) return list;
      if (after !== 0x2c) throw UNUSUAL;
    }
  }

  /** A list of nothing but numbers, from its first one on; undefined, and where it was, when it is another list. */
  #numberList(): Float64Array | number[] | undefined {
    const start = this.#at;
    const count = this.#long > 3 ? -1 : this.#plainNumbers();
    if (count >= 0) {
      this.#long = 0;
      const numbers = this.#numbers.subarray(this.#used, this.#used + count);
      if (count < MIN_TYPED) return Array.from(numbers);
      this.#used += count;
      return numbers;
    }
    this.#long++;
    const end = this.#bytes.indexOf(0x5d, start);
    if (end < 0) throw UNUSUAL;
    let list: unknown[];
    try {
      list = JSON.parse(`[${this.#bytes.toString("latin1", start, end)}]`) as unknown[];
    } catch {
      list = [undefined];
    }
    for (let i = 0; i < list.length; i++) {
      if (typeof list[i] === "number") continue;
      this.#at = start;
      return undefined;
    }
    this.#at = end + 1;
    return list.length < MIN_TYPED ? list as number[] : new Float64Array(list as number[]);
  }

  /** Reads to behind the closing bracket and says how many; -1 at a number or anything else that is not read here. */
  #plainNumbers(): number {
    const bytes = this.#bytes;
    const decimals = this.#decimals;
    let numbers = this.#numbers;
    let used = this.#used;
    let at = this.#at;
    let count = 0;
    for (;;) {
      let c = bytes[at]!;
      while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at]!;
      const value = decimals.read(bytes, at);
      if (!decimals.inJson || value !== value) return -1;
      at = decimals.end;
      c = bytes[at]!;
      while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at]!;
      if (used + count === numbers.length) {
        const more = new Float64Array(Math.max(CHUNK, count * 2));
        more.set(numbers.subarray(used));
        this.#numbers = numbers = more;
        this.#used = used = 0;
      }
      numbers[used + count++] = value;
      at++;
      if (c === 0x5d) {
        this.#at = at;
        return count;
      }
      // An exponent among others.
      if (c !== 0x2c) return -1;
    }
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    if (this.#next() === 0x7d) {
      this.#at++;
      return object;
    }
    for (;;) {
      if (this.#next() !== 0x22) throw UNUSUAL;
      const name = this.#text();
      if (name === "__proto__" || this.#next() !== 0x3a) throw UNUSUAL;
      this.#at++;
      object[name] = this.#value(depth + 1);
      const after = this.#next();
      this.#at++;
      if (after === 0x7d) return object;
      if (after !== 0x2c) throw UNUSUAL;
    }
  }

  /** A text of printable ASCII without escapes. */
  #text(): string {
    const start = ++this.#at;
    const bytes = this.#bytes;
    for (let at = start; at < bytes.length; at++) {
      const c = bytes[at]!;
      if (c === 0x22) {
        this.#at = at + 1;
        return bytes.toString("latin1", start, at);
      }
      if (c === 0x5c || c < 0x20 || c >= 0x7f) throw UNUSUAL;
    }
    throw UNUSUAL;
  }

  /** A number, true, false or null. */
  #scalar(): unknown {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    while (at < bytes.length && at - start < 400 && !ENDS.has(bytes[at]!)) at++;
    this.#at = at;
    try {
      return JSON.parse(bytes.toString("latin1", start, at)) as unknown;
    } catch {
      throw UNUSUAL;
    }
  }
}

const ENDS: ReadonlySet<number> = new Set([..." \n\r\t,]}"].map((c) => c.charCodeAt(0)));
