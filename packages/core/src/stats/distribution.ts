// How the values of a column are distributed, as counts in bins whose edges are frozen when the reference is made. What is
// counted later has the same bins, so that counts add up exactly however they were split over time and machines.

import { quantile } from "./quantile.ts";

/**
 * `number`: bin i holds values above edge i - 1 and up to edge i, the last bin those above every edge. `length`: the same of
 * a text's length in characters. `category`: a bin for each text, and a last one for all others.
 */
export type Shape =
  | { readonly kind: "number" | "length"; readonly edges: readonly number[]; readonly low: number; readonly high: number }
  | { readonly kind: "category"; readonly values: readonly string[] };

export interface Distribution {
  readonly shape: Shape;
  /** All that were counted, missing ones too. */
  readonly rows: number;
  readonly missing: number;
  readonly bins: readonly number[];
  /** Numbers below the lowest or above the highest of the reference; categories that it did not have. */
  readonly outside: number;
  /** Of finite numbers and lengths. */
  readonly sum: number;
  readonly squares: number;
}

/** A column's values as they are counted: numbers, or texts; null and NaN are missing. */
export type Counted = number | string | null;

const BINS = 10;
/** A number with at most so many values, each of them often there, is counted value by value. */
const FEW_VALUES = 12;
const MAX_CATEGORIES = 200;
const MAX_CATEGORY_LENGTH = 100;

/** Edges and counts of a reference. A list of texts with too many different ones is counted by length. */
export function freeze(values: readonly Counted[]): Distribution {
  const tally = new Tally(shapeOf(values));
  for (const value of values) tally.add(value);
  return tally.read();
}

/** Counts in bins that are given. */
export function freezeIn(shape: Shape, values: Iterable<Counted>): Distribution {
  const tally = new Tally(shape);
  for (const value of values) tally.add(value);
  return tally.read();
}

function shapeOf(values: readonly Counted[]): Shape {
  const present = values.filter((v) => v !== null && !Number.isNaN(v));
  if (present.some((v) => typeof v === "string")) {
    const counts = new Map<string, number>();
    for (const v of present) counts.set(String(v), (counts.get(String(v)) ?? 0) + 1);
    const texts = [...counts.keys()];
    const few = counts.size <= Math.max(FEW_VALUES, Math.min(MAX_CATEGORIES * 5, present.length / 2)) && texts.every((t) => t.length <= MAX_CATEGORY_LENGTH);
    if (few) return { kind: "category", values: texts.sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1)).slice(0, MAX_CATEGORIES) };
    return edgesOf(present.map((v) => lengthOf(String(v))), "length");
  }
  const numbers = present as number[];
  const distinct = new Set(numbers);
  if (distinct.size <= FEW_VALUES && distinct.size * 5 <= numbers.length) return { kind: "category", values: [...distinct].sort((a, b) => a - b).map(String) };
  return edgesOf(numbers, "number");
}

function edgesOf(values: readonly number[], kind: "number" | "length"): Shape {
  const sorted = Float64Array.from(values.filter((v) => Number.isFinite(v))).sort();
  if (sorted.length === 0) return { kind, edges: [], low: 0, high: 0 };
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const edges = Array.from({ length: BINS - 1 }, (_, i) => quantile(sorted, (i + 1) / BINS)).filter((edge) => edge < high);
  return { kind, edges: [...new Set(edges)], low, high };
}

/** In characters, as people count them but for joined ones. */
export function lengthOf(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** Counts values in the bins of a shape. */
export class Tally {
  readonly shape: Shape;
  readonly #places: ReadonlyMap<string, number> | undefined;
  readonly #bins: number[];
  #rows = 0;
  #missing = 0;
  #outside = 0;
  #sum = 0;
  #squares = 0;

  constructor(shape: Shape) {
    this.shape = shape;
    this.#places = shape.kind === "category" ? new Map(shape.values.map((v, i) => [v, i])) : undefined;
    this.#bins = new Array<number>((shape.kind === "category" ? shape.values.length : shape.edges.length) + 1).fill(0);
  }

  add(value: Counted): void {
    this.#rows++;
    if (value === null || Number.isNaN(value)) {
      this.#missing++;
      return;
    }
    const { shape } = this;
    if (shape.kind === "category") {
      const place = this.#places!.get(typeof value === "number" ? String(value + 0) : value);
      if (place === undefined) this.#outside++;
      this.#bins[place ?? shape.values.length]!++;
      if (typeof value === "number") this.#moment(value);
      return;
    }
    const number = shape.kind === "length" ? lengthOf(String(value)) : Number(value);
    if (Number.isNaN(number)) {
      this.#missing++;
      return;
    }
    if (number < shape.low || number > shape.high) this.#outside++;
    this.#bins[binOf(shape.edges, number)]!++;
    this.#moment(number);
  }

  /** Counts made elsewhere in the bins of the same shape. */
  merge(other: Distribution): void {
    if (other.bins.length !== this.#bins.length) throw new RangeError("the counts are of another shape");
    other.bins.forEach((n, i) => (this.#bins[i]! += n));
    this.#rows += other.rows;
    this.#missing += other.missing;
    this.#outside += other.outside;
    this.#sum += other.sum;
    this.#squares += other.squares;
  }

  read(): Distribution {
    return { shape: this.shape, rows: this.#rows, missing: this.#missing, bins: [...this.#bins], outside: this.#outside, sum: this.#sum, squares: this.#squares };
  }

  #moment(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#sum += value;
    this.#squares += value * value;
  }
}

/** How many edges are below the value. */
export function binOf(edges: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean and standard deviation of what has numbers; NaN where there are none. */
export function momentsOf({ rows, missing, sum, squares }: Distribution): { readonly mean: number; readonly deviation: number } {
  const n = rows - missing;
  const mean = sum / n;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / n - mean * mean)) };
}
