// Distances between two distributions over the same bins, for those who know them by name. Verdicts follow from the
// population stability index and its bound (drift.ts), which know how many rows there were; these say how far, not whether.

import { chiSquareTail } from "./chi-square.ts";
import { momentsOf, type Distribution } from "./distribution.ts";

export interface DriftMeasures {
  /** Largest distance of the cumulative shares (Kolmogorov and Smirnov's statistic, over the bins); null for categories. */
  readonly ks: number | null;
  /** Earth mover's distance in deviations of the reference, values spread evenly inside their bins; null for categories. */
  readonly wasserstein: number | null;
  /** Jensen and Shannon's distance with logarithms to base 2, from 0 to 1. */
  readonly jensenShannon: number;
  /** Pearson's statistic of two samples, and the chance of one as large without drift. */
  readonly chiSquare: number;
  readonly chiSquareP: number;
  /** Largest difference of a bin's shares. */
  readonly linf: number;
}

/** Missing values are a bin like others. */
export function driftMeasures(reference: Distribution, current: Distribution): DriftMeasures {
  const [n, m] = [Math.max(1, reference.rows), Math.max(1, current.rows)];
  const a = [reference.missing, ...reference.bins];
  const b = [current.missing, ...current.bins];
  let divergence = 0;
  let chiSquare = 0;
  let linf = 0;
  let bins = 0;
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i]! / n, b[i]! / m];
    if (p + q === 0) continue;
    bins++;
    const middle = (p + q) / 2;
    if (p > 0) divergence += (p * Math.log2(p / middle)) / 2;
    if (q > 0) divergence += (q * Math.log2(q / middle)) / 2;
    const all = a[i]! + b[i]!;
    const expected = [(all * n) / (n + m), (all * m) / (n + m)] as const;
    chiSquare += (a[i]! - expected[0]) ** 2 / expected[0] + (b[i]! - expected[1]) ** 2 / expected[1];
    linf = Math.max(linf, Math.abs(p - q));
  }
  const ordered = reference.shape.kind !== "category";
  return {
    ks: ordered ? cumulative(reference, current).reduce((most, d) => Math.max(most, Math.abs(d)), 0) : null,
    wasserstein: ordered ? wasserstein(reference, current) : null,
    jensenShannon: Math.sqrt(Math.max(0, divergence)), chiSquare, chiSquareP: chiSquareTail(chiSquare, bins - 1), linf,
  };
}

/** At each edge, how much larger the reference's share below it is; of values that are there. */
function cumulative(reference: Distribution, current: Distribution): number[] {
  const [n, m] = [Math.max(1, reference.rows - reference.missing), Math.max(1, current.rows - current.missing)];
  let d = 0;
  return reference.bins.map((a, i) => (d += a / n - current.bins[i]! / m));
}

function wasserstein(reference: Distribution, current: Distribution): number | null {
  const { shape } = reference;
  if (shape.kind === "category") return null;
  const { deviation } = momentsOf(reference);
  const bounds = [shape.low, ...shape.edges, shape.high];
  const at = [0, ...cumulative(reference, current)];
  let area = 0;
  for (let i = 1; i < bounds.length; i++) {
    const width = bounds[i]! - bounds[i - 1]!;
    const [x, y] = [at[i - 1]!, at[i]!];
    // The area between a line from x to y and zero; the two sides apart where it crosses.
    area += width * (x * y >= 0 ? (Math.abs(x) + Math.abs(y)) / 2 : (x * x + y * y) / (2 * (Math.abs(x) + Math.abs(y))));
  }
  return deviation > 0 ? area / deviation : null;
}
