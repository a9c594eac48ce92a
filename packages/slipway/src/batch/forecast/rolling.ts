// Windows over the last values of a series, as pandas' Series.shift(s).rolling(w) makes them: its online algorithms (Kahan's
// summation, Welford's variance), one value added and one removed a period, so that the last bits are those of a column that was
// computed at once. After pandas/_libs/window/aggregations.pyx, version 3.

import type { RollingColumn } from "@slipway/core/package";

/** The last values of a series by their place in it; the first is 0. */
export class Ring {
  readonly #values: Float64Array;
  length = 0;
  constructor(size: number) {
    this.#values = new Float64Array(size);
  }
  push(value: number): void {
    this.#values[this.length++ % this.#values.length] = value;
  }
  /** NaN before the first. `place`: among the last ones that there is room for. */
  at(place: number): number {
    return place < 0 ? NaN : this.#values[place % this.#values.length]!;
  }
}

/** One window, moved on by a period after each value that is pushed. */
export interface Window {
  /** The ring has one more value. */
  move(): void;
  /** For the period behind the ring's last value. */
  value(): number;
}

export function windowOf(column: RollingColumn, ring: Ring): Window {
  switch (column.stat) {
    case "mean": case "sum": return new Sums(column, ring);
    case "var": case "std": return new Variance(column, ring);
    case "min": case "max": case "median": return new Order(column, ring);
  }
}

/** What is added and removed when a window moves: `end` is behind its last place. */
abstract class Moving implements Window {
  protected readonly column: RollingColumn;
  protected readonly ring: Ring;
  /** Numbers in the window, and how many of the last ones are the same. */
  protected count = 0;
  protected same = 0;
  protected before = NaN;
  constructor(column: RollingColumn, ring: Ring) {
    this.column = column;
    this.ring = ring;
  }
  protected abstract clear(): void;
  protected abstract add(value: number): void;
  protected abstract remove(value: number): void;
  abstract value(): number;
  /** Whether what is kept has lost too many digits by what was removed. */
  protected isSpoilt(): boolean {
    return false;
  }

  move(): void {
    const { window, shift } = this.column;
    // The window of the next period ends with this place, which the shifted column has there.
    const place = this.ring.length - shift;
    if (window === 1) this.#restart();
    else if (place - window >= 0) this.#drop(this.ring.at(place - window));
    this.#take(this.ring.at(place));
    if (!this.isSpoilt()) return;
    this.#restart();
    for (let at = Math.max(0, place - window + 1); at <= place; at++) this.#take(this.ring.at(at));
  }
  #restart(): void {
    this.count = this.same = 0;
    this.before = NaN;
    this.clear();
  }
  #take(value: number): void {
    if (value !== value) return;
    this.count++;
    this.same = value === this.before ? this.same + 1 : 1;
    this.before = value;
    this.add(value);
  }
  #drop(value: number): void {
    if (value !== value) return;
    this.count--;
    this.remove(value);
  }
}

class Sums extends Moving {
  #sum = 0;
  #negative = 0;
  #addLost = 0;
  #removeLost = 0;
  protected clear(): void {
    this.#sum = this.#negative = this.#addLost = this.#removeLost = 0;
  }
  protected add(value: number): void {
    const y = value - this.#addLost;
    const t = this.#sum + y;
    this.#addLost = t - this.#sum - y;
    this.#sum = t;
    if (isNegative(value)) this.#negative++;
  }
  protected remove(value: number): void {
    const y = -value - this.#removeLost;
    const t = this.#sum + y;
    this.#removeLost = t - this.#sum - y;
    this.#sum = t;
    if (isNegative(value)) this.#negative--;
  }
  value(): number {
    const { stat, minPeriods } = this.column;
    const { count } = this;
    if (stat === "sum") {
      if (count === 0 && minPeriods === 0) return 0;
      if (count < minPeriods) return NaN;
      return this.same >= count ? this.before * count : this.#sum;
    }
    if (count < minPeriods || count === 0) return NaN;
    if (this.same >= count) return this.before;
    const mean = this.#sum / count;
    // What is left of rounding has no sign.
    return (this.#negative === 0 && mean < 0) || (this.#negative === count && mean > 0) ? 0 : mean;
  }
}
function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** Three digits of a double are left. */
const SPOILT = Number.EPSILON * 1e3;

class Variance extends Moving {
  #spoilt = false;
  #mean = 0;
  #squares = 0;
  #addLost = 0;
  #removeLost = 0;
  protected clear(): void {
    this.#mean = this.#squares = this.#addLost = this.#removeLost = 0;
    this.#spoilt = false;
  }
  protected override isSpoilt(): boolean {
    return this.#spoilt;
  }
  protected add(value: number): void {
    const before = this.#mean - this.#addLost;
    const y = value - this.#addLost;
    const t = y - this.#mean;
    this.#addLost = t + this.#mean - y;
    this.#mean += t / this.count;
    this.#squares += (value - before) * (value - this.#mean);
  }
  protected remove(value: number): void {
    if (this.count === 0) {
      this.#mean = this.#squares = 0;
      return;
    }
    const before = this.#mean - this.#removeLost;
    const y = value - this.#removeLost;
    const t = y - this.#mean;
    this.#removeLost = t + this.#mean - y;
    this.#mean -= t / this.count;
    const squares = this.#squares;
    this.#squares -= (value - before) * (value - this.#mean);
    if (squares * SPOILT > this.#squares) this.#spoilt = true;
  }
  value(): number {
    const { stat, minPeriods, ddof } = this.column;
    const { count } = this;
    if (count < Math.max(1, minPeriods) || count <= ddof) return NaN;
    const variance = count === 1 || this.same >= count ? 0 : this.#squares / (count - ddof);
    return stat === "var" ? variance : variance < 0 ? 0 : Math.sqrt(variance);
  }
}

class Order implements Window {
  readonly #column: RollingColumn;
  readonly #ring: Ring;
  constructor(column: RollingColumn, ring: Ring) {
    this.#column = column;
    this.#ring = ring;
  }
  move(): void {
    // Looked at where it is asked for.
  }
  value(): number {
    const { stat, window, shift, minPeriods } = this.#column;
    const end = this.#ring.length - shift + 1;
    const values: number[] = [];
    for (let place = Math.max(0, end - window); place < end; place++) {
      const value = this.#ring.at(place);
      if (value === value) values.push(value);
    }
    if (values.length < minPeriods || values.length === 0) return NaN;
    if (stat === "median") {
      values.sort((a, b) => a - b);
      const middle = values.length >> 1;
      return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
    }
    return values.reduce((a, b) => ((stat === "min" ? b < a : b > a) ? b : a));
  }
}
