// Rows of numbers that wait to be counted: many at once cost a fraction of what they cost one by one. Where there is WebAssembly
// with vectors they are counted by it (number-kernel.ts), elsewhere by SeriesCounter; the counts are the same to the last bit.

import type { Distribution } from "./distribution.ts";
import { COLUMN_BYTES, countingOver, FARTHEST_SHORT, FIRST_THRESHOLD, MOST_EDGES, PLACES, REGISTERS, ROWS_IN_GROUP, SCRATCH_BYTES, type CountingFunctions } from "./number-kernel.ts";
import { fineOf, scaleOf, type SeriesCounter } from "./series-counter.ts";
import { hasVectors } from "../wasm/index.ts";
import type { WindowCounter } from "./window-counter.ts";

/** A column of the matrix, and which of a window's series counts it. */
export interface NumberColumn {
  readonly place: number;
  readonly series: number;
}
/** Two neighbouring columns; undefined where one is not counted. */
interface Pair {
  readonly first: number;
  readonly columns: readonly (KernelColumn | undefined)[];
}

const MOST_ROWS = 1024;
const LEAST_ROWS = 16;
/** Of the rows, in bytes: they should still be near the processor when they are counted. */
const ROOM = 2 ** 17;
const PAGE = 65_536;
/** Fewer numbers are copied one by one: a view of them would cost more. */
const FEW = 256;

export class NumberBlock {
  /** Rows that it has room for. */
  readonly capacity: number;
  /** Rows that wait. */
  rows = 0;
  readonly width: number;
  readonly matrix: Float64Array;
  /** One word a row, into which columns of texts may be mixed before. */
  readonly hashes: Int32Array;
  readonly #columns: readonly NumberColumn[];
  readonly #references: readonly Distribution[];
  readonly #memory: WebAssembly.Memory | undefined;
  /** Where two columns are put, one after the other. */
  readonly #turned: number;
  /** Made when they are first needed. */
  #pairs: readonly Pair[] = [];
  /** Rows that the kernel counted since `settle`. */
  #counted = 0;

  /** @param width of the matrix @param columns those that are counted @param vectors false: without WebAssembly */
  constructor(width: number, columns: readonly NumberColumn[], references: readonly Distribution[], vectors: boolean = hasVectors()) {
    this.width = width;
    this.capacity = capacityFor(width);
    this.#references = references;
    // As the kernel takes them, as a row's hash depends on the order.
    const others = (c: NumberColumn): number => (isForKernel(references[c.series]!) ? 0 : 1);
    this.#columns = columns.toSorted((a, b) => others(a) - others(b) || a.place - b.place);
    // A pair may read beyond the last row's end.
    const [hashes, doubles] = [4 * this.capacity, 8 * (this.capacity * width + 2)];
    const wasm = vectors && columns.some((c) => isForKernel(references[c.series]!));
    this.#turned = (SCRATCH_BYTES + hashes + doubles + 15) & ~15;
    const bytes = this.#turned + 16 * this.capacity + columns.length * COLUMN_BYTES;
    this.#memory = wasm ? new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) }) : undefined;
    const buffer = this.#memory?.buffer ?? new ArrayBuffer(SCRATCH_BYTES + hashes + doubles);
    this.hashes = new Int32Array(buffer, SCRATCH_BYTES, this.capacity);
    this.matrix = new Float64Array(buffer, SCRATCH_BYTES + hashes, this.capacity * width);
  }

  /** Rows `from` to `from + count` of a matrix as wide as this one. There must be room. */
  stage(data: ArrayLike<number | bigint>, from: number, count: number): void {
    const { width, matrix } = this;
    const [start, length, to] = [from * width, count * width, this.rows * width];
    // One loop for each kind of array: one for all of them would look up what it has in every step.
    if (length > FEW && (data instanceof Float64Array || data instanceof Float32Array)) matrix.set(data.subarray(start, start + length), to);
    else if (data instanceof Float64Array) for (let i = 0; i < length; i++) matrix[to + i] = data[start + i]!;
    else if (data instanceof Float32Array) for (let i = 0; i < length; i++) matrix[to + i] = data[start + i]!;
    else for (let i = 0; i < length; i++) matrix[to + i] = Number(data[start + i]);
    this.rows += count;
  }

  /** Counts the columns of what waits, and the rows themselves. @param hashed false: they have no columns that tell them apart */
  countRows(window: WindowCounter, hashed = true): void {
    const rows = this.count(window);
    window.addRows(rows, hashed ? this.hashes : undefined);
    this.hashes.fill(0, 0, rows);
  }
  /** Counts the columns of what waits. What the kernel counted stays with it until `settle`, for the same window. @returns how many rows there were */
  count(window: WindowCounter): number {
    const { rows } = this;
    this.rows = 0;
    const whole = this.#memory === undefined ? 0 : rows - (rows % ROWS_IN_GROUP);
    if (whole > 0) for (const { first, columns } of this.#preparedPairs()) this.#countPair(first, columns, window, whole);
    this.#counted += whole;
    for (const { place, series } of this.#columns) {
      const done = this.#memory !== undefined && isForKernel(this.#references[series]!) ? whole : 0;
      if (done < rows) window.series[series]!.addNumbers(this.matrix, place + done * this.width, this.width, rows - done, this.hashes, done);
    }
    return rows;
  }
  /** Brings into the window what the kernel counted of it. */
  settle(window: WindowCounter): void {
    if (this.#counted === 0) return;
    for (const { columns } of this.#pairs) for (const column of columns) column?.settle(window.series[column.series]!, this.#counted);
    this.#counted = 0;
  }

  #preparedPairs(): readonly Pair[] {
    if (this.#pairs.length > 0) return this.#pairs;
    let at = this.#turned + 16 * this.capacity;
    const functions = new Map<number, CountingFunctions>();
    const pairs = new Map<number, (KernelColumn | undefined)[]>();
    for (const { place, series } of this.#columns) {
      const reference = this.#references[series]!;
      if (!isForKernel(reference)) continue;
      const edges = edgesOf(reference).length;
      let found = functions.get(edges);
      if (found === undefined) functions.set(edges, found = countingOver(this.#memory!, edges));
      const first = place - (place % 2);
      let pair = pairs.get(first);
      if (pair === undefined) pairs.set(first, pair = [undefined, undefined]);
      pair[place % 2] = new KernelColumn(this.#memory!, at, reference, series, found);
      at += COLUMN_BYTES;
    }
    return (this.#pairs = [...pairs].map(([first, columns]) => ({ first, columns })));
  }

  #countPair(first: number, columns: Pair["columns"], window: WindowCounter, rows: number): void {
    const { matrix, width } = this;
    const other = 8 * this.capacity;
    const turned = this.#turned;
    (columns[0] ?? columns[1])!.functions.turn(matrix.byteOffset + 8 * first, 8 * width, rows, turned, other);
    for (let which = 0; which < 2; which++) {
      const column = columns[which];
      if (column === undefined) continue;
      column.functions.count(turned + other * which, rows, this.hashes.byteOffset, column.at, 8 * which);
      if (column.category) window.series[column.series]!.addCategories(matrix, first + which, width, rows);
    }
  }
}

/** A column's memory: what is known of it beforehand, and what was counted. */
class KernelColumn {
  readonly series: number;
  readonly functions: CountingFunctions;
  readonly at: number;
  readonly category: boolean;
  readonly #edges: number;
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;
  readonly #registers: Uint8Array;

  constructor({ buffer }: WebAssembly.Memory, at: number, reference: Distribution, series: number, functions: CountingFunctions) {
    this.series = series;
    this.functions = functions;
    this.at = at;
    this.category = reference.shape.kind === "category";
    const { mean, scale } = scaleOf(reference);
    const [least, most] = reference.shape.kind === "category" ? [-Infinity, Infinity] : [reference.shape.low, reference.shape.high];
    this.#doubles = new Float64Array(buffer, at, COLUMN_BYTES / 8);
    this.#words = new Int32Array(buffer, at, COLUMN_BYTES / 4);
    this.#registers = new Uint8Array(buffer, at + PLACES.registers, REGISTERS);
    const edges = edgesOf(reference);
    this.#edges = edges.length;
    for (const [place, value] of [["mean", mean], ["scale", scale], ["least", least], ["most", most]] as const) this.#doubles.fill(value, PLACES[place] / 8, PLACES[place] / 8 + 2);
    const shorts = new Int16Array(buffer, at, COLUMN_BYTES / 2);
    const bytes = new Uint8Array(buffer, at, COLUMN_BYTES);
    [...edges, Infinity].forEach((edge, e) => {
      // Beyond the last one nothing is as far as this.
      const distance = e === edges.length ? -FARTHEST_SHORT - 1 : Math.min(FARTHEST_SHORT, Math.max(-FARTHEST_SHORT - 1, fineOf(edge, mean, scale)));
      this.#doubles[PLACES.edges / 8 + e] = edge;
      bytes[PLACES.lower + e] = distance;
      bytes[PLACES.upper + e] = distance >> 8;
      if (e < edges.length) shorts.fill(distance, PLACES.distances / 2 + 8 * e, PLACES.distances / 2 + 8 * e + 8);
    });
    this.#begin();
  }

  /** Nothing is counted yet. */
  #begin(): void {
    const doubles = this.#doubles;
    [doubles[PLACES.low / 8], doubles[PLACES.high / 8], doubles[PLACES.sum / 8], doubles[PLACES.squares / 8], doubles[PLACES.present / 8]] = [Infinity, -Infinity, 0, 0, 0];
    this.#words.fill(0, PLACES.more / 4, PLACES.more / 4 + this.#edges);
    this.#registers.fill(0);
    // Of categories only those that come for the first time are looked at.
    this.#words.fill(this.category ? 0 : FIRST_THRESHOLD, PLACES.threshold / 4, PLACES.threshold / 4 + 4);
  }
  /** @param rows that were counted */
  settle(counter: SeriesCounter, rows: number): void {
    const [words, doubles] = [this.#words, this.#doubles];
    const present = words[PLACES.present / 4]!;
    counter.addCounted({
      rows, missing: rows - present, outside: words[PLACES.beyond / 4]!, low: doubles[PLACES.low / 8]!, high: doubles[PLACES.high / 8]!,
      sum: doubles[PLACES.sum / 8]!, squares: doubles[PLACES.squares / 8]!,
    });
    if (!this.category) {
      counter.distinct.take(this.#registers);
      let above = present;
      for (let e = 0; e < this.#edges; e++) {
        const farther = words[PLACES.more / 4 + e]!;
        counter.bins[e]! += above - farther;
        above = farther;
      }
      counter.bins[this.#edges]! += above;
    }
    this.#begin();
  }
}

export function capacityFor(width: number): number {
  return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, ROWS_IN_GROUP * Math.floor(ROOM / (8 * Math.max(1, width)) / ROWS_IN_GROUP)));
}

/** Others are counted by SeriesCounter. */
function isForKernel(reference: Distribution): boolean {
  return reference.shape.kind !== "length" && edgesOf(reference).length <= MOST_EDGES;
}
function edgesOf({ shape }: Distribution): readonly number[] {
  return shape.kind === "category" ? [] : shape.edges;
}
