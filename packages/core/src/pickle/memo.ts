// The memo: numbers to values. Picklers number from 0 without gaps, so an array holds nearly all; the file may do otherwise.

import type { PyValue } from "./values.ts";

export class Memo {
  readonly #dense: PyValue[] = [];
  readonly #sparse = new Map<number, PyValue>();

  /** The number of entries, which is also the index that MEMOIZE uses. */
  get size(): number {
    return this.#dense.length + this.#sparse.size;
  }

  get(index: number): PyValue | undefined {
    return index < this.#dense.length ? this.#dense[index] : this.#sparse.get(index);
  }

  set(index: number, value: PyValue): void {
    if (index < this.#dense.length) this.#dense[index] = value;
    else if (index === this.#dense.length) {
      this.#dense.push(value);
      if (this.#sparse.size > 0) this.#sparse.delete(index);
    } else this.#sparse.set(index, value);
  }
}
