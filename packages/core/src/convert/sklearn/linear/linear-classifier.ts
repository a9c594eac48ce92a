// Linear classifiers without probabilities (LinearClassifierMixin): one row of coef_ decides by its sign, several by argmax.

import { classifyByScores, flat, labelCount, linearScores } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import type { Value } from "../../../onnx/index.ts";

export interface LinearClassifier {
  readonly classes: Labels;
  /** One score per row, [N]; otherwise [N, C]. */
  readonly binary: boolean;
  readonly scores: () => Value;
  readonly predict: () => Value;
}

/** classes_, decision_function and predict of LinearClassifierMixin. */
export function linearClassifier(est: Estimator, X: Frame, c: Conversion, classes: Labels = est.labels()): LinearClassifier {
  const rows = est.matrix("coef_").shape.length === 2 ? est.matrix("coef_").shape[0]! : 1;
  const binary = rows === 1;
  const expected = labelCount(classes);
  if (binary ? expected > 2 || expected < 1 : expected !== rows) throw c.malformed(est, `coef_ has ${rows} rows for ${expected} classes`);
  const scores = memo(() => {
    const s = linearScores(est, X, c).scores;
    return binary ? flat(c, s) : s;
  });
  // Of one class there is no second one, whatever the score.
  return { classes, binary, scores, predict: memo(() => classifyByScores(c, binary && expected === 1 ? c.o.mul(scores(), 0) : scores(), binary)) };
}

export const plainLinearClassifier: EstimatorConverter = defineEstimator({
  names: ["Perceptron", "PassiveAggressiveClassifier", "LinearSVC"].map((name) => `sklearn.${name}`),
  convert: (est, X, c) => fitted(linearClassifier(est, X, c)),
});

/** RidgeClassifier: as above (classes_ is a property there and only its label binarizer is in the file), or one 0/1 label per column when it was fitted on an indicator matrix. */
export const ridgeClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.RidgeClassifier", "sklearn.RidgeClassifierCV"],
  convert(est, X, c) {
    const binarizer = est.estimator("_label_binarizer");
    if (!binarizer.string("y_type_").startsWith("multilabel")) return fitted(linearClassifier(est, X, c, binarizer.labels()));
    const scores = memo(() => linearScores(est, X, c).scores);
    const targets = est.matrix("coef_").shape[0] ?? 1;
    return {
      kind: "classifier",
      classes: Array.from({ length: targets }, () => ({ type: "int64" as const, values: [0n, 1n] })),
      predict: memo(() => c.o.cast(c.o.greater(scores(), 0), "int64")),
      decisionFunction: scores,
    };
  },
});

function fitted(m: LinearClassifier): Fitted {
  return { kind: "classifier", classes: [m.classes], predict: m.predict, decisionFunction: m.scores };
}
