// Clusterings that keep centres: the first of the nearest wins, and transform gives the distances.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import { inputMatrix, matrix2d, numberedNames, repeatedRow } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toEstimator, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { dotProducts, expandedSquaredDistances, squaredNorms, type Rows } from "../kernels.ts";

/** |c|^2 - 2 x.c, as the k-means code compares: [N, K]. */
function comparable(c: Conversion, x: Value, centers: Rows): Value {
  return c.o.add(c.o.mul(dotProducts(c, x, centers), -2), c.o.doubles(squaredNorms(centers), [1, centers.rows]));
}

function distancesTo(est: Estimator, X: Frame, c: Conversion, centers: Rows): Frame {
  const distances = c.o.sqrt(expandedSquaredDistances(c, inputMatrix(est, X, c, centers.cols), centers));
  return c.mixed(distances, c.checkArray(X, est), numberedNames(est, centers.rows));
}

export const kMeans: EstimatorConverter = defineEstimator({
  names: ["sklearn.KMeans", "sklearn.MiniBatchKMeans"],
  convert(est, X, c) {
    const centers = matrix2d(est, c, "cluster_centers_");
    return {
      kind: "clusterer",
      predict: memo(() => c.o.argmin(comparable(c, inputMatrix(est, X, c, centers.cols), centers), 1)),
      transform: memo(() => distancesTo(est, X, c, centers)),
    };
  },
});

/**
 * MeanShift, AffinityPropagation and Birch: pairwise_distances_argmin over their centres. Birch maps its subclusters to
 * labels; an AffinityPropagation that did not converge has no centres and answers -1.
 */
export const nearestCenter: EstimatorConverter = defineEstimator({
  names: ["sklearn.MeanShift", "sklearn.AffinityPropagation", "sklearn.Birch"],
  convert(est, X, c) {
    const birch = est.className === "Birch";
    if (!birch && !est.has("cluster_centers_")) {
      throw c.refuse(est, 'affinity="precomputed"', "scikit-learn itself cannot predict new rows then", 'Fit it with affinity="euclidean".');
    }
    const centers = matrix2d(est, c, birch ? "subcluster_centers_" : "cluster_centers_");
    const nearest = memo(() => {
      if (centers.rows === 0) {
        const x = inputMatrix(est, X, c);
        return c.o.squeeze(repeatedRow(c, x, c.graph.constant(int64s([-1], [1, 1])), 1), 1);
      }
      return c.o.argmin(expandedSquaredDistances(c, inputMatrix(est, X, c, centers.cols), centers), 1);
    });
    if (!birch) return { kind: "clusterer", predict: nearest };
    return {
      kind: "clusterer",
      predict: memo(() => {
        const labels = est.ints("subcluster_labels_");
        if (labels.length !== centers.rows) throw c.malformed(est, `${labels.length} labels for ${centers.rows} subclusters`);
        return c.o.gather(c.graph.constant(int64s(labels)), nearest(), 0);
      }),
      transform: memo(() => distancesTo(est, X, c, centers)),
    };
  },
});

/** Deeper than any tree that n clusters could need in practice; a file can say anything. */
const MAX_DEPTH = 512;

/**
 * BisectingKMeans: at every split of its tree the nearer of two centres, left where they are equally near. Centres of the
 * tree are stored without _X_mean.
 */
export const bisectingKMeans: EstimatorConverter = defineEstimator({
  names: ["sklearn.BisectingKMeans"],
  convert(est, X, c) {
    const { o } = c;
    const centers = matrix2d(est, c, "cluster_centers_");
    const F = centers.cols;
    const predict = memo(() => {
      const mean = est.has("_X_mean") ? est.vector("_X_mean") : new Float64Array(F);
      if (mean.length !== F) throw c.malformed(est, `_X_mean has ${mean.length} entries for ${F} features`);
      const pairs: number[] = [];
      const centerOf = (node: Estimator): void => {
        const center = node.vector("center");
        if (center.length !== F) throw c.malformed(est, `a centre of its tree has ${center.length} entries for ${F} features`);
        for (let j = 0; j < F; j++) pairs.push(center[j]! + mean[j]!);
      };
      type Tree = { label: number } | { split: number; left: Tree; right: Tree };
      let splits = 0;
      const read = (node: Estimator, depth: number): Tree => {
        if (depth > MAX_DEPTH || splits > centers.rows) throw c.malformed(est, "its tree does not end");
        if (node.isNone("left")) {
          const label = node.int("label");
          if (label < 0 || label >= centers.rows) throw c.malformed(est, `its tree has a label ${label} of ${centers.rows}`);
          return { label };
        }
        const split = splits++;
        const left = toEstimator(node.need("left"), `${est.path}._bisecting_tree`);
        const right = toEstimator(node.need("right"), `${est.path}._bisecting_tree`);
        centerOf(left);
        centerOf(right);
        return { split, left: read(left, depth + 1), right: read(right, depth + 1) };
      };
      const root = read(est.estimator("_bisecting_tree"), 0);
      const x = inputMatrix(est, X, c, F);
      if ("label" in root) return o.squeeze(repeatedRow(c, x, c.graph.constant(int64s([root.label], [1, 1])), 1), 1);
      const scores = comparable(c, x, { rows: splits * 2, cols: F, data: Float64Array.from(pairs) });
      const even = Array.from({ length: splits }, (_, i) => 2 * i);
      const goesLeft = o.lessEqual(o.columns(scores, even), o.columns(scores, even.map((i) => i + 1)));
      const walk = (tree: Tree): Value => ("label" in tree
        ? c.graph.constant(int64s([tree.label], [1, 1]))
        : o.where(o.columns(goesLeft, [tree.split]), walk(tree.left), walk(tree.right)));
      return o.squeeze(walk(root), 1);
    });
    return { kind: "clusterer", predict, transform: memo(() => distancesTo(est, X, c, centers)) };
  },
});
