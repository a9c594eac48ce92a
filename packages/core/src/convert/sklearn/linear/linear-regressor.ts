// Regressors whose predict is X @ coef_.T + intercept_ (LinearModel._decision_function). coef_ [F] gives [N], coef_ [T, F]
// gives [N, T], also for T = 1; intercept_ never adds a dimension of its own.

import { flat, linearScores } from "../algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../contract.ts";
import { memo } from "../conversion.ts";

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
        const { scores, count, vector } = linearScores(est, X, c);
        return vector || (ravel && count === 1) ? flat(c, scores) : scores;
      }),
    };
  },
});

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

