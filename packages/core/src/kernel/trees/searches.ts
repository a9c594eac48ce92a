// Which searches code a forest's columns of numbers, and how the numbers come to them: rows are copied whole where most of
// their numbers are asked for.

import type { Numbers } from "../value.ts";
import type { Columns } from "./columns.ts";

/** Bytes tell so many thresholds apart; so many where NaN has a byte of its own. */
const MOST_THRESHOLDS = 255;
const MOST_BESIDE_NAN = 254;
/** Numbers that may be copied for each that is asked for. */
const COPIED = 3;

export interface Search {
  readonly thresholds: Float64Array;
  /** Of the table: a power of two. */
  readonly size: number;
  /** Of its number in a copied row. */
  readonly place: number;
  readonly column: number;
  /** The column that has -infinity in place of NaN; the same one where no other is asked for. */
  readonly lowered: number | undefined;
}
export interface Searches {
  readonly searches: readonly Search[];
  /** Numbers of a copied row. */
  readonly stride: number;
  fill(first: number, count: number, out: Float64Array): void;
}

/** Undefined where a column is asked for too many thresholds. */
export function planSearches(columns: Columns, thresholds: readonly ReadonlySet<number>[]): Searches | undefined {
  const { numbers, origins } = columns;
  const sorted = (...sets: readonly (ReadonlySet<number> | undefined)[]): Float64Array => Float64Array.from(new Set(sets.flatMap((s) => [...(s ?? [])]))).sort();
  if (thresholds.some((t) => t.size > MOST_THRESHOLDS)) return undefined;
  const searchOf = (t: Float64Array, place: number, column: number, lowered: number | undefined): Search => ({ thresholds: t, size: 2 ** Math.max(1, Math.ceil(Math.log2(t.length + (lowered === undefined ? 1 : 2)))), place, column, lowered });
  const joined = origins.map(({ plain, lowered }) => sorted(plain === undefined ? undefined : thresholds[plain], lowered === undefined ? undefined : thresholds[lowered]));
  if (origins.length === 0 || origins.some(({ lowered }, i) => lowered !== undefined && joined[i]!.length > MOST_BESIDE_NAN)) {
    // Each column by itself, filled as the walks have it.
    return { searches: Array.from({ length: numbers }, (_, c) => searchOf(sorted(thresholds[c]), c, c, undefined)), stride: numbers, fill: (first, count, out) => columns.fill(first, count, out, numbers) };
  }
  const [{ source: { store } }] = origins as [Columns["origins"][number]];
  const whole = !store.constant && store.width <= origins.length * COPIED && origins.every(({ source }) => source.store === store);
  const searches = origins.map(({ source, plain, lowered }, i) => searchOf(joined[i]!, whole ? source.place : i, plain ?? lowered!, lowered));
  if (whole) {
    const { width } = store;
    return {
      searches, stride: width,
      fill(first, count, out) {
        const data: Numbers = store.numbers;
        out.set(first === 0 && count * width === data.length ? data : data.subarray(first * width, (first + count) * width));
      },
    };
  }
  return {
    searches, stride: origins.length,
    fill(first, count, out) {
      const stride = origins.length;
      for (const [i, { source }] of origins.entries()) {
        const data: Numbers = source.store.numbers;
        const step = source.store.stride;
        for (let r = 0, at = first * step + source.place, o = i; r < count; r++, at += step, o += stride) out[o] = data[at]!;
      }
    },
  };
}
