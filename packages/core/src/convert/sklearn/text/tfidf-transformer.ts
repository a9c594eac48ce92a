// TfidfTransformer (sklearn/feature_extraction/text.py, 1.0 to 1.9) on a matrix of counts.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { weighTerms } from "./tfidf.ts";

export const tfidfTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.TfidfTransformer"],
  convert(est, X, c) {
    const checked = c.checkArray(X, est);
    return {
      kind: "transformer",
      transform: memo(() => {
        const single = checked.blocks.every((b) => b.kind === "number" && b.value.type === "float");
        const counts = c.numbers(checked);
        return c.mixed(weighTerms(est, single ? c.o.cast(counts, "float") : counts, checked.width, c), checked, checked.features.map((f) => f.name));
      }),
    };
  },
});
