// The rows of the drift benches: 60 columns (48 of numbers: normal, lognormal; 12 of categories), one of which changes.

import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { normalNumbers, randomNumbers, WindowCounter, type Distribution } from "../../packages/core/src/stats/index.ts";

export const COLUMNS = 60;
const NUMBERS = 48;
export const WINDOW = 250;
/** The column of numbers that changes, and that of categories. */
export const CHANGED = 7;
export const CATEGORY = 50;
export const DAY = 24;

export type Row = (number | string | null)[];
export interface Stream {
  readonly name: string;
  /** How far column `CHANGED` is moved in that window, in deviations. */
  readonly shift?: ((window: number) => number) | undefined;
  readonly broken?: (window: number) => boolean;
  /** Of the first ten columns, a day of 24 windows. */
  readonly seasonal?: boolean;
  /** Windows in which an alarm is right; none: all are false. */
  readonly true: (window: number) => boolean;
  readonly column?: number;
}
export function rowMaker(seed: number): (stream: Stream, window: number) => Row {
  const random = randomNumbers(seed);
  const normal = normalNumbers(random);
  return (stream, window) => Array.from({ length: COLUMNS }, (_, c): number | string | null => {
    if (c >= NUMBERS) {
      if (c === CATEGORY && stream.broken?.(window) === true && random() < 0.3) return null;
      return `c${Math.floor((4 + (c % 5)) * random() ** 1.5)}`;
    }
    const shift = (c === CHANGED ? (stream.shift?.(window) ?? 0) : 0) + (stream.seasonal === true && c < 10 ? 0.6 * Math.sin((2 * Math.PI * (window % DAY)) / DAY) : 0);
    const z = normal() + shift;
    return c % 3 === 0 ? z : c % 3 === 1 ? 10 + 2 * z : Math.exp(0.6 * z);
  });
}
export const still: Stream = { name: "", true: () => false };
export function makeReference(rows: number, seed: number, stream: Stream): Row[] {
  const make = rowMaker(seed);
  // A reference has seen whole days.
  return Array.from({ length: rows }, (_, i) => make(stream.seasonal === true ? { ...still } : still, i));
}

/** A window's rows in the references' bins, as the monitor counts them. */
export function counted(references: readonly Distribution[], rows: readonly Row[]): Distribution[] {
  const window = new WindowCounter(references);
  const hashes = new Int32Array(rows.length);
  for (let c = 0; c < COLUMNS; c++) {
    if (c < NUMBERS) window.series[c]!.addNumbers(Float64Array.from(rows, (r) => r[c] as number), 0, 1, rows.length, hashes);
    else window.series[c]!.addTexts(rows.map((r) => (r[c] as string | null) ?? "\uffff"), 0, 1, rows.length, "\uffff", hashes);
  }
  return window.series.map((s) => s.distribution);
}

export async function writeCsv(path: string, rows: readonly Row[]): Promise<void> {
  const out = createWriteStream(path);
  out.write(`${Array.from({ length: COLUMNS }, (_, c) => `x${c}`).join(",")}\n`);
  for (const row of rows) if (!out.write(`${row.map((v) => (v === null ? "" : typeof v === "number" ? v.toPrecision(8) : v)).join(",")}\n`)) await once(out, "drain");
  out.end();
  await once(out, "finish");
}
