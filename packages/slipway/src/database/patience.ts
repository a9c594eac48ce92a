// How long and how often a database that is busy or gone is asked again.

import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 30_000;
const LONGEST_PAUSE_MS = 500;

/** Pauses that grow from 2 ms to half a second, with chance in them, until half a minute is over. */
export class Patience {
  readonly #end: number = Date.now() + PATIENCE_MS;
  #pause = 2;

  /** False when the time is over. */
  async wait(): Promise<boolean> {
    if (Date.now() >= this.#end) return false;
    await sleep(this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 1.6, LONGEST_PAUSE_MS);
    return true;
  }
}
