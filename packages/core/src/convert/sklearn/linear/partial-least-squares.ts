// PLSRegression, PLSCanonical, CCA and PLSSVD (cross_decomposition). predict takes the rows centred; whether it also
// divides them by _x_std depends on whether coef_ already does (scikit-learn changed that between 1.3 and 1.5), which the
// arrays themselves tell. coef_ is [T, F]; in 1.0 [F, T], with _y_mean for intercept.

import { affine, flat, inputMatrix, matrix2d, shaped, transposed } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";

export const partialLeastSquares: EstimatorConverter = defineEstimator({
  names: ["sklearn.PLSRegression", "sklearn.PLSCanonical", "sklearn.CCA", "sklearn.PLSSVD"],
  convert(est, X, c) {
    const mean = est.vector("_x_mean");
    const F = mean.length;
    const std = shaped(est, c, [F], "_x_std").data;
    const centred = memo(() => c.o.sub(inputMatrix(est, X, c, F), c.o.doubles(mean)));
    const scaled = memo(() => c.o.div(centred(), c.o.doubles(std)));
    const transform = memo(() => {
      const R = matrix2d(est, c, est.className === "PLSSVD" ? "x_weights_" : "x_rotations_");
      if (R.rows !== F) throw c.malformed(est, `x_rotations_ has ${R.rows} rows for ${F} features`);
      const names = Array.from({ length: R.cols }, (_, i) => `${est.className.toLowerCase()}${i}`);
      return c.mixed(c.o.matmul(scaled(), c.o.doubles(R.data, [R.rows, R.cols])), c.checkArray(X, est), names);
    });
    if (est.className === "PLSSVD") return { kind: "transformer", transform };
    const predict = memo(() => {
      const old = est.versionAtLeast(1, 1) ? undefined : matrix2d(est, c, "coef_", "_coef_");
      const W = old === undefined ? matrix2d(est, c, "_coef_", "coef_") : { rows: old.cols, cols: old.rows, data: transposed(old.data, old.rows, old.cols) };
      if (W.cols !== F) throw c.malformed(est, `coef_ is for ${W.cols} features, not ${F}`);
      const b = est.has("intercept_") ? est.vector("intercept_") : est.vector("_y_mean");
      if (b.length !== W.rows) throw c.malformed(est, `intercept_ has ${b.length} entries for ${W.rows} targets`);
      const y = affine(c, coefficientsWantScaledRows(est, c, W, std) ? scaled() : centred(), W, b);
      return est.bool("_predict_1d", false) && W.rows === 1 ? flat(c, y) : y;
    });
    return { kind: "regressor", predict, transform };
  },
});

/** coef_ is (x_rotations_ @ y_loadings_.T * _y_std).T, in later versions divided by _x_std: whichever its first row is nearer to. */
function coefficientsWantScaledRows(est: Estimator, c: Conversion, W: { cols: number; data: Float64Array }, std: Float64Array): boolean {
  const R = matrix2d(est, c, "x_rotations_");
  const Q = matrix2d(est, c, "y_loadings_");
  const yStd = est.vector("_y_std")[0] ?? NaN;
  if (R.rows !== W.cols || R.cols !== Q.cols || Q.rows < 1) throw c.malformed(est, "x_rotations_ and y_loadings_ do not agree");
  let whenScaled = 0;
  let whenNot = 0;
  for (let j = 0; j < W.cols; j++) {
    let v = 0;
    for (let k = 0; k < R.cols; k++) v += R.data[j * R.cols + k]! * Q.data[k]!;
    v *= yStd;
    whenScaled = Math.max(whenScaled, Math.abs(W.data[j]! - v));
    whenNot = Math.max(whenNot, Math.abs(W.data[j]! - v / std[j]!));
  }
  return whenScaled <= whenNot;
}
