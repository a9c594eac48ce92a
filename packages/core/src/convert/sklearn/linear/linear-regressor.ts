// Regressors whose predict is X @ coef_.T + intercept_ (LinearModel._decision_function). coef_ [F] gives [N], coef_ [T, F]
// gives [N, T], also for T = 1; intercept_ never adds a dimension of its own.

import type { Value } from "../../../onnx/index.ts";
import { flat, inputMatrix, linearScores, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

/** Coordinate descent's own _decision_function multiplies a sparse matrix without a look at it: NaN gives NaN. */
const UNCHECKED_SPARSE: ReadonlySet<string> = new Set(["Lasso", "ElasticNet", "MultiTaskLasso", "MultiTaskElasticNet"]);

export const linearRegressor: EstimatorConverter = defineEstimator({
  names: [
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "Lars", "LarsCV", "LassoLars", "LassoLarsCV",
    "LassoLarsIC", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "BayesianRidge", "ARDRegression", "HuberRegressor",
    "TheilSenRegressor", "QuantileRegressor", "SGDRegressor", "PassiveAggressiveRegressor", "MultiTaskLasso", "MultiTaskLassoCV",
    "MultiTaskElasticNet", "MultiTaskElasticNetCV", "LinearSVR",
  ].map((name) => `sklearn.${name}`),
  convert(est, X, c) {
    // SGD and liblinear keep one target as coef_ [F] and intercept_ [1] and flatten what they predict; LinearSVR's coef_ was [1, F] once.
    const ravel = ["SGDRegressor", "PassiveAggressiveRegressor", "LinearSVR"].includes(est.className);
    return {
      kind: "regressor",
      predict: memo(() => {
        const unchecked = UNCHECKED_SPARSE.has(est.className) && c.sparse.has(X);
        const { scores, count, vector } = linearScores(est, X, c, unchecked ? { missing: "allowed", infinite: "allowed" } : {});
        return vector || (ravel && count === 1) ? flat(c, scores) : scores;
      }),
      ...(est.has("sigma_") && est.has("alpha_") ? { deviation: memo(() => deviation(est, X, c)) } : {}),
    };
  },
});

/** `return_std` of BayesianRidge and ARDRegression, which looks only at the features that it kept. */
function deviation(est: Estimator, X: Frame, c: Conversion): Value {
  const { o } = c;
  const sigma = matrix2d(est, c, "sigma_");
  let x = inputMatrix(est, X, c);
  if (est.className === "BayesianRidge") {
    // Files up to 1.1 centred and scaled.
    if (est.bool("normalize", false)) throw c.refuse(est, "normalize=True", "the scale of its features is not in the file");
  } else {
    const threshold = est.number("threshold_lambda");
    x = o.columns(x, [...est.vector("lambda_").entries()].flatMap(([j, v]) => (v < threshold ? [j] : [])));
  }
  const spread = o.sum(o.mul(o.matmul(x, o.doubles(sigma.data, [sigma.rows, sigma.cols])), x), 1);
  return o.sqrt(o.add(spread, 1 / est.number("alpha_")));
}

/** RANSAC passes everything on to the regressor it settled on; its own check lets NaN through to that one. */
export const ransacRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.RANSACRegressor"],
  convert: (est, X, c) => {
    const inner = c.convert(est.estimator("estimator_"), X);
    if (inner.predict === undefined) throw c.malformed(est, "estimator_ does not predict");
    return { kind: "regressor", predict: inner.predict };
  },
});

/**
 * Generalized linear models: the inverse link of the linear predictor. Poisson and Gamma are exp; Tweedie's `link="auto"`
 * is the identity for power <= 0 and exp otherwise.
 */
export const generalizedLinearRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.PoissonRegressor", "sklearn.GammaRegressor", "sklearn.TweedieRegressor"],
  convert(est, X, c) {
    let link = "log";
    if (est.className === "TweedieRegressor") {
      link = est.string("link", "auto");
      if (link === "auto") link = est.number("power", 0) <= 0 ? "identity" : "log";
      if (link !== "identity" && link !== "log") throw c.refuse(est, `link=${JSON.stringify(link)}`, "only the identity and the log link exist");
    }
    return {
      kind: "regressor",
      predict: memo(() => {
        const { scores, count } = linearScores(est, X, c);
        if (count !== 1) throw c.malformed(est, `coef_ has ${count} rows, expected one`);
        const eta = flat(c, scores);
        return link === "log" ? c.o.exp(eta) : eta;
      }),
    };
  },
});

