// SGDClassifier: log_loss ("log" up to 1.2) gives one-versus-rest expit, modified_huber clips the score to [-1, 1] and maps
// it to [0, 1] (equal shares where every class gets zero); other losses have no probabilities.

import { bothClasses, labelCount, linearScores, oneVersusRestProba, flat } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { linearClassifier } from "./linear-classifier.ts";

export const sgdClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.SGDClassifier"],
  convert(est, X, c) {
    const m = linearClassifier(est, X, c);
    const loss = est.string("loss", "hinge");
    const count = labelCount(m.classes);
    const proba = (): ReturnType<typeof oneVersusRestProba> => {
      if (loss !== "modified_huber") return oneVersusRestProba(est, c, m.scores(), m.binary, count);
      const p = c.o.div(c.o.add(c.o.minimum(c.o.maximum(m.scores(), -1), 1), 1), 2);
      if (m.binary) return bothClasses(c, p);
      const total = c.o.sum(p, 1, true);
      return c.o.where(c.o.equal(total, 0), 1 / count, c.o.div(p, total));
    };
    const has = loss === "log_loss" || loss === "log" || loss === "modified_huber";
    return {
      kind: "classifier",
      classes: [m.classes],
      predict: m.predict,
      decisionFunction: m.scores,
      ...(has ? { predictProba: memo(() => [proba()]) } : {}),
    };
  },
});

/** SGDOneClassSVM: coef_ @ x - offset_, an inlier at zero and above. score_samples is the decision plus the offset again. */
export const sgdOneClassSvm: EstimatorConverter = defineEstimator({
  names: ["sklearn.SGDOneClassSVM"],
  convert(est, X, c) {
    const offset = est.vector("offset_");
    const decision = memo(() => {
      const { scores, count } = linearScores(est, X, c);
      if (count !== 1 || offset.length !== 1) throw c.malformed(est, "coef_ and offset_ should hold one row");
      return c.o.sub(flat(c, scores), offset[0]!);
    });
    return {
      kind: "outlier",
      predict: memo(() => c.o.where(c.o.greaterEqual(decision(), 0), c.o.int64s([1]), c.o.int64s([-1]))),
      decisionFunction: decision,
      scoreSamples: memo(() => c.o.add(decision(), offset[0]!)),
    };
  },
});
