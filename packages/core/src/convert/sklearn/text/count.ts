// Counts of n-grams with ONNX's TfIdfVectorizer in mode TF: [N, T] token numbers -> [N, V] float counts, which are exact.

import type { Value } from "../../../onnx/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { NOTHING, type TokenIds } from "./ids.ts";

export function countTerms(ids: TokenIds, terms: readonly string[], c: Conversion): Value {
  // Terms by length; a term that no text can hold has no entry but keeps its column of zeros.
  const byLength = new Map<number, { ids: number[]; columns: number[] }>();
  const add = (found: readonly number[], column: number): void => {
    let group = byLength.get(found.length);
    if (!group) byLength.set(found.length, (group = { ids: [], columns: [] }));
    for (const id of found) group.ids.push(id);
    group.columns.push(column);
  };
  terms.forEach((term, column) => {
    const found = ids.termIds(term);
    // The operator takes its width from the last column that has an entry.
    if (found !== undefined) add(found, column);
    else if (column === terms.length - 1) add([IMPOSSIBLE], column);
  });
  const lengths = [...byLength.keys()].sort((a, b) => a - b);
  const longest = lengths.at(-1)!;
  const pool: number[] = [];
  const columns: number[] = [];
  const starts: number[] = [];
  for (let n = 1; n <= longest; n++) {
    starts.push(pool.length);
    for (const id of byLength.get(n)?.ids ?? []) pool.push(id);
    for (const column of byLength.get(n)?.columns ?? []) columns.push(column);
  }
  return c.graph.op("TfIdfVectorizer", [ids.value], {
    mode: "TF", min_gram_length: lengths[0]!, max_gram_length: longest, max_skip_count: 0,
    ngram_counts: Int32Array.from(starts), ngram_indexes: Int32Array.from(columns), pool_int64s: Int32Array.from(pool),
  });
}

/** In no row: smaller than every number in use. */
const IMPOSSIBLE = NOTHING - 1000;
