// LogisticRegression and LogisticRegressionCV. Which of the two probability formulas applies changed over the versions:
// up to 1.7 `multi_class` decides ("auto" means one-versus-rest for two classes and for liblinear); from 1.8 on the
// attribute is gone for multinomial files, and only two classes use expit.

import { labelCount, oneVersusRestProba } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { linearClassifier } from "./linear-classifier.ts";

export const logisticRegression: EstimatorConverter = defineEstimator({
  names: ["sklearn.LogisticRegression", "sklearn.LogisticRegressionCV"],
  convert(est, X, c) {
    const m = linearClassifier(est, X, c);
    const ovr = oneVersusRest(est, c, labelCount(m.classes));
    return {
      kind: "classifier",
      classes: [m.classes],
      predict: m.predict,
      decisionFunction: m.scores,
      predictProba: memo(() => {
        const scores = m.scores();
        if (ovr) return [oneVersusRestProba(est, c, scores, m.binary, labelCount(m.classes))];
        if (!m.binary) return [c.o.softmax(scores)];
        // Multinomial with two classes keeps one row of coefficients: softmax of [-score, score].
        const column = c.o.unsqueeze(scores, 1);
        return [c.o.softmax(c.o.concat([c.o.neg(column), column]))];
      }),
    };
  },
});

function oneVersusRest(est: Estimator, c: Conversion, classes: number): boolean {
  const multiClass = est.has("multi_class") ? est.string("multi_class") : "auto";
  const solver = est.string("solver", "lbfgs");
  switch (multiClass) {
    case "ovr": case "warn": return true;
    case "multinomial": return false;
    case "auto": case "deprecated":
      return classes <= 2 || solver === "liblinear" || (solver === "newton-cholesky" && !est.versionAtLeast(1, 6));
    default: throw c.refuse(est, `multi_class=${JSON.stringify(multiClass)}`, "this value is not known");
  }
}

