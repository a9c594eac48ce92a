// Kernel methods and their random approximations as transformers.

import type { Value } from "../../../onnx/index.ts";
import { affine, inputMatrix, limitFeature, matrix2d, numberedNames, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { namedKernel } from "../named-kernel.ts";
import { projectKernel } from "./kernel-projection.ts";

function transformer(est: Estimator, X: Frame, c: Conversion, make: () => { value: Value; width: number }): Fitted {
  return {
    kind: "transformer",
    transform: memo(() => {
      const { value, width } = make();
      return c.mixed(value, c.checkArray(X, est), numberedNames(est, width));
    }),
  };
}

/** Sin has a kernel in double in every ONNX Runtime, Cos only in the latest: cos(x) = 1 - 2 sin(x / 2)^2. */
function cosine(c: Conversion, x: Value): Value {
  const half = c.graph.op("Sin", [c.o.div(x, 2)]);
  return c.o.sub(1, c.o.mul(c.o.mul(half, half), 2));
}

/** The kernel, centred as the training kernel was, times the eigenvectors over the roots of their eigenvalues. */
export const kernelPrincipalComponents: EstimatorConverter = defineEstimator({
  names: ["sklearn.KernelPCA"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const Y = matrix2d(est, c, "X_fit_");
    return projectKernel(est, c, namedKernel(est, c, inputMatrix(est, X, c, Y.cols), Y), Y.rows);
  }),
});

export const nystroem: EstimatorConverter = defineEstimator({
  names: ["sklearn.Nystroem"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const Y = matrix2d(est, c, "components_");
    const N = matrix2d(est, c, "normalization_");
    if (N.cols !== Y.rows) throw c.malformed(est, "normalization_ and components_ do not agree");
    return { value: affine(c, namedKernel(est, c, inputMatrix(est, X, c, Y.cols), Y), N), width: N.rows };
  }),
});

/** cos(X @ random_weights_ + random_offset_) * sqrt(2 / n); SkewedChi2Sampler takes log(X + skewedness) first. */
export const randomFeatures: EstimatorConverter = defineEstimator({
  names: ["sklearn.RBFSampler", "sklearn.SkewedChi2Sampler"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const { o } = c;
    const W = matrix2d(est, c, "random_weights_");
    const offset = shaped(est, c, [W.cols], "random_offset_").data;
    let x = inputMatrix(est, X, c, W.rows);
    if (est.className === "SkewedChi2Sampler") {
      const s = est.number("skewedness");
      for (let j = 0; j < X.width; j++) limitFeature(c, X, j, -s + Math.max(s * 2 ** -53, Number.MIN_VALUE), Infinity);
      x = o.log(o.add(x, s));
    }
    const projection = o.add(o.matmul(x, o.doubles(W.data, [W.rows, W.cols])), o.doubles(offset, [1, W.cols]));
    const scale = est.className === "RBFSampler" ? Math.sqrt(2 / W.cols) : Math.SQRT2 / Math.sqrt(W.cols);
    return { value: o.mul(cosine(c, projection), scale), width: W.cols };
  }),
});

/** Steps of the sampled Fourier transform of the additive chi2 kernel; zero stays zero, a negative number is refused. */
export const additiveChi2Sampler: EstimatorConverter = defineEstimator({
  names: ["sklearn.AdditiveChi2Sampler"],
  convert: (est, X, c) => transformer(est, X, c, () => {
    const { o } = c;
    const steps = est.int("sample_steps");
    const interval = est.isNone("sample_interval_")
      ? (est.isNone("sample_interval") ? [0.8, 0.5, 0.4][steps - 1] : est.number("sample_interval"))
      : est.number("sample_interval_");
    if (interval === undefined || steps < 1 || steps > 100) throw c.malformed(est, `sample_steps is ${steps} and there is no sample_interval`);
    for (let j = 0; j < X.width; j++) limitFeature(c, X, j, 0, Infinity);
    const x = inputMatrix(est, X, c);
    const zero = o.equal(x, 0);
    const safe = o.where(zero, 1, x);
    const log = o.mul(o.log(safe), interval);
    const step = o.mul(o.mul(safe, 2), interval);
    const parts = [o.sqrt(o.mul(x, interval))];
    for (let j = 1; j < steps; j++) {
      const factor = o.sqrt(o.div(step, Math.cosh(Math.PI * j * interval)));
      const angle = o.mul(log, j);
      for (const wave of [cosine(c, angle), c.graph.op("Sin", [angle])]) parts.push(o.where(zero, 0, o.mul(factor, wave)));
    }
    return { value: o.concat(parts), width: X.width * parts.length };
  }),
});
