// EllipticEnvelope: minus the squared Mahalanobis distance to location_, shifted by offset_; an inlier at zero and above.

import { inputMatrix, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { MAX_INVERSE } from "../../conversion/numerics.ts";
import { pseudoInverse } from "../../conversion/pseudo-inverse.ts";

export const ellipticEnvelope: EstimatorConverter = defineEstimator({
  names: ["sklearn.EllipticEnvelope"],
  convert(est, X, c) {
    const { o } = c;
    const location = est.vector("location_");
    const F = location.length;
    if (est.isNone("precision_") && F > MAX_INVERSE) throw c.refuse(est, `store_precision=False, ${F} features`, "the precision matrix is not in the file, and so large a one is not made anew", "Fit it with store_precision=True.");
    // With store_precision=False it is made anew at every prediction.
    const precision = est.isNone("precision_") ? pseudoInverse(shaped(est, c, [F, F], "covariance_").data, F) : shaped(est, c, [F, F], "precision_").data;
    const scores = memo(() => {
      const d = o.sub(inputMatrix(est, X, c, F), o.doubles(location, [1, F]));
      return o.neg(o.sum(o.mul(o.matmul(d, o.doubles(precision, [F, F])), d), 1));
    });
    const decision = memo(() => o.sub(scores(), est.number("offset_")));
    return {
      kind: "outlier",
      predict: memo(() => o.where(o.greaterEqual(decision(), 0), o.int64s([1]), o.int64s([-1]))),
      decisionFunction: decision,
      scoreSamples: scores,
    };
  },
});
