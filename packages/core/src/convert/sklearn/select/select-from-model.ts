// sklearn.feature_selection.SelectFromModel: importances against a threshold.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { featureImportances } from "./importances.ts";
import { numpyMean, numpyMedian, stableOrder } from "./numpy-order.ts";
import { innerEstimator, selected, takesMissing } from "./selector.ts";

export const selectFromModel: EstimatorConverter = defineEstimator({
  names: ["sklearn.SelectFromModel"],
  convert(est, X, c) {
    const inner = innerEstimator(est);
    const importances = featureImportances(est, inner, c);
    const bound = threshold(est, inner, c, importances);
    const limit = importances instanceof Float32Array ? Math.fround(bound) : bound;
    const mask = Array.from(importances, () => est.isNone("max_features"));
    if (!est.isNone("max_features")) {
      const most = est.has("max_features_") ? est.int("max_features_") : est.int("max_features");
      for (const j of stableOrder(Array.from(importances, (v) => -v)).slice(0, most)) mask[j] = true;
    }
    importances.forEach((v, j) => {
      if (v < limit) mask[j] = false;
    });
    return selected(est, X, c, mask, takesMissing(inner));
  },
});

function threshold(est: Estimator, inner: Estimator, c: Conversion, importances: Float64Array | Float32Array): number {
  const raw = est.raw("threshold") ?? (sparse(inner, est) ? 1e-5 : "mean");
  if (typeof raw === "number" || typeof raw === "bigint") return Number(raw);
  if (typeof raw !== "string") throw c.malformed(est, "threshold is neither a number nor a text");
  const [first, second] = raw.split("*").map((s) => s.trim());
  const scale = second === undefined ? 1 : Number(first);
  const reference = second ?? first;
  if (Number.isNaN(scale) || (reference !== "mean" && reference !== "median")) throw c.malformed(est, `threshold=${raw}`);
  const value = reference === "mean" ? numpyMean(importances) : numpyMedian(importances);
  return second === undefined ? value : scale * value;
}

/** Estimators whose penalty makes coefficients exactly 0. */
function sparse(inner: Estimator, est: Estimator): boolean {
  const name = inner.className;
  if (inner.raw("penalty") === "l1" || name.includes("Lasso")) return true;
  const isOne = (attribute: string): boolean => {
    if (inner.isNone(attribute)) return false;
    return inner.matrix(attribute).data.every((v) => Math.abs(v - 1) <= 1e-8 + 1e-5);
  };
  const elastic = name.includes("ElasticNet") && (isOne("l1_ratio_") || isOne("l1_ratio"));
  if (elastic || !est.versionAtLeast(1, 8)) return elastic;
  return (name === "LogisticRegression" && isOne("l1_ratio")) || (name === "LogisticRegressionCV" && isOne("l1_ratio_"));
}
