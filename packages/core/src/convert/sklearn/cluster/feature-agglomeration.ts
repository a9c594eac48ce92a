// FeatureAgglomeration with its default pooling: the mean of the columns of each cluster.

import { inputMatrix, numberedNames } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { describe } from "../../conversion/estimator.ts";
import { PyGlobal } from "../../../pickle/index.ts";

export const featureAgglomeration: EstimatorConverter = defineEstimator({
  names: ["sklearn.FeatureAgglomeration"],
  convert(est, X, c) {
    const pooling = est.raw("pooling_func");
    if (!(pooling instanceof PyGlobal) || pooling.name !== "mean" || pooling.module.split(".")[0] !== "numpy") {
      throw c.refuse(est, `pooling_func=${describe(pooling)}`, "only numpy.mean is compiled");
    }
    return {
      kind: "transformer",
      transform: memo(() => {
        const labels = Array.from(est.ints("labels_"), Number);
        const K = labels.reduce((a, b) => Math.max(a, b), -1) + 1;
        if (K < 1 || K > labels.length || labels.some((v) => v < 0)) throw c.malformed(est, "labels_ are not cluster numbers");
        const members = new Float64Array(labels.length * K);
        const size = new Float64Array(K);
        labels.forEach((k, j) => {
          members[j * K + k] = 1;
          size[k]! += 1;
        });
        const sums = c.o.matmul(inputMatrix(est, X, c, labels.length), c.o.doubles(members, [labels.length, K]));
        return c.mixed(c.o.div(sums, c.o.doubles(size, [1, K])), c.checkArray(X, est), numberedNames(est, K));
      }),
    };
  },
});
