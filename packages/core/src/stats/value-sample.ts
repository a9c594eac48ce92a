// Which texts there were and how often, for the few with the smallest hashes. A text that is among them at the end was among
// them when it first came, so its count is exact, and samples of parts merge into that of the whole. While there are no more
// different texts than places it is simply all of them.

import { hashText } from "./distinct.ts";

const PLACES = 16;
const MAX_LENGTH = 64;

interface Kept {
  readonly hash: number;
  count: number;
}

export class ValueSample {
  readonly #kept = new Map<string, Kept>();
  #most = Infinity;

  add(value: string, count = 1): void {
    // As it is when it was written and read again.
    const text = (value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value).toWellFormed();
    const known = this.#kept.get(text);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    const hash = hashText(text);
    if (hash >= this.#most) return;
    this.#kept.set(text, { hash, count });
    if (this.#kept.size > PLACES) this.#drop();
  }
  merge(other: ValueSample): void {
    // What either had pushed out is not counted whole.
    this.#most = Math.min(this.#most, other.#most);
    for (const [text, { hash }] of this.#kept) if (hash >= this.#most) this.#kept.delete(text);
    for (const [text, { count }] of other.#kept) this.add(text, count);
  }
  /** Whether it holds every text that there was. */
  get whole(): boolean {
    return this.#most === Infinity;
  }
  /** Texts with this hash or a larger one were pushed out. */
  get bound(): number {
    return this.#most;
  }
  /** As it was written. */
  restore(entries: readonly (readonly [string, number])[], bound: number): void {
    for (const [text, count] of entries) this.#kept.set(text, { hash: hashText(text), count });
    this.#most = bound;
  }
  /** The most frequent first. */
  get entries(): readonly (readonly [value: string, count: number])[] {
    return [...this.#kept].map(([text, { count }]) => [text, count] as const).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  #drop(): void {
    let last: string | undefined;
    let most = -1;
    for (const [text, { hash }] of this.#kept) {
      if (hash <= most) continue;
      most = hash;
      last = text;
    }
    this.#kept.delete(last!);
    this.#most = most;
  }
}
