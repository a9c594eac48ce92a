// A window's counts as bytes: whole numbers as varints (7 bits a byte, the lowest first), registers as four bits each. Some
// 3 KB for thirty columns. Read back for the same references only: the store keeps them by the package's digest.

import { ByteReader, defineErrors, type ErrorMaker } from "../base/index.ts";
import type { DistinctCounter } from "./distinct-counter.ts";
import type { Distribution } from "./distribution.ts";
import type { SeriesCounter } from "./series-counter.ts";
import { WindowCounter } from "./window-counter.ts";

const table = {
  "window-counts": { kind: "invalid", doc: "Stored counts of a monitored window are not those of this model: another package was served under the same name and version, or the store is damaged. Delete the model's windows, or serve the package that they were counted with." },
} as const;
export const windowError: ErrorMaker<typeof table> = defineErrors(table);

type Totals = readonly [rows: number, missing: number, outside: number, low: number, high: number, sum: number, squares: number];

const VERSION = 1;
const MAX_TEXTS = 64;
const MAX_TEXT_BYTES = 512;

export function encodeWindow(window: WindowCounter): Uint8Array {
  const out = new Writer();
  out.count(VERSION);
  out.count(window.series.length);
  for (const n of [window.requests, window.rows, window.refused]) out.count(n);
  out.texts([...window.errors]);
  out.counts(window.latency.counts);
  out.registers(window.distinctRows);
  out.counts(window.sure.counts);
  out.counts(window.sure.sums);
  for (const s of window.series) {
    out.count(s.bins.length);
    const [rows, missing, outside, low, high, sum, squares] = s.totals as unknown as Totals;
    for (const n of [rows, missing, outside, sum < 0 ? -2 * sum - 1 : 2 * sum, squares]) out.count(n);
    out.double(low);
    out.double(high);
    out.counts(s.bins);
    out.registers(s.distinct);
    out.texts(s.texts.entries);
    if (s.texts.entries.length > 0) out.double(s.texts.bound);
  }
  return out.bytes;
}

/** Windows that were counted before the last series were watched have fewer of them. @throws window-counts, bytes-truncated */
export function decodeWindow(references: readonly Distribution[], bytes: Uint8Array): WindowCounter {
  const window = new WindowCounter(references);
  const from = new Reader(bytes);
  if (from.count() !== VERSION) throw wrong();
  const series = from.count();
  if (series > references.length) throw wrong();
  [window.requests, window.rows, window.refused] = [from.count(), from.count(), from.count()];
  for (const [code, n] of from.texts()) window.errors.set(code, n);
  from.counts(window.latency.counts);
  from.registers(window.distinctRows);
  from.counts(window.sure.counts);
  from.counts(window.sure.sums);
  for (const s of window.series.slice(0, series)) readSeries(from, s);
  return window;
}

function readSeries(from: Reader, s: SeriesCounter): void {
  if (from.count() !== s.bins.length) throw wrong();
  const [rows, missing, outside, sum, squares, low, high] = [from.count(), from.count(), from.count(), from.count(), from.count(), from.double(), from.double()];
  s.totals.set([rows, missing, outside, low, high, sum % 2 === 1 ? -(sum + 1) / 2 : sum / 2, squares]);
  from.counts(s.bins);
  from.registers(s.distinct);
  const texts = from.texts();
  if (texts.length > 0) s.texts.restore(texts, from.double());
}

function wrong(): Error {
  return windowError("window-counts", "the counts of a window do not fit the package's profile");
}

class Writer {
  #room = new Uint8Array(4096);
  #size = 0;

  get bytes(): Uint8Array {
    return this.#room.slice(0, this.#size);
  }
  count(value: number): void {
    let left = value;
    while (left >= 128) {
      this.#byte((left % 128) + 128);
      left = Math.floor(left / 128);
    }
    this.#byte(left);
  }
  /** Where each that is not 0 stands after the last, and it. */
  counts(values: ArrayLike<number>): void {
    const taken: [number, number][] = [];
    let last = -1;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) continue;
      taken.push([i - last, values[i]!]);
      last = i;
    }
    this.count(taken.length);
    for (const [gap, n] of taken) {
      this.count(gap);
      this.count(n);
    }
  }
  registers({ registers }: DistinctCounter): void {
    if (registers.reduce((n, r) => n + (r > 0 ? 1 : 0), 0) * 4 < registers.length) {
      this.#byte(0);
      this.counts(registers);
      return;
    }
    this.#byte(1);
    for (let i = 0; i < registers.length; i += 2) this.#byte(registers[i]! | (registers[i + 1]! << 4));
  }
  double(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    for (const byte of bytes) this.#byte(byte);
  }
  texts(entries: readonly (readonly [string, number])[]): void {
    this.count(entries.length);
    for (const [text, n] of entries) {
      const bytes = new TextEncoder().encode(text);
      this.count(bytes.length);
      for (const byte of bytes) this.#byte(byte);
      this.count(n);
    }
  }
  #byte(value: number): void {
    if (this.#size === this.#room.length) {
      const room = new Uint8Array(2 * this.#size);
      room.set(this.#room);
      this.#room = room;
    }
    this.#room[this.#size++] = value;
  }
}

class Reader {
  readonly #from: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#from = new ByteReader(bytes);
  }
  count(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#from.u8("a count");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw wrong();
  }
  counts(into: Float64Array | Uint8Array): void {
    const taken = this.count();
    let at = -1;
    for (let i = 0; i < taken; i++) {
      at += this.count();
      if (!(at < into.length)) throw wrong();
      into[at] = this.count();
    }
  }
  registers({ registers }: DistinctCounter): void {
    if (this.#from.u8("registers") === 0) return this.counts(registers);
    for (let i = 0; i < registers.length; i += 2) {
      const byte = this.#from.u8("registers");
      registers[i] = byte & 15;
      registers[i + 1] = byte >> 4;
    }
  }
  double(): number {
    return this.#from.f64be("a number");
  }
  texts(): [string, number][] {
    const taken = this.count();
    if (taken > MAX_TEXTS) throw wrong();
    return Array.from({ length: taken }, () => {
      const length = this.count();
      if (length > MAX_TEXT_BYTES) throw wrong();
      const text = new TextDecoder().decode(this.#from.slice(length, "a text"));
      return [text, this.count()];
    });
  }
}
