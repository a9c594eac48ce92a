// Isomap and LocallyLinearEmbedding on new rows (sklearn.manifold): both start from the nearest training rows.

import { inputMatrix, matrix2d, numberedNames, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { projectKernel } from "../decomposition/kernel-projection.ts";
import { solvePositive } from "../graph-solve.ts";
import { Ops, type Value } from "../../../onnx/index.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { kNearest } from "./neighbor-graphs.ts";
import { allDistances, reordered } from "./search.ts";

/** Geodesic distances through the nearest training rows, then the kernel projection of -d^2 / 2. */
export const isomap: EstimatorConverter = defineEstimator({
  names: ["sklearn.Isomap"],
  convert(est, X, c) {
    const { o } = c;
    return {
      kind: "transformer",
      transform: memo(() => {
        const { geodesic, count } = est.isNone("n_neighbors") ? throughRadius(est, X, c) : throughNearest(est, X, c);
        const { value, width } = projectKernel(est.estimator("kernel_pca_"), c, o.mul(o.mul(geodesic, geodesic), -0.5), count);
        return c.answers(value, c.checkArray(X, est), numberedNames(est, width));
      }),
    };
  },
});

/** Geodesic distances to every training row, [N, M], through the nearest ones ... */
function throughNearest(est: Estimator, X: Frame, c: Conversion): { geodesic: Value; count: number } {
  const { o } = c;
  const { indices, distances, count } = kNearest(est.estimator("nbrs_"), X, c, est.int("n_neighbors"));
  const D = shaped(est, c, [count, count], "dist_matrix_").data;
  return { count, geodesic: o.min(o.add(o.gather(o.doubles(D, [count, count]), indices, 0), o.unsqueeze(distances, 2)), 1) };
}

/** ... and through all within a radius, of which there has to be one. */
function throughRadius(est: Estimator, X: Frame, c: Conversion): { geodesic: Value; count: number } {
  const { o } = c;
  const nbrs = est.estimator("nbrs_");
  const { rows: count, order, distances } = allDistances(nbrs, X, c);
  const D = shaped(est, c, [count, count], "dist_matrix_").data;
  const near = o.lessEqual(distances.reduced, distances.reduce(nbrs.number("radius")));
  const first = o.where(near, distances.toDistance(distances.reduced), Infinity);
  c.rowChecks.push({ refused: o.equal(o.min(first, 1), Infinity), reason: `no training row is within radius ${nbrs.number("radius")} of this row` });
  const body = c.graph.body([{ type: "double", shape: [count] }], (graph, [row]) => {
    const p = new Ops(graph);
    return [p.min(p.add(p.unsqueeze(row!, 1), p.doubles(reordered(D, order, count), [count, count])), 0)];
  });
  return { count, geodesic: c.graph.op("Scan", [first], { body, num_scan_inputs: 1 }) };
}

/** Barycentric weights of the nearest training rows, applied to their places in the embedding. */
export const locallyLinearEmbedding: EstimatorConverter = defineEstimator({
  names: ["sklearn.LocallyLinearEmbedding"],
  convert(est, X, c) {
    const { o } = c;
    return {
      kind: "transformer",
      transform: memo(() => {
        const nbrs = est.estimator("nbrs_");
        const Y = matrix2d(nbrs, c, "_fit_X");
        const k = est.int("n_neighbors");
        const embedding = shaped(est, c, [Y.rows, -1], "embedding_");
        const width = embedding.shape[1]!;
        const { indices } = kNearest(nbrs, c.checkArray(X, est), c, k);
        const x = inputMatrix(est, X, c, Y.cols);
        const differences = o.sub(o.gather(o.doubles(Y.data, [Y.rows, Y.cols]), indices, 0), o.unsqueeze(x, 1));
        // Not as a product of matrices: the engine fuses the transposition into one that has no kernel in double.
        const G = o.sum(o.mul(o.unsqueeze(differences, 2), o.unsqueeze(differences, 1)), 3);
        const trace = o.unsqueeze(o.sum(o.sum(o.mul(differences, differences), 2), 1, true), 2);
        const reg = est.number("reg");
        const ridge = o.where(o.greater(trace, 0), o.mul(trace, reg), reg);
        const eye = o.doubles(Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0)), [1, k, k]);
        const ones = o.add(o.mul(o.slice(G, 0, 1, 2), 0), 1);
        const weights = solvePositive(c, o.add(G, o.mul(eye, ridge)), ones, k);
        const shares = o.div(weights, o.sum(weights, 1, true));
        const placed = o.sum(o.mul(o.gather(o.doubles(embedding.data, [Y.rows, width]), indices, 0), shares), 1);
        return c.answers(placed, c.checkArray(X, est), numberedNames(est, width));
      }),
    };
  },
});
