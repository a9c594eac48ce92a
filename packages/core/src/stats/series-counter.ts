// One column or output of a window: counts in the reference's frozen bins, and what else is asked of it. Everything is a whole
// number, a least or a most, so counts of parts merge into exactly those of the whole, in whatever order: sums are kept as
// distances from the reference's mean, rounded to a part of its deviation, and cut where they are beyond any use.

import { placesAmong, type CategoryPlaces } from "./category-places.ts";
import { EdgeSearch } from "./edge-search.ts";
import { binOf, lengthOf, momentsOf, type Distribution, type Shape } from "./distribution.ts";
import { DistinctCounter, mixed } from "./distinct-counter.ts";
import { hashText } from "./distinct.ts";
import { ValueSample } from "./value-sample.ts";

/** Parts of the reference's deviation that a sum counts, and how far from its mean a value counts whole. */
const FINE = 1024;
export const FINEST: number = 2 ** 20;
/** Of a sum of squares: fewer, in twice as many bits. */
const COARSE = 32;
export const COARSER: number = Math.log2(FINE / COARSE);
export const HALF_OF_COARSE: number = FINE / COARSE / 2;
/** A double above this one has its whole part in its lower half: adding it rounds, to the even of two that are as near. */
export const ROUNDING: number = 1.5 * 2 ** 52;

export const NUMBER_BITS = 6;
const TEXT_BITS = 8;
/** By which the lower and the upper half of a double are multiplied. */
export const GOLDEN = 0x9e3779b1;
export const HIGH_WORD = 0x85ebca6b;
/** Every NaN is taken for this one: its halves, the lower first. */
export const NAN_WORDS: readonly [number, number, number, number] = [0, 0x7ff80000, 0, 0x7ff80000];

const NAN_HASH = mixed(Math.imul(NAN_WORDS[0], GOLDEN) ^ Math.imul(NAN_WORDS[1], HIGH_WORD));
/** Fewer categories are looked for one after the other. */
const FEW = 16;
/** Fewer edges are all looked at: a search would make the processor guess at every step. */
const FEW_EDGES = 16;
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** In one array, so that counting allocates nothing. */
const [ROWS, MISSING, OUTSIDE, LOW, HIGH, SUM, SQUARES] = [0, 1, 2, 3, 4, 5, 6] as const;

function hashNumber(value: number): number {
  double[0] = value;
  return mixed(Math.imul(words[0]!, GOLDEN) ^ Math.imul(words[1]!, HIGH_WORD));
}

export interface CountedNumbers {
  readonly rows: number;
  readonly missing: number;
  readonly outside: number;
  readonly low: number;
  readonly high: number;
  /** In whole parts of the reference's deviation from its mean. */
  readonly sum: number;
  readonly squares: number;
}

/** By what numbers are measured: the reference's mean and deviation, where it has them; `scale` is fine parts a unit. */
export function scaleOf(reference: Distribution): { readonly mean: number; readonly deviation: number; readonly scale: number } {
  const moments = momentsOf(reference);
  const mean = Number.isFinite(moments.mean) ? moments.mean : 0;
  const deviation = Number.isFinite(moments.deviation) && moments.deviation > 0 && Number.isFinite(FINE / moments.deviation) ? moments.deviation : 1;
  return { mean, deviation, scale: FINE / deviation };
}
/** A value's distance from the mean in fine parts, which never falls as the value rises. */
export function fineOf(value: number, mean: number, scale: number): number {
  return Math.min(FINEST, Math.max(-FINEST, (value - mean) * scale)) + ROUNDING - ROUNDING;
}

export class SeriesCounter {
  readonly shape: Shape;
  readonly bins: Float64Array;
  readonly distinct: DistinctCounter;
  /** Of texts: those that the reference did not have, or that are counted by their length. */
  readonly texts: ValueSample = new ValueSample();
  /** Rows, missing, outside, least, most, sum, squares. */
  readonly totals: Float64Array = Float64Array.of(0, 0, 0, Infinity, -Infinity, 0, 0);
  readonly #edges: Float64Array;
  #search: EdgeSearch | undefined;
  /** Of categories. */
  readonly #texts: CategoryPlaces | undefined;
  readonly #numbers: readonly number[];
  readonly #numberPlaces: ReadonlyMap<number, number>;
  readonly #least: number;
  readonly #most: number;
  readonly #mean: number;
  readonly #deviation: number;
  readonly #scale: number;

  constructor(reference: Distribution) {
    const { shape } = reference;
    const { mean, deviation, scale } = scaleOf(reference);
    this.shape = shape;
    this.#mean = mean;
    this.#deviation = deviation;
    this.#scale = scale;
    this.bins = new Float64Array(reference.bins.length);
    this.distinct = new DistinctCounter(shape.kind === "number" ? NUMBER_BITS : TEXT_BITS);
    const values = shape.kind === "category" ? shape.values : [];
    this.#texts = shape.kind === "category" ? placesAmong(shape.values) : undefined;
    this.#numbers = values.map(Number);
    this.#numberPlaces = new Map(this.#numbers.map((v, i) => [v, i]));
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
   * @param hashes of the rows, from the place `first` on: the values are mixed into them
   */
  addNumbers(data: Float64Array | readonly number[], start: number, step: number, count: number, hashes?: Int32Array, first = 0): void {
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
      const there = value === value;
      const hash = there ? hashNumber(value) : NAN_HASH;
      if (hashes !== undefined) hashes[first + row] = Math.imul(hashes[first + row]! ^ hash, GOLDEN);
      if (!there) {
        totals[MISSING]!++;
        continue;
      }
      this.#moment(value, fineOf(value, mean, scale));
      if (category) {
        this.#category(value, hash);
        continue;
      }
      distinct.add(hash);
      if (value < least || value > most) totals[OUTSIDE]!++;
      let bin = 0;
      if (edges.length > FEW_EDGES) bin = (this.#search ??= new EdgeSearch(edges)).below(value);
      else for (let i = 0; i < edges.length; i++) bin += edges[i]! < value ? 1 : 0;
      bins[bin]!++;
    }
  }

  /** What was counted elsewhere of numbers; of categories all but which they are. */
  addCounted({ rows, missing, outside, low, high, sum, squares }: CountedNumbers): void {
    const { totals } = this;
    totals[ROWS]! += rows;
    totals[MISSING]! += missing;
    totals[OUTSIDE]! += outside;
    totals[LOW] = Math.min(totals[LOW]!, low);
    totals[HIGH] = Math.max(totals[HIGH]!, high);
    totals[SUM]! += sum;
    totals[SQUARES]! += squares;
  }
  /** Which they are, of numbers that are categories. */
  addCategories(data: Float64Array, start: number, step: number, count: number): void {
    for (let row = 0, at = start; row < count; row++, at += step) {
      const value = data[at]! + 0;
      if (value === value) this.#category(value);
    }
  }

  /** @param missing what stands for a missing text @param hashes as of numbers */
  addTexts(data: readonly string[], start: number, step: number, count: number, missing: string, hashes?: Int32Array, first = 0): void {
    const { bins } = this;
    const texts = this.#texts;
    this.totals[ROWS]! += count;
    for (let row = 0, at = start; row < count; row++, at += step) {
      const text = data[at]!;
      const place = texts === undefined ? -1 : texts.of(text);
      let hash: number;
      if (place >= 0) {
        // A known category is told by its place, and one that is counted already was seen already.
        hash = texts!.hashes[place]!;
        if (bins[place]!++ === 0) this.distinct.add(hash);
      } else hash = this.#other(text, missing);
      if (hashes !== undefined) hashes[first + row] = Math.imul(hashes[first + row]! ^ hash, GOLDEN);
    }
  }
  /** A text that came so many times. */
  addText(text: string, times: number): void {
    this.totals[ROWS]! += times;
    const place = this.#texts?.of(text) ?? -1;
    this.distinct.add(place >= 0 ? this.#texts!.hashes[place]! : hashText(text) | 0);
    if (place >= 0) this.bins[place]! += times;
    else this.#measured(text, times);
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

  /** Of what is none of the reference's categories. @returns its hash */
  #other(text: string, missing: string): number {
    if (text === missing) {
      this.totals[MISSING]!++;
      return 0;
    }
    const hash = hashText(text) | 0;
    this.distinct.add(hash);
    this.#measured(text, 1);
    return hash;
  }
  #measured(text: string, times: number): void {
    if (this.shape.kind === "category") return this.#unknown(text, times);
    this.texts.add(text, times);
    const length = this.shape.kind === "length" ? lengthOf(text) : Number(text);
    if (Number.isNaN(length)) {
      this.totals[OUTSIDE]! += times;
      this.bins[this.bins.length - 1]! += times;
      return;
    }
    this.#moment(length, fineOf(length, this.#mean, this.#scale), times);
    if (length < this.#least || length > this.#most) this.totals[OUTSIDE]! += times;
    this.bins[binOf(this.#edges, length)]! += times;
  }
  #category(value: number, hash?: number): void {
    const numbers = this.#numbers;
    const place = numbers.length <= FEW ? numbers.indexOf(value) : (this.#numberPlaces.get(value) ?? -1);
    // One that is counted already was seen already.
    if (place >= 0 && this.bins[place]!++ > 0) return;
    this.distinct.add(hash ?? hashNumber(value));
    if (place < 0) this.#unknown(String(value), 1);
  }
  #unknown(text: string, times: number): void {
    this.totals[OUTSIDE]! += times;
    this.bins[this.bins.length - 1]! += times;
    this.texts.add(text, times);
  }
  #moment(value: number, fine: number, times = 1): void {
    const { totals } = this;
    if (value < totals[LOW]!) totals[LOW] = value;
    if (value > totals[HIGH]!) totals[HIGH] = value;
    totals[SUM]! += times * fine;
    const coarse = (fine + HALF_OF_COARSE) >> COARSER;
    totals[SQUARES]! += times * (coarse * coarse);
  }
}
