// NearestCentroid: the first of the nearest centroids. From 1.6 on it has priors: where they are not all alike, and for
// decision_function and predict_proba (Euclidean only), the score is -|x' - centroid'|^2 + 2 log prior in units of the
// standard deviation within the classes.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, labelCount, matrix2d, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe } from "../../conversion/estimator.ts";
import { expandedSquaredDistances, sumOverDifferences, type Rows } from "../kernels.ts";

export const nearestCentroid: EstimatorConverter = defineEstimator({
  names: ["sklearn.NearestCentroid"],
  convert(est, X, c) {
    const { o } = c;
    const classes = est.labels();
    const count = labelCount(classes);
    const centroids = matrix2d(est, c, "centroids_");
    if (centroids.rows !== count) throw c.malformed(est, `${centroids.rows} centroids for ${count} classes`);
    const metric = est.raw("metric");
    if (metric !== "euclidean" && metric !== "manhattan") throw c.refuse(est, `metric=${describe(metric)}`, "only euclidean and manhattan are compiled");
    const x = memo(() => inputMatrix(est, X, c, centroids.cols));
    const nearest = memo(() => o.argmin(distances(c, x(), centroids, metric), 1));
    if (!est.has("class_prior_")) return { kind: "classifier", classes: [classes], predict: nearest };
    const priors = shaped(est, c, [count], "class_prior_").data;
    const scores = memo(() => {
      const std = shaped(est, c, [centroids.cols], "within_class_std_dev_").data.map((v) => (v === 0 ? 1 : v));
      const scaled: Rows = { rows: centroids.rows, cols: centroids.cols, data: centroids.data.map((v, i) => v / std[i % std.length]!) };
      const d = distances(c, o.div(x(), o.doubles(std, [1, std.length])), scaled, metric);
      return o.add(o.neg(metric === "euclidean" ? d : o.mul(d, d)), o.doubles(priors.map((p) => 2 * Math.log(p)), [1, count]));
    });
    // numpy.isclose with its default tolerances.
    const even = priors.every((p) => Math.abs(p - 1 / count) <= 1e-8 + 1e-5 / count);
    return {
      kind: "classifier",
      classes: [classes],
      predict: even ? nearest : memo(() => o.argmax(scores(), 1)),
      ...(metric === "euclidean" ? {
        decisionFunction: memo(() => (count === 2 ? o.squeeze(o.sub(o.columns(scores(), [1]), o.columns(scores(), [0])), 1) : scores())),
        predictProba: memo(() => [o.softmax(scores())]),
      } : {}),
    };
  },
});

/** Squared for the Euclidean metric. */
function distances(c: Conversion, x: Value, Y: Rows, metric: string): Value {
  return metric === "euclidean" ? expandedSquaredDistances(c, x, Y) : sumOverDifferences(c, x, Y, (d) => c.o.abs(d));
}
