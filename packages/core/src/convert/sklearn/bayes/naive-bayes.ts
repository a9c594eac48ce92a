// The naive Bayes classifiers: a joint log likelihood [N, C] each, the first largest wins, probabilities are
// exp(jll - logsumexp(jll)) in that order of arithmetic.

import type { Value } from "../../../onnx/index.ts";
import { affine, broadcastVector, inputMatrix, labelCount, limitFeature, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toMatrix, type Estimator } from "../../conversion/estimator.ts";
import { sumOverDifferences } from "../kernels.ts";

function byLikelihood(c: Conversion, classes: Labels, jll: () => Value): Fitted {
  const { o } = c;
  return {
    kind: "classifier",
    classes: [classes],
    predict: memo(() => o.argmax(jll(), 1)),
    predictProba: memo(() => {
      const top = o.max(jll(), 1, true);
      const total = o.add(o.log(o.sum(o.exp(o.sub(jll(), top)), 1, true)), top);
      return [o.exp(o.sub(jll(), total))];
    }),
  };
}

function perClass(est: Estimator, c: Conversion, classes: Labels, ...names: string[]): ReturnType<typeof matrix2d> {
  const m = matrix2d(est, c, ...names);
  if (m.vector || m.rows !== labelCount(classes)) throw c.malformed(est, `${names[0]} has ${m.rows} rows for ${labelCount(classes)} classes`);
  return m;
}

/** log prior - 0.5 sum log(2 pi var) - 0.5 sum (x - theta)^2 / var; var_ was sigma_ up to 0.24 and in 1.0 is there as both. */
export const gaussianNaiveBayes: EstimatorConverter = defineEstimator({
  names: ["sklearn.GaussianNB"],
  convert(est, X, c) {
    const { o } = c;
    const classes = est.labels();
    return byLikelihood(c, classes, memo(() => {
      const theta = perClass(est, c, classes, "theta_");
      const variance = perClass(est, c, classes, "var_", "sigma_");
      const C = theta.rows;
      const F = theta.cols;
      if (variance.cols !== F) throw c.malformed(est, "var_ and theta_ do not agree");
      const priors = est.vector("class_prior_");
      if (priors.length !== C) throw c.malformed(est, `class_prior_ has ${priors.length} entries for ${C} classes`);
      const constant = Float64Array.from({ length: C }, (_, k) => {
        let sum = 0;
        for (let j = 0; j < F; j++) sum += Math.log(2 * Math.PI * variance.data[k * F + j]!);
        return -0.5 * sum;
      });
      const distance = sumOverDifferences(c, inputMatrix(est, X, c, F), theta, (d, first, last) => {
        const part = new Float64Array(C * (last - first));
        for (let k = 0; k < C; k++) part.set(variance.data.subarray(k * F + first, k * F + last), k * (last - first));
        return o.div(o.mul(d, d), o.doubles(part, [1, C, last - first]));
      });
      return o.add(o.sub(o.doubles(constant, [1, C]), o.mul(distance, 0.5)), o.doubles(priors.map(Math.log), [1, C]));
    }));
  },
});

/** X @ feature_log_prob_.T + class_log_prior_. ComplementNB adds the prior only where there is a single class. */
export const multinomialNaiveBayes: EstimatorConverter = defineEstimator({
  names: ["sklearn.MultinomialNB", "sklearn.ComplementNB"],
  convert(est, X, c) {
    const classes = est.labels();
    const prior = est.className === "MultinomialNB" || labelCount(classes) === 1;
    return byLikelihood(c, classes, memo(() => {
      const W = perClass(est, c, classes, "feature_log_prob_");
      return affine(c, inputMatrix(est, X, c, W.cols), W, prior ? broadcastVector(est, c, est.vector("class_log_prior_"), W.rows, "class_log_prior_") : undefined);
    }));
  },
});

/** Features above `binarize` count as ones, unless it is None. */
export const bernoulliNaiveBayes: EstimatorConverter = defineEstimator({
  names: ["sklearn.BernoulliNB"],
  convert(est, X, c) {
    const classes = est.labels();
    return byLikelihood(c, classes, memo(() => {
      const log = perClass(est, c, classes, "feature_log_prob_");
      const prior = broadcastVector(est, c, est.vector("class_log_prior_"), log.rows, "class_log_prior_");
      const negative = log.data.map((v) => Math.log(1 - Math.exp(v)));
      const b = prior.map((v, k) => v + negative.subarray(k * log.cols, (k + 1) * log.cols).reduce((a, n) => a + n, 0));
      const x = inputMatrix(est, X, c, log.cols);
      const ones = est.isNone("binarize") ? x : c.o.cast(c.o.greater(x, est.number("binarize")), "double");
      return affine(c, ones, { rows: log.rows, cols: log.cols, data: log.data.map((v, i) => v - negative[i]!) }, b);
    }));
  },
});

/**
 * The features are indices of categories, cut to integers. A negative one or one beyond the categories known is an error in
 * scikit-learn: for raw columns the limits say so, for others a check of the row.
 */
export const categoricalNaiveBayes: EstimatorConverter = defineEstimator({
  names: ["sklearn.CategoricalNB"],
  convert(est, X, c) {
    const { o } = c;
    const classes = est.labels();
    const C = labelCount(classes);
    return byLikelihood(c, classes, memo(() => {
      const tables = est.list("feature_log_prob_").map((v, j) => toMatrix(v, `${est.path}.feature_log_prob_[${j}]`));
      const x = inputMatrix(est, X, c, tables.length);
      let jll: Value | undefined;
      let unknown: Value | undefined;
      tables.forEach(({ shape, data }, j) => {
        const n = shape[1] ?? 0;
        if (shape.length !== 2 || shape[0] !== C || n === 0) throw c.malformed(est, `feature_log_prob_[${j}] is not for ${C} classes`);
        // Values above -1 and below n are cut to a category that is known.
        const limited = limitFeature(c, X, j, -1 + 2 ** -53, n - n * 2 ** -53);
        const rows = new Float64Array(n * C);
        for (let k = 0; k < C; k++) for (let v = 0; v < n; v++) rows[v * C + k] = data[k * n + v]!;
        // Cut to what is known or the next beyond before the cast, which is undefined for what no integer holds.
        const index = o.cast(o.minimum(o.maximum(o.squeeze(o.columns(x, [j]), 1), -1), n), "int64");
        if (!limited) {
          const wrong = o.or(o.less(index, 0), o.greaterEqual(index, n));
          unknown = unknown === undefined ? wrong : o.or(unknown, wrong);
        }
        const part = o.gather(o.doubles(rows, [n, C]), o.minimum(o.maximum(index, 0), n - 1), 0);
        jll = jll === undefined ? part : o.add(jll, part);
      });
      if (jll === undefined) throw c.malformed(est, "feature_log_prob_ is empty");
      if (unknown !== undefined) c.rowChecks.push({ refused: unknown, reason: `a feature that the model's own steps make of this row is not the index of a category that ${est.className} was fitted with` });
      return o.add(jll, o.doubles(broadcastVector(est, c, est.vector("class_log_prior_"), C, "class_log_prior_"), [1, C]));
    }));
  },
});
