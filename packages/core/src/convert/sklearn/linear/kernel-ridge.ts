// KernelRidge: kernel(X, X_fit_) @ dual_coef_.

import { flat, inputMatrix, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { namedKernel } from "../named-kernel.ts";

export const kernelRidge: EstimatorConverter = defineEstimator({
  names: ["sklearn.KernelRidge"],
  convert: (est, X, c) => ({
    kind: "regressor",
    predict: memo(() => {
      const Y = matrix2d(est, c, "X_fit_");
      const dual = est.matrix("dual_coef_");
      const T = dual.shape[1] ?? 1;
      if (dual.data.length !== Y.rows * T) throw c.malformed(est, `dual_coef_ is not for ${Y.rows} rows`);
      const y = c.o.matmul(namedKernel(est, c, inputMatrix(est, X, c, Y.cols), Y), c.o.doubles(dual.data, [Y.rows, T]));
      return dual.shape.length === 2 ? y : flat(c, y);
    }),
  }),
});
