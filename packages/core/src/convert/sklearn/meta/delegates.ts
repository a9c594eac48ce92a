// Estimators that answer with the one inside them: searches (the best one), frozen and self-trained ones.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { convertError } from "../../conversion/errors.ts";

export const search: EstimatorConverter = defineEstimator({
  names: ["sklearn.GridSearchCV", "sklearn.RandomizedSearchCV", "sklearn.HalvingGridSearchCV", "sklearn.HalvingRandomSearchCV"],
  convert(est, X, c) {
    if (!est.has("best_estimator_") && est.has("cv_results_")) {
      throw convertError("not-fitted", `${est.className} with refit=False keeps no fitted model`, {
        where: est.path, hint: "Search with refit=True, or fit an estimator with best_params_ and save that." });
    }
    return c.convert(est.estimator("best_estimator_"), X);
  },
});

export const frozen: EstimatorConverter = defineEstimator({
  names: ["sklearn.FrozenEstimator"],
  convert: (est, X, c) => c.convert(est.estimator("estimator"), X),
});

export const selfTraining: EstimatorConverter = defineEstimator({
  names: ["sklearn.SelfTrainingClassifier"],
  convert: (est, X, c) => c.convert(est.estimator("estimator_", "base_estimator_"), X),
});
