// sklearn.neural_network.BernoulliRBM: the probabilities of the hidden units, expit(X @ components_.T + intercept_hidden_).

import { affine, inputMatrix, matrix2d, numberedNames, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

export const bernoulliRestrictedBoltzmannMachine: EstimatorConverter = defineEstimator({
  names: ["sklearn.BernoulliRBM"],
  convert(est, X, c) {
    const W = matrix2d(est, c, "components_");
    return {
      kind: "transformer",
      transform: memo(() => {
        const b = shaped(est, c, [W.rows], "intercept_hidden_").data;
        return c.mixed(c.o.sigmoid(affine(c, inputMatrix(est, X, c, W.cols), W, b)), c.checkArray(X, est), numberedNames(est, W.rows));
      }),
    };
  },
});
