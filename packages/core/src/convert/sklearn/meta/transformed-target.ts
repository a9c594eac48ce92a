// TransformedTargetRegressor (sklearn.compose): what the regressor says, brought back to the scale of the target.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { inverseTransform } from "./inverse-transform.ts";
import { needPredict } from "./voting.ts";

export const transformedTargetRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.TransformedTargetRegressor"],
  convert(est, X, c) {
    const inner = est.estimator("regressor_");
    const fitted = c.convert(inner, X);
    const transformer = est.estimator("transformer_");
    const predict = memo(() => {
      const raw = needPredict(inner, fitted, c);
      const vector = raw.shape?.length === 1;
      const width = vector ? 1 : raw.shape?.[1];
      if (typeof width !== "number") throw c.malformed(est, "how many targets its regressor gives is not known");
      const back = inverseTransform(transformer, vector ? c.o.unsqueeze(raw, 1) : raw, width, c);
      return est.int("_training_dim", 1) === 1 && width === 1 ? c.o.squeeze(back, 1) : back;
    });
    return { kind: "regressor", predict };
  },
});
