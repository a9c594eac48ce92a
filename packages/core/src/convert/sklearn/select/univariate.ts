// SelectKBest, SelectPercentile, SelectFpr, SelectFdr, SelectFwe and GenericUnivariateSelect: the mask is decided again from
// scores_ and pvalues_, ties included, as `_get_support_mask` does. The score function never runs. Also VarianceThreshold.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { numpyPercentile, stableOrder } from "./numpy-order.ts";
import { selected } from "./selector.ts";

const MODES: Readonly<Record<string, string>> = {
  SelectKBest: "k_best", SelectPercentile: "percentile", SelectFpr: "fpr", SelectFdr: "fdr", SelectFwe: "fwe",
};

export const univariateSelect: EstimatorConverter = defineEstimator({
  names: [...Object.keys(MODES), "GenericUnivariateSelect"].map((name) => `sklearn.${name}`),
  convert(est, X, c) {
    const generic = est.className === "GenericUnivariateSelect";
    const mode = generic ? est.string("mode", "percentile") : MODES[est.className]!;
    return selected(est, X, c, univariateMask(est, c, mode, generic ? "param" : undefined, X.width), false);
  },
});

function univariateMask(est: Estimator, c: Conversion, mode: string, param: string | undefined, width: number): boolean[] {
  switch (mode) {
    case "k_best": return bestK(est, c, param ?? "k", width);
    case "percentile": return percentile(est, est.number(param ?? "percentile"));
    default: return byPValue(est, c, mode, est.number(param ?? "alpha"));
  }
}

/** NaN counts as the lowest score. */
function scores(est: Estimator): Float64Array {
  return est.vector("scores_").map((v) => (Number.isNaN(v) ? -Number.MAX_VALUE : v));
}

function bestK(est: Estimator, c: Conversion, param: string, width: number): boolean[] {
  if (est.raw(param) === "all") return Array.from({ length: width }, () => true);
  const k = est.int(param);
  const s = scores(est);
  if (k < 0) throw c.malformed(est, `k=${k}`);
  const mask = Array.from(s, () => false);
  if (k > 0) for (const j of stableOrder(s).slice(-k)) mask[j] = true;
  return mask;
}

function percentile(est: Estimator, percent: number): boolean[] {
  const s = scores(est);
  if (percent === 100 || percent === 0) return Array.from(s, () => percent === 100);
  const threshold = numpyPercentile(s, 100 - percent);
  const mask = Array.from(s, (v) => v > threshold);
  const ties = Array.from(s.keys()).filter((j) => s[j] === threshold);
  if (ties.length > 0) {
    const most = Math.trunc((s.length * percent) / 100);
    for (const j of ties.slice(0, most - mask.filter(Boolean).length)) mask[j] = true;
  }
  return mask;
}

function byPValue(est: Estimator, c: Conversion, mode: string, alpha: number): boolean[] {
  const p = est.vector("pvalues_");
  const n = p.length;
  switch (mode) {
    case "fpr": return Array.from(p, (v) => v < alpha);
    case "fwe": return Array.from(p, (v) => v < alpha / n);
    case "fdr": {
      const chosen = Array.from(p).sort((a, b) => a - b).filter((v, i) => v <= (alpha / n) * (i + 1));
      if (chosen.length === 0) return Array.from(p, () => false);
      const limit = Math.max(...chosen);
      return Array.from(p, (v) => v <= limit);
    }
    default: throw c.malformed(est, `mode=${mode}`);
  }
}

export const varianceThreshold: EstimatorConverter = defineEstimator({
  names: ["sklearn.VarianceThreshold"],
  convert(est, X, c) {
    const threshold = est.number("threshold", 0);
    return selected(est, X, c, Array.from(est.vector("variances_"), (v) => v > threshold), true);
  },
});
