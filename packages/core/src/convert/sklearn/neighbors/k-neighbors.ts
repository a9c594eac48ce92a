// KNeighborsClassifier and KNeighborsRegressor. Votes are counted class by class, so that a tie goes to the first class, as
// scipy's mode and scikit-learn's weighted_mode have it.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import { labelCount } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { fittedTargets, trainingClasses } from "./targets.ts";
import { inverseDistances, isExpanded, nearest, reordered, weighting } from "./search.ts";

export const kNeighborsClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.KNeighborsClassifier"],
  convert(est, X, c) {
    const { o } = c;
    const classes = trainingClasses(est, c);
    const many = est.bool("outputs_2d_", false);
    const weights = weighting(est, c);
    // Since 1.3 votes that weigh alike are counted by ArgKminClassMode, which takes all training rows into one heap, unless the
    // metric is one that is expanded.
    const oneHeap = weights === "uniform" && !many && est.versionAtLeast(1, 3) && !isExpanded(est);
    const found = memo(() => nearest(est, X, c, est.int("n_neighbors"), { oneHeap }));
    const shares = memo(() => (weights === "distance" ? inverseDistances(c, found().distances()) : undefined));
    const votes = memo((): Value[] => {
      const targets = fittedTargets(est, c, found().order, classes.map(labelCount));
      return classes.map((labels, t) => {
        const C = labelCount(labels);
        const label = o.unsqueeze(o.gather(c.graph.constant(int64s(targets[t]!)), found().indices, 0), 2);
        const hit = o.cast(o.equal(label, o.int64s(Array.from({ length: C }, (_, i) => i), [1, 1, C])), "double");
        const w = shares();
        return o.sum(w === undefined ? hit : o.mul(hit, o.unsqueeze(w, 2)), 1);
      });
    });
    return {
      kind: "classifier",
      classes,
      predict: memo(() => {
        const winners = votes().map((v) => o.argmax(v, 1));
        return many ? o.concat(winners.map((v) => o.unsqueeze(v, 1))) : winners[0]!;
      }),
      predictProba: memo(() => votes().map((v) => {
        const total = o.sum(v, 1, true);
        return o.div(v, o.where(o.equal(total, 0), 1, total));
      })),
    };
  },
});

export const kNeighborsRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.KNeighborsRegressor"],
  convert(est, X, c) {
    const { o } = c;
    const y = est.matrix("_y");
    const T = y.shape.length === 2 ? y.shape[1]! : 1;
    const weights = weighting(est, c);
    return {
      kind: "regressor",
      predict: memo(() => {
        const found = nearest(est, X, c, est.int("n_neighbors"));
        if (y.data.length !== found.count * T) throw c.malformed(est, `_y is not for ${found.count} rows`);
        const values = o.gather(o.doubles(reordered(y.data, found.order, T), [found.count, T]), found.indices, 0);
        const result = weights === "uniform"
          ? o.mean(values, 1)
          : ((w: Value) => o.div(o.sum(o.mul(values, o.unsqueeze(w, 2)), 1), o.sum(w, 1, true)))(inverseDistances(c, found.distances()));
        return y.shape.length === 2 ? result : o.squeeze(result, 1);
      }),
    };
  },
});

