// NearestNeighbors, and the transformers that give the graph of a row's neighbours among the training rows as a dense row.

import type { Value } from "../../../onnx/index.ts";
import { doubles, int64s } from "../../../tensor/index.ts";
import { rowCount } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { allDistances, nearest } from "./search.ts";

/** The k nearest as numbers of training rows, nearest first, and their distances: both [N, k]. */
export function kNearest(est: Estimator, X: Frame, c: Conversion, k: number): { indices: Value; distances: Value; count: number } {
  const found = nearest(est, X, c, k);
  return { indices: c.o.gather(c.graph.constant(int64s(BigInt64Array.from(found.order, BigInt))), found.indices, 0), distances: found.distances(), count: found.count };
}

export const nearestNeighbors: EstimatorConverter = defineEstimator({
  names: ["sklearn.NearestNeighbors"],
  convert: (est, X, c) => ({ kind: "transformer", neighbors: memo(() => kNearest(est, X, c, est.int("n_neighbors"))) }),
});

function graphMode(est: Estimator, c: Conversion): "distance" | "connectivity" {
  const mode = est.raw("mode");
  if (mode === "distance" || mode === "connectivity") return mode;
  throw c.refuse(est, `mode=${describe(mode)}`, 'there are "distance" and "connectivity"');
}

export const kNeighborsTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.KNeighborsTransformer"],
  convert(est, X, c) {
    const { o } = c;
    const mode = graphMode(est, c);
    return {
      kind: "transformer",
      transform: memo(() => {
        // In "distance" mode one more, since a training row is its own nearest neighbour.
        const { indices, distances, count } = kNearest(est, X, c, est.int("n_neighbors") + (mode === "distance" ? 1 : 0));
        const zeros = c.graph.op("ConstantOfShape", [o.concat([rowCount(c, indices), o.int64s([count])], 0)], { value: doubles([0]) });
        const entries = mode === "distance" ? distances : o.cast(o.greaterEqual(indices, 0), "double");
        return c.answers(c.graph.op("ScatterElements", [zeros, indices, entries], { axis: 1 }), X, Array.from({ length: count }, (_, i) => `kneighborstransformer${i}`));
      }),
    };
  },
});

export const radiusNeighborsTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.RadiusNeighborsTransformer"],
  convert(est, X, c) {
    const { o } = c;
    const mode = graphMode(est, c);
    return {
      kind: "transformer",
      transform: memo(() => {
        const { rows, order, distances } = allDistances(est, X, c);
        const within = o.lessEqual(distances.reduced, distances.reduce(est.number("radius")));
        const graph = mode === "distance" ? o.where(within, distances.toDistance(distances.reduced), 0) : o.cast(within, "double");
        // From the order of the search to that of the training rows.
        const place = new BigInt64Array(rows);
        order.forEach((row, i) => { place[row] = BigInt(i); });
        return c.answers(o.gather(graph, c.graph.constant(int64s(place)), 1), X, Array.from({ length: rows }, (_, i) => `radiusneighborstransformer${i}`));
      }),
    };
  },
});
