// CalibratedClassifierCV (sklearn.calibration): the mean of several calibrated classifiers, each of which turns the
// scores of its estimator into probabilities, by a sigmoid or isotonic regression for every class, or by one temperature.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { Frame } from "../../conversion/frame.ts";
import { bothClasses, flat } from "../../conversion/algebra.ts";
import { labelPlaces, sumAll } from "../ensemble/votes.ts";

export const calibratedClassifierCV: EstimatorConverter = defineEstimator({
  names: ["sklearn.CalibratedClassifierCV"],
  convert(est, X, c) {
    const classes = est.labels();
    const members = est.estimators("calibrated_classifiers_");
    if (members.length === 0) throw c.malformed(est, "it has no calibrated classifiers");
    const probas = members.map((m) => calibrated(m, X, c, classes));
    const proba = memo(() => [c.o.div(sumAll(c, probas.map((p) => p())), members.length)]);
    return { kind: "classifier", classes: [classes], predictProba: proba, predict: memo(() => c.o.argmax(proba()[0]!, 1)) };
  },
});

/** [N, C] of one _CalibratedClassifier. */
function calibrated(member: Estimator, X: Frame, c: Conversion, classes: Labels): () => Value {
  const count = classes.values.length;
  const inner = member.estimator("estimator", "base_estimator");
  const fitted = c.convert(inner, X);
  const method = member.string("method");
  const calibrators = member.estimators("calibrators", "calibrators_");
  // For temperature scaling, estimators were fitted on encoded labels, all of them.
  const places = method === "temperature" ? [] : labelPlaces(inner, fitted.classes?.[0], classes, c);
  return memo(() => {
    const byScore = fitted.decisionFunction !== undefined;
    const raw = byScore ? fitted.decisionFunction!() : fitted.predictProba?.()[0];
    if (!raw) throw c.malformed(member, `its classifier ${inner.className} has neither scores nor probabilities`);
    // [N, 1] for two classes: the score or the probability of the second one.
    const scores = raw.shape?.length === 1 ? c.o.unsqueeze(raw, 1) : !byScore && count === 2 ? c.o.slice(raw, 1, 2, 1) : raw;
    const columns = raw.shape?.length === 1 || count === 2 ? 1 : places.length;
    if (method === "temperature") return clipped(c, temperature(c, calibrators[0]!, scores, byScore, count === 2));
    if (method !== "sigmoid" && method !== "isotonic") throw c.refuse(member, `method=${method}`, "this calibration is not known");
    if (calibrators.length < columns) throw c.malformed(member, `it has ${calibrators.length} calibrators for ${columns} columns of scores`);
    const each = Array.from({ length: columns }, (_, i) => calibrate(c, calibrators[i]!, columns === 1 ? scores : c.o.slice(scores, i, i + 1, 1)));
    if (count === 2) return clipped(c, bothClasses(c, flat(c, each[0]!)));
    const zero = c.o.mul(each[0]!, 0);
    const all = c.o.concat(Array.from({ length: count }, (_, k) => {
      const at = places.indexOf(k);
      return at >= 0 && at < columns ? each[at]! : zero;
    }));
    const total = c.o.sum(all, 1, true);
    return clipped(c, c.o.where(c.o.equal(total, 0), 1 / count, c.o.div(all, total)));
  });
}

/** [N, 1] to [N, 1]. */
function calibrate(c: Conversion, calibrator: Estimator, column: Value): Value {
  if (calibrator.className === "_SigmoidCalibration") {
    const exponent = c.o.add(c.o.mul(column, calibrator.number("a_")), calibrator.number("b_"));
    return c.o.div(1, c.o.add(1, c.o.exp(exponent)));
  }
  const frame = new Frame([{ kind: "number", value: column, features: [{ name: null, flows: [] }] }]);
  const predict = c.convert(calibrator, frame).predict;
  if (!predict) throw c.malformed(calibrator, "it cannot calibrate");
  return c.o.reshape(predict(), [-1, 1]);
}

function temperature(c: Conversion, calibrator: Estimator, scores: Value, byScore: boolean, binary: boolean): Value {
  let logits = scores;
  if (binary && byScore) logits = c.o.concat([c.o.neg(scores), scores]);
  else if (!byScore) logits = c.o.log(c.o.add(binary ? c.o.concat([c.o.sub(1, scores), scores]) : scores, 1e-12));
  return c.o.softmax(c.o.mul(logits, calibrator.number("beta_")));
}

/** Probabilities that exceed 1 by rounding. */
function clipped(c: Conversion, proba: Value): Value {
  return c.o.where(c.o.and(c.o.greater(proba, 1), c.o.lessEqual(proba, 1 + 1e-5)), 1, proba);
}
