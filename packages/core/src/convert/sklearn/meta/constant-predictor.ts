// sklearn.multiclass._ConstantPredictor, where it is asked by itself: what OneVsRestClassifier keeps for a class that all
// training rows were in, or none.

import { bothClasses, flat, repeatedRow } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

export const constantPredictor: EstimatorConverter = defineEstimator({
  names: ["sklearn._ConstantPredictor"],
  convert(est, X, c) {
    const { o } = c;
    const y = est.vector("y_")[0];
    if (y !== 0 && y !== 1) throw c.malformed(est, `y_ is ${y}, expected 0 or 1`);
    const repeated = memo(() => flat(c, repeatedRow(c, c.numbers(X), o.doubles([y], [1, 1]), 1)));
    return {
      kind: "classifier",
      classes: [{ type: "int64", values: [0n, 1n] }],
      predict: memo(() => o.cast(repeated(), "int64")),
      decisionFunction: repeated,
      predictProba: memo(() => [bothClasses(c, repeated())]),
    };
  },
});
