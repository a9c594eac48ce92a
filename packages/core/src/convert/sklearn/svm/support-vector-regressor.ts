// SVR, NuSVR and OneClassSVM: one sum over the support vectors, plus intercept.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { libsvmKernel, supportVectors } from "./kernel.ts";
import { sparseLinear, sparseLinearScores } from "./sparse-linear.ts";

/** [N]. */
function decide(est: Estimator, X: Frame, c: Conversion): Value {
  const { o } = c;
  const dual = matrix2d(est, c, "_dual_coef_");
  const intercept = est.vector("_intercept_");
  const sparse = sparseLinear(est);
  if (sparse !== undefined) {
    if (intercept.length !== 1 || dual.data.length !== sparse.shape[0]) throw c.malformed(est, `${dual.data.length} coefficients for ${sparse.shape[0]} support vectors`);
    return o.add(o.squeeze(sparseLinearScores(est, X, c, sparse, 1, (s, add) => add(0, dual.data[s]!)), 1), intercept[0]!);
  }
  const sv = supportVectors(est, c);
  if (intercept.length !== 1 || dual.data.length !== sv.rows) throw c.malformed(est, `${dual.data.length} coefficients for ${sv.rows} support vectors`);
  const x = inputMatrix(est, X, c, est.int("n_features_in_", sv.cols));
  if (sv.rows === 0) return o.add(o.mul(o.squeeze(o.slice(x, 0, 1, 1), 1), 0), intercept[0]!);
  const K = libsvmKernel(est, c, x, sv, dual.data.reduce((sum, v) => sum + Math.abs(v), 0));
  return o.add(o.squeeze(o.matmul(K, o.doubles(dual.data, [sv.rows, 1])), 1), intercept[0]!);
}

export const supportVectorRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.SVR", "sklearn.NuSVR"],
  convert: (est, X, c) => ({ kind: "regressor", predict: memo(() => decide(est, X, c)) }),
});

/** An inlier above zero; score_samples leaves the intercept out again. */
export const oneClassSvm: EstimatorConverter = defineEstimator({
  names: ["sklearn.OneClassSVM"],
  convert(est, X, c) {
    const decision = memo(() => decide(est, X, c));
    return {
      kind: "outlier",
      predict: memo(() => c.o.where(c.o.greater(decision(), 0), c.o.int64s([1]), c.o.int64s([-1]))),
      decisionFunction: decision,
      scoreSamples: memo(() => c.o.add(decision(), est.vector("offset_")[0]!)),
    };
  },
});
