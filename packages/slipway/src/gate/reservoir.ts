// A fair sample of a stream (Vitter's algorithm R, 1985): as long as there is room every item is kept, in its order.

import { randomNumbers } from "@slipway/core/stats";

export class Reservoir {
  readonly size: number;
  readonly #random: () => number;
  #seen = 0;

  constructor(size: number, seed: number) {
    this.size = size;
    this.#random = randomNumbers(seed);
  }
  get seen(): number {
    return this.#seen;
  }
  /** Where the next item is kept; undefined: it is not. */
  place(): number | undefined {
    const n = this.#seen++;
    if (n < this.size) return n;
    const at = Math.floor(this.#random() * (n + 1));
    return at < this.size ? at : undefined;
  }
}
