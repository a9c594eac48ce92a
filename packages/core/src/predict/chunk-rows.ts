// How many rows of a batch one engine call takes: bounds its memory and its time.

import type { Plan } from "./columns.ts";
import type { Batch } from "./encode.ts";

const MAX_CHUNK_CELLS = 2 ** 20;
/** Numbers inside the model, and characters times rows, of a chunk of texts. */
const MAX_CHUNK_INNER = 2 ** 22;
const MAX_CHUNK_TEXT = 2 ** 21;

/** From the row `start` on, and no more than `most` where rows may be cut apart. */
export function chunkRows(batch: Batch, start: number, plan: Plan, most: number): number {
  const { numbers, strings, signature } = plan;
  const { rowCells = 0, layout, tensorRows } = signature;
  if (tensorRows === "together") return batch.rows;
  if (layout === "tensors") return tensorRows === "one" || tensorRows === "none" ? 1 : Math.min(batch.rows - start, most);
  const rows = Math.min(batch.rows - start, most, Math.floor(MAX_CHUNK_CELLS / Math.max(1, numbers + strings)), rowCells === 0 ? Infinity : Math.floor(MAX_CHUNK_INNER / rowCells));
  if (rowCells === 0) return Math.max(1, rows);
  // The engine cuts texts into tokens in a table that is as wide as the longest of them.
  let longest = 1;
  let count = 0;
  for (; count < rows; count++) {
    for (let i = 0; i < strings; i++) longest = Math.max(longest, batch.strings[(start + count) * strings + i]!.length);
    if (longest * (count + 1) > MAX_CHUNK_TEXT) break;
  }
  return Math.max(1, count);
}
