// LabelPropagation and LabelSpreading (semi_supervised/_label_propagation.py): the label distributions of the training rows,
// weighted by an RBF kernel or summed over the nearest neighbours, each row divided by its sum.

import { inputMatrix, labelCount, matrix2d, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { describe } from "../../conversion/estimator.ts";
import { pairwiseKernel } from "../kernels.ts";
import { nearest, reordered } from "./search.ts";

export const labelPropagation: EstimatorConverter = defineEstimator({
  names: ["sklearn.LabelPropagation", "sklearn.LabelSpreading"],
  convert(est, X, c) {
    const { o } = c;
    const classes = est.labels();
    const C = labelCount(classes);
    const Y = matrix2d(est, c, "X_");
    const shares = shaped(est, c, [Y.rows, C], "label_distributions_").data;
    const proba = memo(() => {
      let sums;
      const kernel = est.raw("kernel");
      if (kernel === "rbf") {
        const weights = pairwiseKernel(c, "rbf", inputMatrix(est, X, c, Y.cols), Y, { gamma: est.number("gamma"), degree: 3, coef0: 1 })!;
        sums = o.matmul(weights, o.doubles(shares, [Y.rows, C]));
      } else if (kernel === "knn") {
        const found = nearest(est.estimator("nn_fit"), c.checkArray(X, est), c, est.int("n_neighbors"));
        sums = o.sum(o.gather(o.doubles(reordered(shares, found.order, C), [Y.rows, C]), found.indices, 0), 1);
      } else throw c.refuse(est, `kernel=${describe(kernel)}`, "a kernel that is a function is not in the file", 'Use kernel="rbf" or kernel="knn".');
      return o.div(sums, o.sum(sums, 1, true));
    });
    return { kind: "classifier", classes: [classes], predictProba: memo(() => [proba()]), predict: memo(() => o.argmax(proba(), 1)) };
  },
});
