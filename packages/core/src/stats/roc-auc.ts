// Area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil 1982): the chance that a positive row ranks
// above a negative one, ties counting half. Rows are sorted once, so that each further set of weights costs one pass.

import type { Weights } from "./metric.ts";

/** AUC of `scores` for the rows where `positive` is not 0; NaN where either kind has no weight. */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<number>): (weights: Weights) => number {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  return (weights) => {
    let below = 0;
    let won = 0;
    let positives = 0;
    for (let i = 0; i < order.length; ) {
      const score = scores[order[i]!]!;
      let tiedPositive = 0;
      let tiedNegative = 0;
      // At least one row, also where the score is NaN.
      do {
        const row = order[i++]!;
        const weight = weights === null ? 1 : weights[row]!;
        if (positive[row]) tiedPositive += weight;
        else tiedNegative += weight;
      } while (i < order.length && score === scores[order[i]!]);
      won += tiedPositive * (below + tiedNegative / 2);
      below += tiedNegative;
      positives += tiedPositive;
    }
    return positives > 0 && below > 0 ? won / (positives * below) : NaN;
  };
}

/** How well a number alone ranks a yes or no, in whichever direction: 0.5 not at all, 1 perfectly. Rows with NaN are left out. */
export function rankingAuc(values: ArrayLike<number>, positive: ArrayLike<number>): number {
  const auc = rocAuc(Float64Array.from(values, (v) => (Number.isNaN(v) ? 0 : v)), positive)(Float64Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)));
  return Math.max(auc, 1 - auc);
}
