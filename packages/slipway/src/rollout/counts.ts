// What a replica counts of a rollout, by stage, as it stands in its row; and the counts of all replicas together. Every part
// adds up exactly.

import { addPaired, addSides, NO_PAIRED, type Distribution, type PairedCounts, type Shape, type SideCounts } from "@slipway/core/stats";

/** What a shadow said beside what was answered. */
export interface PairCounts {
  /** Requests whose labels were compared, and the sum of the parts of labels that differ. */
  readonly compared: number;
  readonly unequal: number;
  /** Numbers compared, the sum of the squares of their differences; of the old version's numbers the sum and the squares. */
  readonly numbers: number;
  readonly squares: number;
  readonly givenSum: number;
  readonly givenSquares: number;
}
export interface StageCounts {
  readonly canary: SideCounts;
  readonly baseline: SideCounts;
  readonly pairs: PairCounts;
  /** Requests that both were asked side by side: in which the new version was the slower one, in which the old one. */
  readonly times: PairedCounts;
  /** By watched output. Without its shape, which all replicas share. */
  readonly predictions: { readonly canary: readonly Counted[]; readonly baseline: readonly Counted[] };
}
export type Counted = Omit<Distribution, "shape">;
/** An output that is watched, and the bins in which all count it. */
export interface WatchedBins {
  readonly output: string;
  /** Which number of a row. */
  readonly place: number;
  readonly shape: Shape;
}

export const NO_SIDE: SideCounts = { requests: 0, failures: 0, streak: 0, seconds: [], labels: { trials: 0, hits: 0 } };
export const NO_PAIRS: PairCounts = { compared: 0, unequal: 0, numbers: 0, squares: 0, givenSum: 0, givenSquares: 0 };
export const NO_COUNTS: StageCounts = { canary: NO_SIDE, baseline: NO_SIDE, pairs: NO_PAIRS, times: NO_PAIRED, predictions: { canary: [], baseline: [] } };

export function addCounts(a: StageCounts, b: StageCounts): StageCounts {
  return {
    canary: addSides(a.canary, b.canary), baseline: addSides(a.baseline, b.baseline), pairs: addPairs(a.pairs, b.pairs),
    // Replicas of an earlier release count none.
    times: addPaired(a.times ?? NO_PAIRED, b.times ?? NO_PAIRED),
    predictions: { canary: addAll(a.predictions.canary, b.predictions.canary), baseline: addAll(a.predictions.baseline, b.predictions.baseline) },
  };
}

/** Of all replicas, by stage. @param texts the JSON of their rows */
export function mergeCounts(texts: readonly string[]): readonly StageCounts[] {
  const all: StageCounts[] = [];
  for (const text of texts) for (const [i, counts] of (JSON.parse(text) as (StageCounts | null)[]).entries()) if (counts !== null) all[i] = addCounts(all[i] ?? NO_COUNTS, counts);
  return Array.from(all, (counts) => counts ?? NO_COUNTS);
}

function addPairs(a: PairCounts, b: PairCounts): PairCounts {
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, (value as number) + b[key as keyof PairCounts]])) as unknown as PairCounts;
}
function addAll(a: readonly Counted[], b: readonly Counted[]): Counted[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const [x, y] = [a[i], b[i]];
    if (x === undefined || y === undefined) return x ?? y!;
    return { rows: x.rows + y.rows, missing: x.missing + y.missing, bins: x.bins.map((n, j) => n + (y.bins[j] ?? 0)), outside: x.outside + y.outside, sum: x.sum + y.sum, squares: x.squares + y.squares };
  });
}
