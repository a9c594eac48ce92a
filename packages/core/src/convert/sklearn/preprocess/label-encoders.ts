// sklearn.preprocessing.LabelEncoder and LabelBinarizer, for files that hold one as the model: one column of labels in.

import { int64s, strings, doubles } from "../../../tensor/index.ts";
import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { mixFlows, type Feature, type Frame } from "../../conversion/frame.ts";

/** int64 [N, 1]; labels that are not in classes_ are refused by the signature, or -1. */
function labelNumbers(est: Estimator, X: Frame, c: Conversion, unknown: "refused" | "allowed"): { ids: () => Value; count: number; texts: string[] } {
  if (X.width !== 1) throw c.malformed(est, `it takes one column of labels, not ${X.width}`);
  const labels = est.labels();
  c.declareCategories(X, 0, labels.values.map((v) => (typeof v === "bigint" ? Number(v) : v)), unknown);
  c.refuseMissing(X, 0, `${est.className} takes no missing labels`);
  return {
    count: labels.values.length,
    texts: labels.values.map(String),
    ids: () => c.graph.op("LabelEncoder", [labels.type === "string" ? c.stringColumn(X, 0) : c.numberColumn(X, 0)], {
      keys_tensor: labels.type === "string" ? strings(labels.values) : doubles(labels.values.map(Number)),
      values_tensor: int64s(labels.values.map((_, i) => i)),
      default_tensor: int64s([-1]),
    }),
  };
}

export const labelEncoder: EstimatorConverter = defineEstimator({
  names: ["sklearn.LabelEncoder"],
  convert(est, X, c) {
    const { ids } = labelNumbers(est, X, c, "refused");
    return { kind: "transformer", transform: memo(() => c.frame(ids(), X.features.map((f): Feature => ({ name: f.name, flows: mixFlows([f], { clearMissing: true, clearInfinite: true }) })))) };
  },
});

export const labelBinarizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.LabelBinarizer"],
  convert(est, X, c) {
    const [low, high] = [est.number("neg_label", 0), est.number("pos_label", 1)];
    if (est.raw("y_type_") === "multilabel-indicator") {
      // Already a column a class: only what stands for yes and no may change.
      return {
        kind: "transformer",
        transform: memo(() => c.answers(c.o.where(c.o.equal(c.numbers(X), 0), c.o.scalar(low), c.o.scalar(high)), X, X.features.map((f) => f.name))),
      };
    }
    const { ids, count, texts } = labelNumbers(est, X, c, "allowed");
    return {
      kind: "transformer",
      transform: memo(() => {
        const wanted = count <= 2 ? [1] : texts.map((_, i) => i);
        const equal = c.o.equal(ids(), c.o.int64s(wanted, [1, wanted.length]));
        const flows = mixFlows(X.features, { clearMissing: true, clearInfinite: true });
        return c.frame(c.o.where(equal, c.o.scalar(high), c.o.scalar(low)), wanted.map((i): Feature => ({ name: texts[i] ?? null, flows })));
      }),
    };
  },
});
