// One column or output of a window: counts in the reference's frozen bins, and what else is asked of it. Everything is a whole
// number, a least or a most, so counts of parts merge into exactly those of the whole, in whatever order: sums are kept as
// distances from the reference's mean, rounded to a part of its deviation, and cut where they are beyond any use.

import { binOf, lengthOf, momentsOf, type Distribution, type Shape } from "./distribution.ts";
import { DistinctCounter, mixed } from "./distinct-counter.ts";
import { hashText } from "./distinct.ts";
import { ValueSample } from "./value-sample.ts";

/** Parts of the reference's deviation that a sum counts, and how far from its mean a value counts whole. */
const FINE = 1024;
const FINEST = 2 ** 20;
const COARSE = 32;
const COARSEST = 2 ** 15;

const NUMBER_BITS = 6;
const TEXT_BITS = 8;
const GOLDEN = 0x9e3779b1;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** In one array, so that counting allocates nothing. */
const [ROWS, MISSING, OUTSIDE, LOW, HIGH, SUM, SQUARES] = [0, 1, 2, 3, 4, 5, 6] as const;

export class SeriesCounter {
  readonly shape: Shape;
  readonly bins: Float64Array;
  readonly distinct: DistinctCounter;
  /** Of texts: those that the reference did not have, or that are counted by their length. */
  readonly texts: ValueSample = new ValueSample();
  /** Rows, missing, outside, least, most, sum, squares. */
  readonly totals: Float64Array = Float64Array.of(0, 0, 0, Infinity, -Infinity, 0, 0);
  readonly #edges: Float64Array;
  readonly #texts: ReadonlyMap<string, number>;
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #least: number;
  readonly #most: number;
  readonly #mean: number;
  readonly #deviation: number;
  readonly #scale: number;

  constructor(reference: Distribution) {
    const { shape } = reference;
    const { mean, deviation } = momentsOf(reference);
    this.shape = shape;
    this.#mean = Number.isFinite(mean) ? mean : 0;
    this.#deviation = Number.isFinite(deviation) && deviation > 0 ? deviation : 1;
    this.#scale = 1 / this.#deviation;
    this.bins = new Float64Array(reference.bins.length);
    this.distinct = new DistinctCounter(shape.kind === "number" ? NUMBER_BITS : TEXT_BITS);
    const values = shape.kind === "category" ? shape.values : [];
    this.#texts = new Map(values.map((v, i) => [v, i]));
    this.#numbers = new Map(values.map((v, i) => [Number(v), i]));
    this.#edges = Float64Array.from(shape.kind === "category" ? [] : shape.edges);
    [this.#least, this.#most] = shape.kind === "category" ? [-Infinity, Infinity] : [shape.low, shape.high];
  }

  get rows(): number {
    return this.totals[ROWS]!;
  }
  get missing(): number {
    return this.totals[MISSING]!;
  }
  /** Numbers beyond the reference's, categories that it did not have. */
  get outside(): number {
    return this.totals[OUTSIDE]!;
  }
  get low(): number {
    return this.totals[LOW]!;
  }
  get high(): number {
    return this.totals[HIGH]!;
  }

  /**
   * `count` numbers of a row-major matrix; NaN is missing.
   * @param hashes of the rows: the values are mixed in
   */
  addNumbers(data: Float64Array | readonly number[], start: number, step: number, count: number, hashes: Int32Array): void {
    const { totals, bins, distinct } = this;
    const edges = this.#edges;
    const category = this.shape.kind === "category";
    const least = this.#least;
    const most = this.#most;
    const mean = this.#mean;
    const scale = this.#scale;
    totals[ROWS]! += count;
    for (let row = 0, at = start; row < count; row++, at += step) {
      // Minus zero is zero.
      const value = data[at]! + 0;
      double[0] = value;
      const hash = mixed(Math.imul(words[0]!, GOLDEN) ^ Math.imul(words[1]!, 0x85ebca6b));
      hashes[row] = Math.imul(hashes[row]! ^ hash, GOLDEN);
      if (value !== value) {
        totals[MISSING]!++;
        continue;
      }
      distinct.add(hash);
      this.#moment(value, (value - mean) * scale);
      if (category) {
        const place = this.#numbers.get(value);
        if (place === undefined) this.#unknown(String(value));
        else bins[place]!++;
        continue;
      }
      if (value < least || value > most) totals[OUTSIDE]!++;
      // Looked at one and all: a search would make the processor guess at every step.
      let bin = 0;
      for (let i = 0; i < edges.length; i++) bin += edges[i]! < value ? 1 : 0;
      bins[bin]!++;
    }
  }

  /** @param missing what stands for a missing text */
  addTexts(data: readonly string[], start: number, step: number, count: number, missing: string, hashes: Int32Array): void {
    const { totals, bins, distinct } = this;
    totals[ROWS]! += count;
    for (let row = 0, at = start; row < count; row++, at += step) {
      const text = data[at]!;
      const place = this.#texts.get(text);
      // A known category is told by its place.
      const hash = place !== undefined ? mixed(place + 1) : text === missing ? 0 : hashText(text) | 0;
      hashes[row] = Math.imul(hashes[row]! ^ hash, GOLDEN);
      if (text === missing) {
        totals[MISSING]!++;
        continue;
      }
      distinct.add(hash);
      if (place !== undefined) bins[place]!++;
      else this.#measured(text);
    }
  }

  /** Counts of the same reference. */
  merge(other: SeriesCounter): void {
    if (other.bins.length !== this.bins.length) throw new RangeError("the counts are of another shape");
    for (let i = 0; i < this.bins.length; i++) this.bins[i]! += other.bins[i]!;
    const low = Math.min(this.low, other.low);
    const high = Math.max(this.high, other.high);
    for (const at of [ROWS, MISSING, OUTSIDE, SUM, SQUARES]) this.totals[at]! += other.totals[at]!;
    this.totals[LOW] = low;
    this.totals[HIGH] = high;
    this.distinct.merge(other.distinct);
    this.texts.merge(other.texts);
  }

  /** As drift is told from. */
  get distribution(): Distribution {
    const n = this.rows - this.missing;
    const z = this.totals[SUM]! / FINE;
    const sum = n * this.#mean + z * this.#deviation;
    // Sum of (m + d z)^2, of the sums of z and z^2.
    const squares = n * this.#mean ** 2 + 2 * this.#mean * this.#deviation * z + this.#deviation ** 2 * (this.totals[SQUARES]! / COARSE ** 2);
    return { shape: this.shape, rows: this.rows, missing: this.missing, bins: [...this.bins], outside: this.outside, sum, squares };
  }

  /** A text that is none of the reference's categories. */
  #measured(text: string): void {
    if (this.shape.kind === "category") return this.#unknown(text);
    this.texts.add(text);
    const length = this.shape.kind === "length" ? lengthOf(text) : Number(text);
    if (Number.isNaN(length)) {
      this.totals[OUTSIDE]!++;
      this.bins[this.bins.length - 1]!++;
      return;
    }
    this.#moment(length, (length - this.#mean) * this.#scale);
    if (length < this.#least || length > this.#most) this.totals[OUTSIDE]!++;
    this.bins[binOf(this.#edges, length)]!++;
  }
  #unknown(text: string): void {
    this.totals[OUTSIDE]!++;
    this.bins[this.bins.length - 1]!++;
    this.texts.add(text);
  }
  #moment(value: number, z: number): void {
    const { totals } = this;
    if (value < totals[LOW]!) totals[LOW] = value;
    if (value > totals[HIGH]!) totals[HIGH] = value;
    totals[SUM]! += Math.floor(Math.min(FINEST, Math.max(-FINEST, z * FINE)) + 0.5);
    const coarse = Math.floor(Math.min(COARSEST, Math.max(-COARSEST, z * COARSE)) + 0.5);
    totals[SQUARES]! += coarse * coarse;
  }
}
