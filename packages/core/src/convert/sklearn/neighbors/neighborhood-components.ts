// NeighborhoodComponentsAnalysis: X @ components_.T.

import { affine, inputMatrix, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

export const neighborhoodComponentsAnalysis: EstimatorConverter = defineEstimator({
  names: ["sklearn.NeighborhoodComponentsAnalysis"],
  convert: (est, X, c) => ({
    kind: "transformer",
    transform: memo(() => {
      const W = matrix2d(est, c, "components_");
      const names = Array.from({ length: W.rows }, (_, i) => `neighborhoodcomponentsanalysis${i}`);
      return c.mixed(affine(c, inputMatrix(est, X, c, W.cols), W), c.checkArray(X, est), names);
    }),
  }),
});
