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
  /** The line through them, drawn when someone asks. */
  #drawn = true;
  #fixed = 0;
  #each = 0;

  observe(rows: number, ms: number): void {
    this.#w = this.#w * DECAY + 1;
    this.#n = this.#n * DECAY + rows;
    this.#nn = this.#nn * DECAY + rows * rows;
    this.#t = this.#t * DECAY + ms;
    this.#nt = this.#nt * DECAY + rows * ms;
    this.#mean = this.#t / this.#w;
    this.#drawn = false;
  }

  get known(): boolean {
    return this.#w > 0;
  }

  /** What a call costs whatever its rows, and each of them: in milliseconds, neither negative. */
  #draw(): void {
    if (this.#drawn) return;
    this.#drawn = true;
    const mean = this.#n / this.#w;
    const spread = this.#nn / this.#w - mean * mean;
    [this.#fixed, this.#each] = [0, this.#mean / Math.max(mean, 1)];
    if (!(spread > 1e-6 * mean * mean)) return;
    const each = (this.#nt / this.#w - mean * this.#mean) / spread;
    const fixed = this.#mean - each * mean;
    if (each <= 0) [this.#fixed, this.#each] = [this.#mean, 0];
    else if (fixed < 0) this.#each = this.#mean / mean;
    else [this.#fixed, this.#each] = [fixed, each];
  }

  /** Milliseconds for one call with so many rows. */
  of(rows: number): number {
    this.#draw();
    return this.#fixed + this.#each * rows;
  }

  /** The most rows that one call computes within `ms`, at least 1. */
  rowsWithin(ms: number): number {
    this.#draw();
    if (this.#each <= 0) return Infinity;
    return Math.max(1, Math.floor((ms - this.#fixed) / this.#each));
  }
}
