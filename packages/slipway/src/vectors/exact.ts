// Every vector compared with the one that is asked for: the products, in doubles, and the largest of them. Of many vectors some
// at a time, so that other requests get their turn in between.

import { Best, type Scored } from "./best.ts";

export interface Rows {
  /** Row-major. */
  readonly data: Float32Array | Float64Array;
  readonly width: number;
}
export type Query = Float32Array | Float64Array;

/** Numbers that are multiplied before others get their turn: some milliseconds. */
const AT_ONCE = 2 ** 20;

/** @param allowed which rows may be found; all by default */
export async function exactSearch({ data, width }: Rows, query: Query, k: number, allowed?: (row: number) => boolean): Promise<Scored[]> {
  const best = new Best(k);
  const rows = data.length / width;
  const step = Math.max(1, Math.floor(AT_ONCE / width));
  for (let start = 0; start < rows; start += step) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    const end = Math.min(rows, start + step);
    for (let row = start; row < end; row++) {
      const score = product(data, row * width, query, width);
      if (score >= best.floor && (allowed === undefined || allowed(row))) best.offer(row, score);
    }
  }
  return best.take();
}

/** Of one row and the query; four sums, so that the additions need not wait for each other. */
export function product(data: Query, start: number, query: Query, width: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = width & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const at = start + i;
    a += data[at]! * query[i]!;
    b += data[at + 1]! * query[i + 1]!;
    c += data[at + 2]! * query[i + 2]!;
    d += data[at + 3]! * query[i + 3]!;
  }
  for (; i < width; i++) a += data[start + i]! * query[i]!;
  return a + b + (c + d);
}

/** A copy of length 1; zeros stay zeros. */
export function unit(vector: Query): Float64Array {
  const copy = Float64Array.from(vector);
  const length = Math.sqrt(product(copy, 0, copy, copy.length));
  return length === 0 ? copy : copy.map((x) => x / length);
}
