// GaussianProcessRegressor: kernel_(X, X_train_) @ alpha_, back in the units of y; and the standard deviation (return_std).

import { broadcastVector, flat, inputMatrix, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { gaussianProcessKernel } from "./gaussian-process-kernel.ts";
import { processVariance } from "./gaussian-process-variance.ts";

export const gaussianProcessRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.GaussianProcessRegressor"],
  convert: (est, X, c) => ({
    kind: "regressor",
    deviation: memo(() => {
      const { o } = c;
      const Y = matrix2d(est, c, "X_train_");
      const x = inputMatrix(est, X, c, Y.cols);
      const K = gaussianProcessKernel(est.estimator("kernel_"), c, x, Y);
      const variance = o.maximum(processVariance(est, c, x, K, Y.rows), 0);
      const scale = est.vector("_y_train_std");
      return scale.length === 1 ? o.mul(o.sqrt(variance), scale[0]!) : o.mul(o.unsqueeze(o.sqrt(variance), 1), o.doubles(scale, [1, scale.length]));
    }),
    predict: memo(() => {
      const { o } = c;
      const Y = matrix2d(est, c, "X_train_");
      const alpha = est.matrix("alpha_");
      const T = alpha.shape[1] ?? 1;
      if (alpha.data.length !== Y.rows * T) throw c.malformed(est, `alpha_ is not for ${Y.rows} rows`);
      const row = (name: string): ReturnType<typeof o.doubles> => o.doubles(broadcastVector(est, c, est.vector(name), T, name), [1, T]);
      const K = gaussianProcessKernel(est.estimator("kernel_"), c, inputMatrix(est, X, c, Y.cols), Y);
      const y = o.add(o.mul(o.matmul(K, o.doubles(alpha.data, [Y.rows, T])), row("_y_train_std")), row("_y_train_mean"));
      return T === 1 ? flat(c, y) : y;
    }),
  }),
});
