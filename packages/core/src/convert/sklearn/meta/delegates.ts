// Estimators that answer with the one inside them: searches (the best one), frozen and self-trained ones.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { notRefitted } from "../../conversion/not-refitted.ts";

export const search: EstimatorConverter = defineEstimator({
  names: ["sklearn.GridSearchCV", "sklearn.RandomizedSearchCV", "sklearn.HalvingGridSearchCV", "sklearn.HalvingRandomSearchCV"],
  convert(est, X, c) {
    const missing = notRefitted(est);
    if (missing) throw missing;
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
