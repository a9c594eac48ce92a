// Whether two distributions over the same bins differ by more than chance and by enough to matter. The population stability
// index, sum of (q - p) ln(q / p), is an alarm where it is at least 0.1 and beyond what chance gives with so many rows:
// without drift, PSI / (1 / n_ref + 1 / n_cur) is chi-squared with bins - 1 degrees of freedom (Yurdakul 2018). Bins where
// fewer than five rows are expected are counted together. Below 200 rows nothing is said.
//
// Values that have an order mostly move together, which a test of one degree of freedom sees among fewer rows than one of
// nine: the rank sum of Wilcoxon, Mann and Whitney, with the bins as ties (Lehmann 1975, 1.4). Each of the two is given half of the
// chance that is allowed (Bonferroni).

import { chiSquareQuantile, chiSquareTail } from "./chi-square.ts";
import type { Distribution } from "./distribution.ts";

export const LEAST_PSI = 0.1;
export const LEAST_ROWS = 200;
const SURE = 0.999;
const EXPECTED = 5;

export interface Drift {
  /** `unknown`: too few rows on one side. */
  readonly verdict: "same" | "drifted" | "unknown";
  readonly psi: number;
  /** What it has to reach. */
  readonly bound: number;
  /** The chance of such a PSI, or of so many values that lie higher or lower, without drift. */
  readonly p: number;
  readonly bins: number;
}

/** @param reference and @param current counted in the same bins */
export function driftBetween(reference: Distribution, current: Distribution): Drift {
  const [n, m] = [reference.rows, current.rows];
  const enough = n >= LEAST_ROWS && m >= LEAST_ROWS;
  // What is missing, and what the reference did not have, is never counted together with what is merely rare.
  const others = reference.shape.kind === "category" ? reference.bins.length - 1 : -1;
  const kept: [number, number][] = [];
  const pooled: [number, number] = [0, 0];
  const put = (a: number, b: number, apart: boolean): void => {
    if (a === 0 && b === 0) return;
    if (apart || (a / n) * Math.min(n, m) >= EXPECTED) kept.push([a, b]);
    else {
      pooled[0] += a;
      pooled[1] += b;
    }
  };
  put(reference.missing, current.missing, true);
  reference.bins.forEach((a, i) => put(a, current.bins[i] ?? 0, i === others));
  if (pooled[0] + pooled[1] > 0) kept.push(pooled);
  const bins = kept.length;
  if (bins < 2 || n === 0 || m === 0) return { verdict: enough ? "same" : "unknown", psi: 0, bound: LEAST_PSI, p: 1, bins };
  let psi = 0;
  for (const [a, b] of kept) {
    // Half a row, so that an empty bin has a logarithm.
    const p = (a + 0.5) / (n + bins / 2);
    const q = (b + 0.5) / (m + bins / 2);
    psi += (q - p) * Math.log(q / p);
  }
  const scale = 1 / n + 1 / m;
  const byBins = chiSquareTail(psi / scale, bins - 1);
  const byRanks = reference.shape.kind === "category" ? undefined : shiftChance(reference.bins, current.bins);
  const tests = byRanks === undefined ? 1 : 2;
  const p = Math.min(1, tests * Math.min(byBins, byRanks ?? 1));
  // Where the ranks leave no doubt, what matters is the only thing left to ask.
  const bound = tests * (byRanks ?? 1) <= 1 - SURE ? LEAST_PSI : Math.max(LEAST_PSI, chiSquareQuantile(1 - (1 - SURE) / tests, bins - 1) * scale);
  return { verdict: !enough ? "unknown" : psi >= bound ? "drifted" : "same", psi, bound, p, bins };
}

/** The chance, on both sides, of a rank sum as far from the middle; values of a bin have one rank. */
function shiftChance(a: readonly number[], b: readonly number[]): number {
  let [n, m, below, sum, ties] = [0, 0, 0, 0, 0];
  a.forEach((x, i) => {
    const y = b[i] ?? 0;
    const here = x + y;
    sum += y * (below + (here + 1) / 2);
    ties += here ** 3 - here;
    below += here;
    n += x;
    m += y;
  });
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  return variance > 0 ? chiSquareTail((sum - (m * (all + 1)) / 2) ** 2 / variance, 1) : 1;
}

/** Which of several tests may be believed, so that at most the part `rate` of those is a false alarm (Benjamini and Hochberg 1995). */
export function believable(chances: readonly number[], rate: number = 0.05): boolean[] {
  const order = chances.map((p, i) => [p, i] as const).sort(([a], [b]) => a - b);
  let last = -1;
  order.forEach(([p], rank) => {
    if (p <= (rate * (rank + 1)) / chances.length) last = rank;
  });
  const found = new Array<boolean>(chances.length).fill(false);
  for (let rank = 0; rank <= last; rank++) found[order[rank]![1]] = true;
  return found;
}
