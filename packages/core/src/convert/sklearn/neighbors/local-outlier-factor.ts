// LocalOutlierFactor(novelty=True): the densities of the training rows are in the file, that of a new row comes of its
// neighbours. Without novelty scikit-learn has no methods for new rows.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { shaped } from "../../conversion/algebra.ts";
import { nearest, reordered } from "./search.ts";

export const localOutlierFactor: EstimatorConverter = defineEstimator({
  names: ["sklearn.LocalOutlierFactor"],
  convert(est, X, c) {
    const { o } = c;
    if (!est.bool("novelty", false)) throw c.refuse(est, "novelty=False", "scikit-learn itself has no predict for new rows then", "Fit it with novelty=True.");
    const offset = est.number("offset_");
    const scores = memo(() => {
      const k = est.int("n_neighbors_");
      const found = nearest(est, X, c, k);
      const lrd = shaped(est, c, [found.count], "_lrd").data;
      const trained = shaped(est, c, [found.count, -1], "_distances_fit_X_");
      const width = trained.shape[1]!;
      if (width < k) throw c.malformed(est, "_distances_fit_X_ is too narrow");
      const kth = Float64Array.from({ length: found.count }, (_, i) => trained.data[found.order[i]! * width + k - 1]!);
      const reach = o.maximum(found.distances(), o.gather(o.doubles(kth), found.indices, 0));
      const density = o.div(1, o.add(o.mean(reach, 1, true), 1e-10));
      return o.neg(o.mean(o.div(o.gather(o.doubles(reordered(lrd, found.order)), found.indices, 0), density), 1));
    });
    const decision = memo(() => o.sub(scores(), offset));
    return {
      kind: "outlier",
      predict: memo(() => o.where(o.less(decision(), 0), o.int64s([-1]), o.int64s([1]))),
      decisionFunction: decision,
      scoreSamples: scores,
    };
  },
});
