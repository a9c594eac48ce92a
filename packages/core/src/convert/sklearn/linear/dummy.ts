// DummyClassifier and DummyRegressor: answers that do not depend on the row. The strategies that draw at random
// ("stratified", "uniform") are refused.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import { labelCount, repeatedRow } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toLabels, toList, toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

/** Any one column: only the number of rows matters, and the dummies check nothing. */
function anyColumn(X: Frame, c: Conversion): Value {
  return c.kindOf(X, 0) === "string" ? c.stringColumn(X, 0) : c.numberColumn(X, 0);
}

export const dummyRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.DummyRegressor"],
  convert(est, X, c) {
    const { data } = est.matrix("constant_");
    const targets = est.int("n_outputs_");
    if (data.length !== targets) throw c.malformed(est, `constant_ has ${data.length} entries for ${targets} outputs`);
    return {
      kind: "regressor",
      predict: memo(() => {
        const wide = repeatedRow(c, anyColumn(X, c), c.o.doubles(data, [1, data.length]), targets);
        return targets === 1 ? c.o.squeeze(wide, 1) : wide;
      }),
    };
  },
});

export const dummyClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.DummyClassifier"],
  convert(est, X, c) {
    const strategy = est.string("_strategy");
    if (strategy === "stratified" || strategy === "uniform") {
      throw c.refuse(est, `strategy=${JSON.stringify(strategy)}`, "its predictions are drawn at random", 'Use strategy="prior" or "most_frequent".');
    }
    const targets = est.int("n_outputs_");
    const many = targets > 1;
    const classes: Labels[] = many ? est.list("classes_").map((v, k) => toLabels(v, `${est.path}.classes_[${k}]`)) : [est.labels()];
    const priors = many ? est.list("class_prior_").map((v, k) => toMatrix(v, `${est.path}.class_prior_[${k}]`).data) : [est.vector("class_prior_")];
    if (classes.length !== targets || priors.length !== targets) throw c.malformed(est, `classes_ is not for ${targets} outputs`);
    const winners = classes.map((labels, k) => {
      if (priors[k]!.length !== labelCount(labels)) throw c.malformed(est, `class_prior_[${k}] does not agree with classes_[${k}]`);
      return strategy === "constant" ? constantIndex(est, c, labels, k, many) : priors[k]!.indexOf(Math.max(...priors[k]!));
    });
    return {
      kind: "classifier",
      classes,
      predict: memo(() => {
        const wide = repeatedRow(c, anyColumn(X, c), c.graph.constant(int64s(winners, [1, targets])), targets);
        return many ? wide : c.o.squeeze(wide, 1);
      }),
      predictProba: memo(() => priors.map((prior, k) => {
        const row = strategy === "prior" ? prior : prior.map((_, i) => (i === winners[k] ? 1 : 0));
        return repeatedRow(c, anyColumn(X, c), c.o.doubles(row, [1, row.length]), row.length);
      })),
    };
  },
});

function constantIndex(est: Estimator, c: Conversion, labels: Labels, k: number, many: boolean): number {
  const raw = est.need("constant");
  const scalar = typeof raw === "string" || typeof raw === "bigint" || typeof raw === "number" || typeof raw === "boolean";
  const items = scalar ? [raw] : toList(raw, `${est.path}.constant`);
  const wanted = items[many ? k : 0];
  const at = labels.values.findIndex((v) => v === wanted || (typeof v !== "string" && typeof wanted !== "string" && Number(v) === Number(wanted)));
  if (at < 0) throw c.malformed(est, "constant is not one of classes_");
  return at;
}
