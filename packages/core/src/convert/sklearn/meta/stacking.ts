// StackingClassifier and StackingRegressor (sklearn.ensemble): what the estimators say becomes the columns of the final
// one. Of probabilities of two classes (and of every target of several) the first column is dropped.

import type { Value } from "../../../onnx/index.ts";
import { PyList } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toLabels, type Estimator } from "../../conversion/estimator.ts";
import { Frame } from "../../conversion/frame.ts";
import { encodedLabels, labelPlaces } from "../ensemble/votes.ts";
import { memberValue, needPredict } from "./voting.ts";

export const stackingClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.StackingClassifier"],
  convert(est, X, c) {
    const several = est.raw("_label_encoder") instanceof PyList;
    const classes: Labels[] = several ? est.list("classes_").map((v, i) => toLabels(v, `${est.path}.classes_[${i}]`)) : [est.labels()];
    const stacked = memo(() => stack(est, X, c, !several && classes[0]!.values.length === 2));
    const inner = est.estimator("final_estimator_");
    const final = memo(() => c.convert(inner, stacked()));
    // The final estimator's classes are places in classes_.
    const place = (index: Value, t: number): Value => {
      const places = labelPlaces(inner, final().classes?.[t], encodedLabels(classes[t]!.values.length), c);
      return places.every((p, i) => p === i) ? index : c.o.gather(c.o.int64s(places), index, 0);
    };
    const predict = memo(() => {
      const index = needPredict(inner, final(), c);
      return several ? c.o.concat(classes.map((_, t) => place(c.o.columns(index, [t]), t))) : place(index, 0);
    });
    const { predictProba, decisionFunction } = final();
    return {
      kind: "classifier", classes, predict, transform: stacked,
      ...(predictProba ? { predictProba: memo(() => (several ? [c.o.concat(predictProba().map((p) => c.o.slice(p, 0, 1, 1)))] : predictProba())) } : {}),
      ...(decisionFunction ? { decisionFunction } : {}),
    };
  },
});

export const stackingRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.StackingRegressor"],
  convert(est, X, c) {
    const stacked = memo(() => stack(est, X, c, false));
    const inner = est.estimator("final_estimator_");
    return { kind: "regressor", predict: memo(() => needPredict(inner, c.convert(inner, stacked()), c)), transform: stacked };
  },
});

function stack(est: Estimator, X: Frame, c: Conversion, binary: boolean): Frame {
  const members = est.estimators("estimators_");
  const methods = est.list("stack_method_");
  if (members.length === 0 || methods.length !== members.length) throw c.malformed(est, `it has ${members.length} estimators and ${methods.length} methods`);
  const parts = members.flatMap((m, i): Value[] => {
    const fitted = c.convert(m, X);
    switch (methods[i]) {
      case "predict_proba": {
        const probas = fitted.predictProba?.();
        if (!probas) throw c.malformed(m, "stacking needs its probabilities");
        if (probas.length === 1 && !binary) return [...probas];
        return probas.map((p) => c.o.slice(p, 1, Number.MAX_SAFE_INTEGER, 1));
      }
      case "decision_function": {
        if (!fitted.decisionFunction) throw c.malformed(m, "stacking needs its scores");
        return [column(c, fitted.decisionFunction())];
      }
      case "predict": return [column(c, memberValue(m, fitted, c))];
      default: throw c.malformed(est, `stack_method_ names ${String(methods[i])}`);
    }
  });
  const value = c.o.concat(parts);
  const width = value.shape?.[1];
  if (typeof width !== "number") throw c.malformed(est, "how many columns its estimators give is not known");
  const frame = c.answers(value, X, Array.from({ length: width }, (_, i) => `${est.className.toLowerCase()}${i}`));
  return est.bool("passthrough", false) ? Frame.concat([frame, X]) : frame;
}

function column(c: Conversion, v: Value): Value {
  return v.shape?.length === 1 ? c.o.unsqueeze(v, 1) : v;
}
