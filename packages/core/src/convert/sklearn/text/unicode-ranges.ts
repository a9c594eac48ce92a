// Unicode's general categories L, Nd, Nl and No as ranges of code points, read from their table when first asked for.

import { UNICODE_RANGES } from "./unicode-ranges.generated.ts";

export type Category = keyof typeof UNICODE_RANGES;
const tables = new Map<Category, readonly (readonly [first: number, last: number])[]>();

/** In order, without overlap. */
export function categoryRanges(category: Category): readonly (readonly [first: number, last: number])[] {
  let ranges = tables.get(category);
  if (ranges === undefined) {
    let at = 0;
    const ends = UNICODE_RANGES[category].split(" ").map((step) => (at += Number.parseInt(step, 36)));
    ranges = Array.from({ length: ends.length >> 1 }, (_, i) => [ends[2 * i]!, ends[2 * i + 1]!] as const);
    tables.set(category, ranges);
  }
  return ranges;
}

export function isCategory(name: string): name is Category {
  return Object.hasOwn(UNICODE_RANGES, name);
}

export function isInCategory(code: number, category: Category): boolean {
  const ranges = categoryRanges(category);
  let [low, high] = [0, ranges.length];
  // `low` becomes the number of ranges that begin at `code` or before it.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![0] <= code) low = middle + 1;
    else high = middle;
  }
  return low > 0 && code <= ranges[low - 1]![1];
}
