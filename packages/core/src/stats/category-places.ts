// Where a text stands among a column's categories. Texts come again and again, mostly as the same string: a few of them are
// remembered by their length and some of their characters, which takes half the time of looking into the map.

import { mixed } from "./distinct-counter.ts";

const MOST_LENGTH = 100;
const [LEAST_SLOTS, MOST_SLOTS] = [64, 1024];

export class CategoryPlaces {
  readonly #places: ReadonlyMap<string, number>;
  readonly #texts: string[];
  readonly #known: Int32Array;
  /** Mixed bits of each place. */
  readonly hashes: Int32Array;

  constructor(values: readonly string[]) {
    this.#places = new Map(values.map((value, place) => [value, place]));
    let slots = LEAST_SLOTS;
    while (slots < MOST_SLOTS && slots < 4 * values.length) slots *= 2;
    // The empty text is in its slot from the beginning.
    this.#texts = new Array<string>(slots).fill("");
    this.#known = new Int32Array(slots).fill(this.#places.get("") ?? -1);
    this.hashes = Int32Array.from(values, (_, place) => mixed(place + 1));
  }

  /** -1: it is none of them. */
  of(text: string): number {
    const { length } = text;
    const slot = (length + 7 * text.charCodeAt(length - 1) + 31 * text.charCodeAt(length >> 1)) & (this.#known.length - 1);
    if (this.#texts[slot] === text) return this.#known[slot]!;
    const place = this.#places.get(text) ?? -1;
    if (length <= MOST_LENGTH) {
      this.#texts[slot] = text;
      this.#known[slot] = place;
    }
    return place;
  }
}

const known = new WeakMap<readonly string[], CategoryPlaces>();

/** The same for all who count in these categories. */
export function placesAmong(values: readonly string[]): CategoryPlaces {
  let places = known.get(values);
  if (places === undefined) known.set(values, (places = new CategoryPlaces(values)));
  return places;
}
