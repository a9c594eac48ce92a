// GaussianMixture and BayesianGaussianMixture: weighted log densities [N, K] from precisions_cholesky_, in the order of
// arithmetic of _estimate_log_gaussian_prob for each covariance_type. The variational one shifts them by terms of its
// posterior, which are constants.

import type { Value } from "../../../onnx/index.ts";
import { broadcastVector, inputMatrix, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { digamma, product } from "../../conversion/numerics.ts";

export const gaussianMixture: EstimatorConverter = defineEstimator({
  names: ["sklearn.GaussianMixture", "sklearn.BayesianGaussianMixture"],
  convert(est, X, c) {
    const { o } = c;
    const logProb = memo(() => weightedLogProb(est, X, c));
    const norm = memo(() => {
      const top = o.max(logProb(), 1, true);
      return o.add(o.log(o.sum(o.exp(o.sub(logProb(), top)), 1, true)), top);
    });
    return {
      kind: "clusterer",
      predict: memo(() => o.argmax(logProb(), 1)),
      predictProba: memo(() => [o.exp(o.sub(logProb(), norm()))]),
      scoreSamples: memo(() => o.squeeze(norm(), 1)),
    };
  },
});

function weightedLogProb(est: Estimator, X: Frame, c: Conversion): Value {
  const { o } = c;
  const means = matrix2d(est, c, "means_");
  const K = means.rows;
  const F = means.cols;
  const { shape, data: chol } = est.matrix("precisions_cholesky_");
  const type = est.string("covariance_type");
  const expected = new Map([["full", [K, F, F]], ["tied", [F, F]], ["diag", [K, F]], ["spherical", [K]]]).get(type);
  if (expected === undefined) throw c.refuse(est, `covariance_type=${describe(type)}`, "this type is not known");
  if (shape.join() !== expected.join()) throw c.malformed(est, `precisions_cholesky_ has shape (${shape.join(", ")}), expected (${expected.join(", ")})`);
  const x = inputMatrix(est, X, c, F);
  const mean = (k: number): Float64Array => means.data.subarray(k * F, (k + 1) * F);
  const logDet = new Float64Array(K);
  let squared: Value;
  if (type === "full" || type === "tied") {
    const each = (k: number): Float64Array => (type === "tied" ? chol : chol.subarray(k * F * F, (k + 1) * F * F));
    const parts: Value[] = [];
    for (let k = 0; k < K; k++) {
      const P = each(k);
      for (let j = 0; j < F; j++) logDet[k]! += Math.log(P[j * F + j]!);
      const y = o.sub(o.matmul(x, o.doubles(P, [F, F])), o.doubles(product(mean(k), P, 1, F, F), [1, F]));
      parts.push(o.sum(o.mul(y, y), 1, true));
    }
    squared = o.concat(parts);
  } else {
    const precision = (k: number, j: number): number => (type === "diag" ? chol[k * F + j]! : chol[k]!) ** 2;
    const constant = new Float64Array(K);
    const weighted = new Float64Array(F * K);
    const precisions = new Float64Array(F * K);
    for (let k = 0; k < K; k++) {
      logDet[k] = type === "spherical" ? F * Math.log(chol[k]!) : 0;
      for (let j = 0; j < F; j++) {
        if (type === "diag") logDet[k]! += Math.log(chol[k * F + j]!);
        constant[k]! += mean(k)[j]! ** 2 * precision(k, j);
        weighted[j * K + k] = mean(k)[j]! * precision(k, j);
        precisions[j * K + k] = precision(k, j);
      }
    }
    const cross = o.mul(o.matmul(x, o.doubles(weighted, [F, K])), 2);
    squared = o.add(o.sub(o.doubles(constant, [1, K]), cross), o.matmul(o.mul(x, x), o.doubles(precisions, [F, K])));
  }
  const gauss = o.add(o.mul(o.add(squared, F * Math.log(2 * Math.PI)), -0.5), o.doubles(logDet, [1, K]));
  if (est.className === "GaussianMixture") {
    const weights = est.vector("weights_");
    if (weights.length !== K) throw c.malformed(est, `${weights.length} weights for ${K} components`);
    return o.add(gauss, o.doubles(weights.map(Math.log), [1, K]));
  }
  return o.add(o.add(gauss, o.doubles(variationalTerms(est, c, K, F), [1, K])), o.doubles(variationalLogWeights(est, c, K), [1, K]));
}

/** -F/2 log nu + (log lambda - F / beta) / 2. */
function variationalTerms(est: Estimator, c: Conversion, K: number, F: number): Float64Array {
  // One number for all components where they share a covariance.
  const nu = broadcastVector(est, c, est.vector("degrees_of_freedom_"), K, "degrees_of_freedom_");
  const beta = broadcastVector(est, c, est.vector("mean_precision_"), K, "mean_precision_");
  return nu.map((v, k) => {
    let logLambda = F * Math.log(2);
    for (let j = 0; j < F; j++) logLambda += digamma(0.5 * (v - j));
    return -0.5 * F * Math.log(v) + 0.5 * (logLambda - F / beta[k]!);
  });
}

/** Expected log weights: of a Dirichlet process (a pair of arrays) or a Dirichlet distribution. */
function variationalLogWeights(est: Estimator, c: Conversion, K: number): Float64Array {
  if (est.string("weight_concentration_prior_type") !== "dirichlet_process") {
    const w = est.vector("weight_concentration_");
    if (w.length !== K) throw c.malformed(est, `weight_concentration_ is not for ${K} components`);
    const total = digamma(w.reduce((a, b) => a + b, 0));
    return w.map((v) => digamma(v) - total);
  }
  const [a, b] = est.list("weight_concentration_").map((v) => toMatrix(v, `${est.path}.weight_concentration_`).data);
  if (a?.length !== K || b?.length !== K) throw c.malformed(est, `weight_concentration_ is not for ${K} components`);
  let before = 0;
  return a.map((v, k) => {
    const sum = digamma(v + b[k]!);
    const out = digamma(v) - sum + before;
    before += digamma(b[k]!) - sum;
    return out;
  });
}
