// Rows of numbers that wait to be counted: many at once cost a fraction of what they cost one by one. Where there is WebAssembly
// with vectors they are counted by it (number-kernel.ts), elsewhere by SeriesCounter; the counts are the same to the last bit.

import { DistinctCounter } from "./distinct-counter.ts";
import type { Distribution } from "./distribution.ts";
import { BYTES_OF_BINS, countingOver, groupBytes, MOST_EDGES, PLACES, REGISTERS, type CountGroup } from "./number-kernel.ts";
import { HASH_WORDS, scaleOf } from "./series-counter.ts";
import { hasVectors } from "../wasm/index.ts";
import type { WindowCounter } from "./window-counter.ts";

/** A column of the matrix, and which of a window's series counts it. */
export interface NumberColumn {
  readonly place: number;
  readonly series: number;
}
/** Four neighbouring columns. */
interface Group {
  readonly at: number;
  readonly first: number;
  /** By place in the group; undefined where the column is not counted. */
  readonly series: readonly (number | undefined)[];
}

const NOTHING = { shape: { kind: "category" }, distinct: new DistinctCounter(0) } as const;
const LANES = 4;
const MOST_ROWS = 1024;
const LEAST_ROWS = 16;
const ROOM = 2 ** 18;
const PAGE = 65_536;
/** Shorter rows are copied number by number: a view of them would cost more. */
const FEW = 48;

export class NumberBlock {
  /** Rows that it has room for. */
  readonly capacity: number;
  /** Rows that wait. */
  rows = 0;
  readonly width: number;
  readonly matrix: Float64Array;
  /** Four words a row, into which columns of texts may be mixed before. */
  readonly hashes: Int32Array;
  readonly #columns: readonly NumberColumn[];
  readonly #references: readonly Distribution[];
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #edges: number;
  #groups: readonly Group[] | undefined;
  #count: CountGroup | undefined;

  /** @param width of the matrix @param columns those that are counted @param vectors false: without WebAssembly */
  constructor(width: number, columns: readonly NumberColumn[], references: readonly Distribution[], vectors: boolean = hasVectors()) {
    this.width = width;
    this.capacity = capacityFor(width);
    this.#columns = columns;
    this.#references = references;
    this.#edges = Math.max(1, ...columns.map((c) => edgesOf(references[c.series]!).length));
    // A group may read beyond the last row's end.
    const [doubles, hashes] = [8 * (this.capacity * width + LANES), 4 * HASH_WORDS * this.capacity];
    const wasm = vectors && columns.length > 0 && this.#edges <= MOST_EDGES;
    const groups = wasm ? groupsOf(columns) : [];
    const bytes = doubles + hashes + groups.length * groupBytes(this.#edges);
    this.#memory = wasm ? new WebAssembly.Memory({ initial: Math.ceil((bytes + 64) / PAGE) }) : undefined;
    const buffer = this.#memory?.buffer ?? new ArrayBuffer(doubles + hashes);
    this.hashes = new Int32Array(buffer, 0, HASH_WORDS * this.capacity);
    this.matrix = new Float64Array(buffer, hashes, this.capacity * width);
    if (wasm) this.#groups = groups.map((g, i) => ({ ...g, at: align(doubles + hashes) + i * groupBytes(this.#edges) }));
  }

  /** Rows `from` to `from + count` of a matrix as wide as this one. There must be room. */
  stage(data: ArrayLike<number | bigint>, from: number, count: number): void {
    const { width, matrix } = this;
    const [start, length, to] = [from * width, count * width, this.rows * width];
    if (length > FEW && data instanceof Float64Array) matrix.set(data.subarray(start, start + length), to);
    else for (let i = 0; i < length; i++) matrix[to + i] = Number(data[start + i]);
    this.hashes.fill(0, HASH_WORDS * this.rows, HASH_WORDS * (this.rows + count));
    this.rows += count;
  }

  /** Counts what waits; hashes of the rows stay until others are staged. @returns how many rows there were */
  count(window: WindowCounter): number {
    const { rows } = this;
    this.rows = 0;
    if (rows === 0) return 0;
    if (this.#groups === undefined) {
      for (const { place, series } of this.#columns) window.series[series]!.addNumbers(this.matrix, place, this.width, rows, this.hashes, place % LANES);
      return rows;
    }
    this.#count ??= this.#prepare();
    for (const group of this.#groups) this.#countGroup(group, window, rows);
    return rows;
  }

  /** What does not change: edges, means, which columns there are. */
  #prepare(): CountGroup {
    const buffer = this.#memory!.buffer;
    for (const { at, series } of this.#groups!) {
      const doubles = (place: number): Float64Array => new Float64Array(buffer, at + place, LANES);
      series.forEach((s, lane) => {
        const reference = s === undefined ? undefined : this.#references[s]!;
        const { mean, scale } = reference === undefined ? { mean: 0, scale: 0 } : scaleOf(reference);
        const category = reference === undefined || reference.shape.kind === "category";
        doubles(PLACES.mean)[lane] = mean;
        doubles(PLACES.scale)[lane] = scale;
        doubles(PLACES.least)[lane] = category ? -Infinity : reference.shape.low;
        doubles(PLACES.most)[lane] = category ? Infinity : reference.shape.high;
        new Int32Array(buffer, at + PLACES.lanes, LANES)[lane] = s === undefined ? 0 : -1;
        const edges = reference === undefined ? [] : edgesOf(reference);
        for (let e = 0; e < this.#edges; e++) doubles(PLACES.edges + 32 * e)[lane] = edges[e] ?? Infinity;
      });
    }
    return countingOver(this.#memory!, this.#edges);
  }

  #countGroup({ at, first, series }: Group, window: WindowCounter, rows: number): void {
    const buffer = this.#memory!.buffer;
    const results = new Float64Array(buffer, at, groupBytes(0) / 8);
    const [bins, whole] = [new Int32Array(buffer, at + PLACES.bins, LANES * (BYTES_OF_BINS / 4)), new BigInt64Array(buffer, at, groupBytes(0) / 8)];
    const thresholds = new Int32Array(buffer, at + PLACES.thresholds, LANES);
    const registers = (lane: number): Uint8Array => new Uint8Array(buffer, at + PLACES.registers + lane * REGISTERS, REGISTERS);
    bins.fill(0);
    results.fill(0, PLACES.valid / 8, PLACES.bins / 8);
    series.forEach((s, lane) => {
      results[PLACES.low / 8 + lane] = Infinity;
      results[PLACES.high / 8 + lane] = -Infinity;
      const { shape, distinct } = s === undefined ? NOTHING : window.series[s]!;
      // Of categories only those that come for the first time are looked at.
      thresholds[lane] = shape.kind === "category" ? 0 : distinct.threshold;
      if (shape.kind !== "category") registers(lane).set(distinct.registers);
    });
    this.#count!(this.matrix.byteOffset + 8 * first, 8 * this.width, rows, this.hashes.byteOffset, at);
    series.forEach((s, lane) => {
      if (s === undefined) return;
      const counter = window.series[s]!;
      const of = (place: number): number => results[place / 8 + lane]!;
      counter.addCounted({ rows, missing: rows - Number(whole[PLACES.valid / 8 + lane]), outside: Number(whole[PLACES.outside / 8 + lane]), low: of(PLACES.low), high: of(PLACES.high), sum: of(PLACES.sum), squares: of(PLACES.squares) });
      if (counter.shape.kind === "category") counter.addCategories(this.matrix, first + lane, this.width, rows);
      else {
        counter.distinct.registers.set(registers(lane));
        for (let b = 0; b < counter.bins.length; b++) counter.bins[b]! += bins[lane * (BYTES_OF_BINS / 4) + b]!;
      }
    });
  }
}

export function capacityFor(width: number): number {
  return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, Math.floor(ROOM / (8 * Math.max(1, width)))));
}

function groupsOf(columns: readonly NumberColumn[]): Omit<Group, "at">[] {
  const groups = new Map<number, (number | undefined)[]>();
  for (const { place, series } of columns) {
    const first = place - (place % LANES);
    const list = groups.get(first) ?? new Array<undefined>(LANES).fill(undefined);
    list[place % LANES] = series;
    groups.set(first, list);
  }
  return [...groups].map(([first, series]) => ({ first, series }));
}

function edgesOf({ shape }: Distribution): readonly number[] {
  return shape.kind === "category" ? [] : shape.edges;
}
function align(address: number): number {
  return (address + 15) & ~15;
}
