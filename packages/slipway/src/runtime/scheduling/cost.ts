// What an engine call costs, learnt while it is used: milliseconds = fixed + each * rows, by least squares that forget.
// From it follow how many rows one call may hold, how long what waits will take, and where the model should run.

/** A call of 100 rows later weighs a third. */
const DECAY = 0.99;

export class Cost {
  #w = 0;
  #n = 0;
  #nn = 0;
  #t = 0;
  #nt = 0;
  /** Of the last calls, where rows never differ and the line cannot be told. */
  #mean = 0;

  observe(rows: number, ms: number): void {
    this.#w = this.#w * DECAY + 1;
    this.#n = this.#n * DECAY + rows;
    this.#nn = this.#nn * DECAY + rows * rows;
    this.#t = this.#t * DECAY + ms;
    this.#nt = this.#nt * DECAY + rows * ms;
    this.#mean = this.#t / this.#w;
  }

  get known(): boolean {
    return this.#w > 0;
  }

  /** [fixed, each], in milliseconds, neither negative. */
  get line(): readonly [number, number] {
    if (this.#w === 0) return [0, 0];
    const mean = this.#n / this.#w;
    const spread = this.#nn / this.#w - mean * mean;
    if (!(spread > 1e-6 * mean * mean)) return [0, this.#mean / Math.max(mean, 1)];
    const each = (this.#nt / this.#w - mean * this.#mean) / spread;
    if (each <= 0) return [this.#mean, 0];
    const fixed = this.#mean - each * mean;
    return fixed < 0 ? [0, this.#mean / mean] : [fixed, each];
  }

  /** Milliseconds for one call with so many rows. */
  of(rows: number): number {
    const [fixed, each] = this.line;
    return fixed + each * rows;
  }

  /** The most rows that one call computes within `ms`, at least 1. */
  rowsWithin(ms: number): number {
    const [fixed, each] = this.line;
    if (each <= 0) return Infinity;
    return Math.max(1, Math.floor((ms - fixed) / each));
  }
}
