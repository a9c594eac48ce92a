// GradientBoostingClassifier and GradientBoostingRegressor (sklearn.ensemble): raw = init + learning_rate * sum of leaves,
// in stages of one tree per class. The loss object (`loss_`, `_loss`) changed its class with every other version; what
// it does to raw scores follows from the parameter `loss` and the number of classes.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, toEstimator, type Estimator } from "../../conversion/estimator.ts";
import { Frame } from "../../conversion/frame.ts";
import { bothClasses, flat, inputMatrix } from "../../conversion/algebra.ts";
import { roundToFloat32, sumLeafRows } from "../tree/emit-trees.ts";
import { readTrees } from "../tree/leaf-values.ts";
import { forestMembers } from "./forest.ts";

export const gradientBoostingClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.GradientBoostingClassifier"],
  convert(est, X, c) {
    const classes = est.labels();
    const count = classes.values.length;
    const loss = est.string("loss");
    if (!["log_loss", "deviance", "exponential"].includes(loss)) throw c.refuse(est, `loss=${loss}`, "this loss is not known");
    const binary = count === 2;
    const raw = rawScores(est, X, c, binary ? 1 : count, (init, x) => initialScores(est, init, x, c, loss === "exponential", binary));
    const decision = memo(() => (binary ? flat(c, raw()) : raw()));
    const positive = memo(() => c.o.sigmoid(loss === "exponential" ? c.o.mul(decision(), 2) : decision()));
    const proba = memo(() => [binary ? bothClasses(c, positive()) : c.o.softmax(raw())]);
    // Up to 1.3 the label of log_loss was the argmax of the probabilities: class 0 where they are equal.
    const byScore = est.versionAtLeast(1, 4) || loss === "exponential";
    const predict = memo(() => {
      if (binary && byScore) return c.o.cast(c.o.greaterEqual(decision(), 0), "int64");
      return c.o.argmax(est.versionAtLeast(1, 4) ? raw() : proba()[0]!, 1);
    });
    return { kind: "classifier", classes: [classes], decisionFunction: decision, predictProba: proba, predict };
  },
});

export const gradientBoostingRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.GradientBoostingRegressor"],
  convert(est, X, c) {
    const raw = rawScores(est, X, c, 1, (init, x) => {
      const predict = c.convert(init, x).predict;
      if (!predict) throw c.malformed(est, `${init.className} as init cannot predict`);
      return c.o.reshape(predict(), [-1, 1]);
    });
    return { kind: "regressor", predict: memo(() => flat(c, raw())) };
  },
});

/** [N, K]. */
function rawScores(est: Estimator, X: Frame, c: Conversion, perStage: number, start: (init: Estimator, x: Frame) => Value): () => Value {
  const members = forestMembers(est, c);
  if (members.length % perStage !== 0) throw c.malformed(est, `it has ${members.length} trees for ${perStage} classes`);
  const trees = readTrees(members, c, X.width);
  if (trees.some((t) => t.outputs !== 1 || t.width !== 1)) throw c.malformed(est, "its trees are not regression trees of one output");
  const rate = est.number("learning_rate");
  const init = est.need("init_", "init");
  const matrix = inputMatrix(est, X, c, est.int("n_features_in_"), { dtype: "float32" });
  return memo(() => {
    const x = roundToFloat32(c, matrix);
    const sums = sumLeafRows(c, x, trees, perStage, (t, node, row, at) => {
      row[at + (t % perStage)] = rate * trees[t]!.values[node]!;
    });
    if (init === "zero") return sums;
    if (typeof init === "string" || init === null) throw c.malformed(est, `init_ is ${describe(init)}`);
    return c.o.add(start(toEstimator(init, `${est.path}.init_`), new Frame([{ kind: "number", value: x, features: c.checkArray(X, est).features }])), sums);
  });
}

/** What init_ says, as raw scores. */
function initialScores(est: Estimator, init: Estimator, x: Frame, c: Conversion, exponential: boolean, binary: boolean): Value {
  const proba = c.convert(init, x).predictProba?.()[0];
  if (!proba) throw c.malformed(est, `${init.className} as init has no probabilities`);
  const eps = est.versionAtLeast(1, 8) ? Number.EPSILON : 2 ** -23;
  const clipped = c.o.minimum(c.o.maximum(binary ? c.o.slice(proba, 1, 2, 1) : proba, eps), 1 - eps);
  if (binary) {
    const logit = c.o.log(c.o.div(clipped, c.o.sub(1, clipped)));
    return exponential ? c.o.mul(logit, 0.5) : logit;
  }
  const logs = c.o.log(clipped);
  // From 1.4 relative to the geometric mean of the classes.
  return est.versionAtLeast(1, 4) ? c.o.sub(logs, c.o.mean(logs, 1, true)) : logs;
}
