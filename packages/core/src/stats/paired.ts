// Whether one of two that were asked the same is worse on average, looked at as often as one likes: errors of two models on
// the same rows, times of two versions on the same request. What disturbs both at once cancels out, pair by pair.
//
// A pair gives a difference d between -1 and 1, positive where the first is worse. Under the null hypothesis its
// expectation, whatever came before, is at most the margin. A bet of a part of the wealth on each pair multiplies it by
// 1 + part * (d - margin), whose expectation is at most 1 (Waudby-Smith and Ramdas, "Estimating means of bounded random
// variables by betting", 2024); so with the chance 1 - alpha the wealth never reaches 1 / alpha (Ville 1939). It is the
// test of sequential-rates.ts with both sides in one trial. The wealth is the mean of several bets, and a product: the
// order of pairs plays no part, and counts of several machines add up.

/** Pairs in which the first was worse, better, or neither. */
export interface PairedCounts {
  readonly worse: number;
  readonly better: number;
  readonly equal: number;
}
export interface PairedEvidence {
  readonly pairs: number;
  /** The mean difference. */
  readonly mean: number;
  /** How strongly the pairs speak for a mean above the margin; with a mean of at most that, the chance that it ever reaches x is 1 / x. */
  readonly worse: number;
  /** The same for a mean below it. */
  readonly fine: number;
}

export const NO_PAIRED: PairedCounts = { worse: 0, better: 0, equal: 0 };
/** Parts of the wealth. */
const BETS = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95];

export function addPaired(a: PairedCounts, b: PairedCounts): PairedCounts {
  return { worse: a.worse + b.worse, better: a.better + b.better, equal: a.equal + b.equal };
}
export function pairedEvidence({ worse, better, equal }: PairedCounts, margin: number): PairedEvidence {
  return evidenceFrom([[1, worse], [-1, better], [0, equal]], margin);
}
/** @param differences between -1 and 1 */
export function evidenceOfDifferences(differences: readonly number[], margin: number): PairedEvidence {
  return evidenceFrom(differences.map((d) => [d, 1] as const), margin);
}

function evidenceFrom(found: readonly (readonly [difference: number, times: number])[], margin: number): PairedEvidence {
  const pairs = found.reduce((n, [, times]) => n + times, 0);
  // Of a bet on "more" the worst is -1, of one on "less" 1.
  const wealth = (sign: 1 | -1): number => {
    const most = 1 / (1 + sign * margin);
    const logs = BETS.map((part) => found.reduce((sum, [d, times]) => (times === 0 ? sum : sum + times * Math.log1p(sign * part * most * (d - margin))), 0));
    const top = Math.max(...logs);
    return Math.exp(top) * (logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length);
  };
  return { pairs, mean: pairs === 0 ? 0 : found.reduce((sum, [d, times]) => sum + d * times, 0) / pairs, worse: wealth(1), fine: wealth(-1) };
}
