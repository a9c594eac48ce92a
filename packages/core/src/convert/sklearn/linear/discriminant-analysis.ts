// Linear and quadratic discriminant analysis, every solver: what fit stored is all that prediction needs.

import { bothClasses, inputMatrix, labelCount, matrix2d, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { toMatrix } from "../../conversion/estimator.ts";
import { linearClassifier } from "./linear-classifier.ts";

/** Two classes: expit of the one score; more: softmax. transform projects on scalings_ (svd: after removing xbar_). */
export const linearDiscriminantAnalysis: EstimatorConverter = defineEstimator({
  names: ["sklearn.LinearDiscriminantAnalysis"],
  convert(est, X, c) {
    const m = linearClassifier(est, X, c);
    const solver = est.string("solver", "svd");
    const transform = memo(() => {
      const scalings = matrix2d(est, c, "scalings_");
      const kept = Math.min(est.int("_max_components"), scalings.cols);
      const x = inputMatrix(est, X, c, scalings.rows);
      const centred = solver === "svd" ? c.o.sub(x, c.o.doubles(shaped(est, c, [scalings.rows], "xbar_").data)) : x;
      const projected = c.o.matmul(centred, c.o.doubles(scalings.data, [scalings.rows, scalings.cols]));
      const names = Array.from({ length: kept }, (_, i) => `lineardiscriminantanalysis${i}`);
      return c.mixed(kept === scalings.cols ? projected : c.o.slice(projected, 0, kept, 1), c.checkArray(X, est), names);
    });
    return {
      kind: "classifier",
      classes: [m.classes],
      predict: m.predict,
      decisionFunction: m.scores,
      predictProba: memo(() => [m.binary ? bothClasses(c, c.o.sigmoid(m.scores())) : c.o.softmax(m.scores())]),
      ...(solver === "lsqr" ? {} : { transform }),
    };
  },
});

/** Per class -0.5 * (|(x - mean) R S^-1/2|^2 + sum log S) + log prior; predict is the first largest. */
export const quadraticDiscriminantAnalysis: EstimatorConverter = defineEstimator({
  names: ["sklearn.QuadraticDiscriminantAnalysis"],
  convert(est, X, c) {
    const classes = est.labels();
    const count = labelCount(classes);
    const posterior = memo(() => {
      const means = matrix2d(est, c, "means_");
      const features = means.cols;
      const priors = est.vector("priors_");
      const rotations = est.list("rotations_");
      const scalings = est.list("scalings_");
      if (means.rows !== count || priors.length !== count || rotations.length !== count || scalings.length !== count) throw c.malformed(est, `its arrays are not for ${count} classes`);
      const x = inputMatrix(est, X, c, features);
      const norms = rotations.map((r, k) => {
        const R = toMatrix(r, `${est.path}.rotations_[${k}]`);
        const S = toMatrix(scalings[k]!, `${est.path}.scalings_[${k}]`).data;
        if (R.shape.length !== 2 || R.shape[0] !== features || R.shape[1] !== S.length) throw c.malformed(est, `rotations_[${k}] and scalings_[${k}] do not agree`);
        const W = R.data.map((v, i) => v * S[i % S.length]! ** -0.5);
        const centred = c.o.sub(x, c.o.doubles(means.data.subarray(k * features, (k + 1) * features)));
        const x2 = c.o.matmul(centred, c.o.doubles(W, [features, S.length]));
        return c.o.add(c.o.sum(c.o.mul(x2, x2), 1, true), S.reduce((sum, s) => sum + Math.log(s), 0));
      });
      return c.o.add(c.o.mul(c.o.concat(norms), -0.5), c.o.doubles(priors.map(Math.log)));
    });
    return {
      kind: "classifier",
      classes: [classes],
      predict: memo(() => c.o.argmax(posterior(), 1)),
      predictProba: memo(() => [c.o.softmax(posterior())]),
      decisionFunction: memo(() => count === 2
        ? c.o.squeeze(c.o.sub(c.o.columns(posterior(), [1]), c.o.columns(posterior(), [0])), 1)
        : posterior()),
    };
  },
});

