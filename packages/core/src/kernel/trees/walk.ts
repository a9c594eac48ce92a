// Walks in plain code: the reference for the others, and what is left where there is no WebAssembly or too many sets.

import type { Numbers } from "../value.ts";
import type { Forest } from "./forest.ts";

/** The leaf that a row reaches in a tree. */
export function leafOf(forest: Forest, tree: number, row: Numbers, at: number): number {
  const { feature, threshold, yes, no, missingYes, sets } = forest;
  let i = forest.roots[tree]!;
  while (i >= 0) {
    const x = row[at + feature[i]!]!;
    let goes: boolean;
    if (x !== x) goes = missingYes[i] !== 0;
    else {
      const set = sets.size === 0 ? undefined : sets.get(i);
      goes = set === undefined ? x <= threshold[i]! : set.has(x);
    }
    i = goes ? yes[i]! : no[i]!;
  }
  return ~i;
}
