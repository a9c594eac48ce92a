// sklearn.preprocessing.TargetEncoder (1.3): a number per category (and, for several classes since 1.4, per class).

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { toMatrix } from "../../conversion/estimator.ts";
import { mixFlows, type Feature } from "../../conversion/frame.ts";
import { categoryTable, declareAll, readCategories } from "./categories.ts";

export const targetEncoder: EstimatorConverter = defineEstimator({
  names: ["sklearn.TargetEncoder"],
  convert(est, X, c) {
    const columns = readCategories(est, X, c);
    declareAll(est, X, c, columns, "allowed");
    const multiclass = est.string("target_type_", "auto") === "multiclass";
    const labels = multiclass ? est.labels() : undefined;
    const classes = labels ? labels.values.length : 1;
    const encodings = est.list("encodings_").map((v, i) => toMatrix(v, `${est.path}.encodings_[${i}]`).data);
    const means = est.vector("target_mean_");
    if (encodings.length !== X.width * classes || means.length !== classes) throw c.malformed(est, `${encodings.length} encodings for ${X.width} columns and ${classes} classes`);
    encodings.forEach((e, i) => {
      if (e.length !== columns[Math.floor(i / classes)]!.keys.length) throw c.malformed(est, "an encoding does not have one number per category");
    });
    return {
      kind: "transformer",
      transform: memo(() => {
        const source = encodings.map((_, i) => Math.floor(i / classes));
        const value = categoryTable(c.select(X, source), c, source.map((j) => columns[j]!), (i, k) => encodings[i]![k]!, (i) => means[i % classes]!);
        return c.frame(value, source.map((j, i): Feature => {
          const input = X.features[j]!;
          const name = input.name === null || !labels ? input.name : `${input.name}_${String(labels.values[i % classes])}`;
          return { name, flows: mixFlows([input], { clearMissing: true, clearInfinite: true }) };
        }));
      }),
    };
  },
});
