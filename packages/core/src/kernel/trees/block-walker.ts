// What the walks in WebAssembly have in common: rows go through a forest in blocks, whose results are taken one by one.

import type { Numbers } from "../value.ts";

/** Rows that are walked at a time: their columns and results stay in the nearest cache. */
export const BLOCK = 64;

export type Results = Float64Array | Float32Array | Int32Array;
/** A block's results; its rows begin at row `first`. */
export type TakeResults = (results: Results, first: number, count: number) => void;

export interface BlockWalker {
  /**
   * Walks `count` rows of `features` numbers; `take` gets each block's results.
   * `start`: what each row's sums begin with, where that is not zero.
   */
  run(rows: Numbers, features: number, count: number, start: Numbers | undefined, take: TakeResults): void;
}
