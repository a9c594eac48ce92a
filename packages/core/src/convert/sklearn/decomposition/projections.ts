// Transformers that are one linear map: X @ W.T, of the rows as they are or with mean_ removed.

import type { Value } from "../../../onnx/index.ts";
import { affine, inputMatrix, matrix2d, numberedNames, shaped, transposed } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { inverse, logDeterminant, MAX_INVERSE, product } from "../../conversion/numerics.ts";

function transformer(est: Estimator, X: Frame, c: Conversion, make: () => { value: Value; width: number }): Fitted {
  return {
    kind: "transformer",
    transform: memo(() => {
      const { value, width } = make();
      return c.mixed(value, c.checkArray(X, est), numberedNames(est, width));
    }),
  };
}

/** (X - mean_), where there is a mean_. */
function centred(est: Estimator, X: Frame, c: Conversion, F: number): Value {
  const x = inputMatrix(est, X, c, F);
  return est.isNone("mean_") ? x : c.o.sub(x, c.o.doubles(shaped(est, c, [F], "mean_").data, [1, F]));
}

/**
 * From 1.5 on X @ W.T - mean @ W.T and a whitening scale of at least epsilon; before, (X - mean) @ W.T. The two round
 * differently where the mean is large.
 */
export const principalComponents: EstimatorConverter = defineEstimator({
  names: ["sklearn.PCA", "sklearn.IncrementalPCA"],
  convert: (est, X, c) => withDensity(est, X, c, est.className === "PCA" ? () => principalPrecision(est, c) : undefined, () => {
    const W = matrix2d(est, c, "components_");
    const late = est.versionAtLeast(1, 5);
    let value: Value;
    if (late && !est.isNone("mean_")) {
      const mean = shaped(est, c, [W.cols], "mean_").data;
      const shift = product(mean, transposed(W.data, W.rows, W.cols), 1, W.cols, W.rows);
      value = c.o.sub(affine(c, inputMatrix(est, X, c, W.cols), W), c.o.doubles(shift, [1, W.rows]));
    } else value = affine(c, centred(est, X, c, W.cols), W);
    if (est.bool("whiten", false)) {
      const scale = shaped(est, c, [W.rows], "explained_variance_").data.map((v) => (late ? Math.max(Math.sqrt(v), Number.EPSILON) : Math.sqrt(v)));
      value = c.o.div(value, c.o.doubles(scale, [1, W.rows]));
    }
    return { value, width: W.rows };
  }),
});

/** X @ components_.T as it is. A FastICA that whitens has a mean_ to remove. */
export const linearProjection: EstimatorConverter = defineEstimator({
  names: ["sklearn.TruncatedSVD", "sklearn.GaussianRandomProjection", "sklearn.SparseRandomProjection", "sklearn.FastICA"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const W = matrix2d(est, c, "components_");
    const x = est.className === "FastICA" ? centred(est, X, c, W.cols) : inputMatrix(est, X, c, W.cols);
    return { value: affine(c, x, W), width: W.rows };
  }),
});

/** Expected factors: (X - mean) @ (W / noise).T @ inv(I + (W / noise) @ W.T). */
export const factorAnalysis: EstimatorConverter = defineEstimator({
  names: ["sklearn.FactorAnalysis"],
  convert: (est, X, c) => withDensity(est, X, c, () => factorPrecision(est, c), () => {
    const W = matrix2d(est, c, "components_");
    const noise = shaped(est, c, [W.cols], "noise_variance_").data;
    const scaled = W.data.map((v, i) => v / noise[i % W.cols]!);
    const precision = product(scaled, transposed(W.data, W.rows, W.cols), W.rows, W.cols, W.rows);
    for (let i = 0; i < W.rows; i++) precision[i * W.rows + i]! += 1;
    const covariance = inverted(est, c, precision, W.rows);
    const factors = affine(c, centred(est, X, c, W.cols), { rows: W.rows, cols: W.cols, data: scaled });
    return { value: c.o.matmul(factors, c.o.doubles(covariance, [W.rows, W.rows])), width: W.rows };
  }),
});

/** Ridge regression of each row on the components, which is linear: (X - mean) @ W.T @ inv(W @ W.T + ridge_alpha I). */
export const sparsePrincipalComponents: EstimatorConverter = defineEstimator({
  names: ["sklearn.SparsePCA", "sklearn.MiniBatchSparsePCA"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const W = matrix2d(est, c, "components_");
    const gram = product(W.data, transposed(W.data, W.rows, W.cols), W.rows, W.cols, W.rows);
    for (let i = 0; i < W.rows; i++) gram[i * W.rows + i]! += est.number("ridge_alpha", 0.01);
    const solve = inverted(est, c, gram, W.rows);
    return { value: c.o.matmul(affine(c, centred(est, X, c, W.cols), W), c.o.doubles(solve, [W.rows, W.rows])), width: W.rows };
  }),
});

/** A transformer whose score_samples is the log density of a Gaussian with mean_ and the precision given, [F, F]. */
function withDensity(est: Estimator, X: Frame, c: Conversion, precision: (() => Precision) | undefined, make: () => { value: Value; width: number }): Fitted {
  const fitted = transformer(est, X, c, make);
  if (precision === undefined) return fitted;
  return {
    ...fitted,
    scoreSamples: memo(() => {
      const { o } = c;
      const P = precision();
      const d = centred(est, X, c, P.size);
      const likelihood = o.mul(o.sum(o.mul(d, o.matmul(d, o.doubles(P.data, [P.size, P.size]))), 1), -0.5);
      return o.sub(likelihood, 0.5 * (P.size * Math.log(2 * Math.PI) - P.logDeterminant));
    }),
  };
}

interface Precision {
  readonly size: number;
  readonly data: Float64Array;
  readonly logDeterminant: number;
}

/** _BasePCA.get_precision: the inverse of W.T diag(max(variance - noise, 0)) W + noise I, by the inversion lemma unless noise is zero. */
function principalPrecision(est: Estimator, c: Conversion): Precision {
  const W = matrix2d(est, c, "components_");
  const noise = est.number("noise_variance_");
  const variance = shaped(est, c, [W.rows], "explained_variance_").data;
  const components = est.bool("whiten", false) ? W.data.map((v, i) => v * Math.sqrt(variance[Math.floor(i / W.cols)]!)) : W.data;
  const extra = variance.map((v) => Math.max(v - noise, 0));
  const F = W.cols;
  if (noise === 0) {
    const scaled = components.map((v, i) => v * extra[Math.floor(i / F)]!);
    return precisionOf(est, c, inverted(est, c, product(transposed(scaled, W.rows, F), components, F, W.rows, F), F), F);
  }
  const small = product(components, transposed(components, W.rows, F), W.rows, F, W.rows).map((v) => v / noise);
  for (let i = 0; i < W.rows; i++) small[i * W.rows + i]! += 1 / extra[i]!;
  const data = sandwich(components, inverted(est, c, small, W.rows), W.rows, F).map((v) => v / -(noise ** 2));
  for (let j = 0; j < F; j++) data[j * F + j]! += 1 / noise;
  return precisionOf(est, c, data, F);
}

/** FactorAnalysis.get_precision. */
function factorPrecision(est: Estimator, c: Conversion): Precision {
  const W = matrix2d(est, c, "components_");
  const F = W.cols;
  const noise = shaped(est, c, [F], "noise_variance_").data;
  const small = product(W.data.map((v, i) => v / noise[i % F]!), transposed(W.data, W.rows, F), W.rows, F, W.rows);
  for (let i = 0; i < W.rows; i++) small[i * W.rows + i]! += 1;
  const data = sandwich(W.data, inverted(est, c, small, W.rows), W.rows, F).map((v, i) => -v / noise[Math.floor(i / F)]! / noise[i % F]!);
  for (let j = 0; j < F; j++) data[j * F + j]! += 1 / noise[j]!;
  return precisionOf(est, c, data, F);
}

/** W.T @ middle @ W for W [K, F]. */
function sandwich(W: Float64Array, middle: Float64Array, K: number, F: number): Float64Array {
  return product(transposed(W, K, F), product(middle, W, K, K, F), F, K, F);
}

function precisionOf(est: Estimator, c: Conversion, data: Float64Array, size: number): Precision {
  if (size > MAX_INVERSE) throw c.refuse(est, `${size} features`, `the determinant of a matrix of more than ${MAX_INVERSE} rows would have to be taken`);
  return { size, data, logDeterminant: logDeterminant(data, size) };
}

function inverted(est: Estimator, c: Conversion, matrix: Float64Array, n: number): Float64Array {
  if (n > MAX_INVERSE) throw c.refuse(est, `${n} components`, `a matrix of more than ${MAX_INVERSE} rows would have to be inverted`, "Use fewer components.");
  const result = inverse(matrix, n);
  if (result === undefined) throw c.malformed(est, "a matrix that has to be inverted is singular");
  return result;
}
