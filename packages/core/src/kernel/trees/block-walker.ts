// What the walks in WebAssembly have in common: rows go through a forest in blocks, whose results are taken one by one.

import type { Numbers } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import type { ByteColumns } from "./byte-columns.ts";
import type { LeafUse } from "./walk-module.ts";

/** Rows that are walked at a time: their columns and results stay in the nearest cache. */
export const BLOCK = 64;

export type Results = Float64Array | Float32Array | Int32Array;
/** A block's results; its rows begin at row `first`. */
export type TakeResults = (results: Results, first: number, count: number) => void;

export interface BlockWalker {
  /**
   * Walks `count` rows; `take` gets each block's results.
   * `start`: what each row's sums begin with, where that is not zero.
   */
  run(count: number, start: Numbers | undefined, take: TakeResults): void;
}

/** A walk over rows as bytes: `walk(n)` adds the numbers of the first n coded rows to `width` results a row, from `results` on. */
export function overCodedRows(arena: Arena, coded: ByteColumns, how: LeafUse, results: number, width: number, walk: (count: number) => void): BlockWalker {
  let out = arena.results(how, results, BLOCK * width);
  return {
    run(count, start, take): void {
      // The memory has grown since: the view on it is void.
      if (out.length === 0) out = arena.results(how, results, BLOCK * width);
      for (let first = 0; first < count; first += BLOCK) {
        const n = Math.min(BLOCK, count - first);
        coded.fill(first, n);
        if (start === undefined) out.fill(0, 0, n * width);
        else for (let i = 0, j = first * width; i < n * width; i++) out[i] = start[j++]!;
        walk(n);
        take(out, first, n);
      }
    },
  };
}
