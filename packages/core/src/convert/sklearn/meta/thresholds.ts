// FixedThresholdClassifier and TunedThresholdClassifierCV (sklearn.model_selection, from 1.5): the label changes at a
// threshold of the probability or the score of one class.

import { PyDict, PyGlobal, PyObject, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";

export const fixedThreshold: EstimatorConverter = defineEstimator({
  names: ["sklearn.FixedThresholdClassifier"],
  convert(est, X, c) {
    const inner = c.convert(est.has("estimator_") ? est.estimator("estimator_") : est.estimator("estimator"), X);
    const threshold = est.raw("threshold");
    return thresholded(est, c, inner, threshold === "auto" ? undefined : est.number("threshold"), est.raw("pos_label") ?? null);
  },
});

export const tunedThreshold: EstimatorConverter = defineEstimator({
  names: ["sklearn.TunedThresholdClassifierCV"],
  convert(est, X, c) {
    return thresholded(est, c, c.convert(est.estimator("estimator_"), X), est.number("best_threshold_"), scorerPosLabel(est));
  },
});

function thresholded(est: Estimator, c: Conversion, inner: Fitted, fixed: number | undefined, posLabel: PyValue): Fitted {
  const classes = inner.classes?.[0];
  if (!classes || classes.values.length !== 2) throw c.malformed(est, "it needs a classifier of two classes");
  const values = classes.values as readonly (string | bigint | number | boolean)[];
  const place = posLabel === null ? 1 : values.findIndex((v) => v === posLabel || (typeof v !== "string" && typeof posLabel !== "string" && Number(v) === Number(posLabel)));
  if (place < 0) throw c.malformed(est, `pos_label ${describe(posLabel)} is not one of its classes`);
  const method = est.string("response_method", "auto");
  const byProba = method !== "decision_function" && inner.predictProba !== undefined;
  const predict = memo(() => {
    const threshold = fixed ?? (byProba ? 0.5 : 0);
    let score;
    if (byProba) score = c.o.squeeze(c.o.slice(inner.predictProba!()[0]!, place, place + 1, 1), 1);
    else if (inner.decisionFunction && method !== "predict_proba") score = place === 1 ? inner.decisionFunction() : c.o.neg(inner.decisionFunction());
    else throw c.malformed(est, `its classifier has no ${method}`);
    const reached = c.o.cast(c.o.greaterEqual(score, threshold), "int64");
    return place === 1 ? reached : c.o.sub(c.o.scalar(1, "int64"), reached);
  });
  return {
    kind: "classifier", classes: [classes], predict,
    ...(inner.predictProba ? { predictProba: inner.predictProba } : {}),
    ...(inner.decisionFunction ? { decisionFunction: inner.decisionFunction } : {}),
  };
}

/** Metrics of sklearn.metrics that look at one class, label 1 unless told otherwise. */
const ONE_CLASS: ReadonlySet<string> = new Set(["f1_score", "fbeta_score", "precision_score", "recall_score", "jaccard_score", "brier_score_loss", "average_precision_score"]);

/** The scorer's pos_label: its own, else its metric's default. */
function scorerPosLabel(est: Estimator): PyValue {
  const scorer = est.raw("_curve_scorer");
  if (!(scorer instanceof PyObject)) return null;
  const kwargs = scorer.attributes?.get("_kwargs");
  if (kwargs instanceof PyDict && kwargs.has("pos_label")) return kwargs.get("pos_label") ?? null;
  const metric = scorer.attributes?.get("_score_func");
  return metric instanceof PyGlobal && metric.module.startsWith("sklearn.metrics") && ONE_CLASS.has(metric.name) ? 1n : null;
}
