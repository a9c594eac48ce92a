// How many engine calls of a model run at once: one where it runs on this thread, one a worker elsewhere. First come,
// first served, so that the parts of a large request and small requests take turns.

export class Slots {
  readonly size: number;
  #free: number;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
    this.#free = size;
  }

  get allBusy(): boolean {
    return this.#free === 0;
  }

  /** Takes a slot if one is free and nobody waits for it. */
  tryTake(): boolean {
    if (this.#free === 0 || this.#waiting.length > 0) return false;
    this.#free--;
    return true;
  }

  take(): Promise<void> | void {
    if (this.tryTake()) return;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
