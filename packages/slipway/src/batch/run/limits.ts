// How many rows may be bad: a number, or a share of all.

import { batchError } from "../errors.ts";

export interface ErrorLimit {
  readonly count?: number;
  readonly share?: number;
  readonly text: string;
}
/** A share of few rows says little. */
const LEAST_ALLOWED = 10;
/** A run is stopped by a share only once it has seen so many rows. */
const ROWS_BEFORE = 100_000;

/** "100", "0.1%". */
export function readErrorLimit(text: string): ErrorLimit {
  const found = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const value = Number(found?.[1]);
  if (found === null || (found[2] === "%" ? value > 100 : !Number.isInteger(value))) throw batchError("batch-output-format", `--max-errors takes a number of rows or a share such as 0.1%, found ${JSON.stringify(text)}`);
  return found[2] === "%" ? { share: value / 100, text } : { count: value, text };
}
/** `whole`: there are no more rows. */
export function tooMany(limit: ErrorLimit, bad: number, rows: number, whole: boolean): boolean {
  if (limit.count !== undefined) return bad > limit.count;
  if (!whole && rows < ROWS_BEFORE) return false;
  return bad > Math.max(LEAST_ALLOWED, limit.share! * rows);
}
