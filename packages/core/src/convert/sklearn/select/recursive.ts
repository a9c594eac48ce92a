// RFE, RFECV and SequentialFeatureSelector: the mask is in the file. RFE and RFECV also predict, with their estimator on the
// selected columns; that estimator is only compiled when a prediction is asked for.

import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { innerEstimator, maskOf, selected, takesMissing } from "./selector.ts";

export const recursiveElimination: EstimatorConverter = defineEstimator({
  names: ["sklearn.RFE", "sklearn.RFECV"],
  convert(est, X, c) {
    const inner = innerEstimator(est);
    const selection = selected(est, X, c, maskOf(est, "support_"), takesMissing(inner));
    const fitted = memo((): Fitted => c.convert(inner, selection.transform!()));
    return {
      get kind() { return fitted().kind; },
      get classes() { return fitted().classes!; },
      get predict() { return fitted().predict!; },
      get predictProba() { return fitted().predictProba!; },
      get decisionFunction() { return fitted().decisionFunction!; },
      transform: selection.transform!,
    };
  },
});

export const sequentialFeatureSelector: EstimatorConverter = defineEstimator({
  names: ["sklearn.SequentialFeatureSelector"],
  convert: (est, X, c) => selected(est, X, c, maskOf(est, "support_"), takesMissing(est.estimator("estimator"))),
});
