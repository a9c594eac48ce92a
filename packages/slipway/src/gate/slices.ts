// Parts of labelled data by the values of one column: each text, or quarters of a number's range of values.

import { quantile } from "@slipway/core/stats";
import { numberText } from "../server/index.ts";

export interface Slice {
  readonly name: string;
  readonly rows: readonly number[];
  /** 1 inside, 0 outside. */
  readonly weights: Uint8Array;
}

/** A number with more values than this is cut into quarters. */
const MAX_VALUES = 12;
/** Of a column of texts: the largest ones. */
const MAX_SLICES = 50;

export function slicesOf(values: readonly (string | number | boolean | null)[]): Slice[] {
  const numbers = values.map((v) => (v === null || v === "" ? NaN : Number(v)));
  const distinct = new Set(values);
  const numeric = distinct.size > MAX_VALUES && values.every((v, i) => v === null || v === "" || Number.isFinite(numbers[i]!));
  const cuts = numeric ? quarters(numbers) : [];
  const groups = new Map<string, number[]>();
  values.forEach((v, i) => {
    const name = v === null || v === "" ? "missing" : numeric ? quarterName(numbers[i]!, cuts) : String(v);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [i]);
    else group.push(i);
  });
  return [...groups].sort(([a, x], [b, y]) => (numeric ? x.reduce((s, i) => Math.min(s, numbers[i]!), Infinity) - y.reduce((s, i) => Math.min(s, numbers[i]!), Infinity) : y.length - x.length || (a < b ? -1 : 1)))
    .slice(0, MAX_SLICES).map(([name, rows]) => {
      const weights = new Uint8Array(values.length);
      for (const i of rows) weights[i] = 1;
      return { name, rows, weights };
    });
}

function quarters(numbers: readonly number[]): number[] {
  const sorted = Float64Array.from(numbers.filter((n) => !Number.isNaN(n))).sort();
  return [0, 0.25, 0.5, 0.75, 1].map((q) => quantile(sorted, q));
}
function quarterName(value: number, [low, a, b, c, high]: readonly number[]): string {
  const [from, to] = value <= a! ? [low!, a!] : value <= b! ? [a!, b!] : value <= c! ? [b!, c!] : [c!, high!];
  return `${numberText(from)} to ${numberText(to)}`;
}
