// The k nearest training rows. Of several at exactly the same distance scikit-learn's searches keep those that their bounded
// heaps happen to keep, which bounded-heap.ts replays: brute force goes through the rows in training order; a tree through its
// leaves as each query comes to them (search-tree.ts), and inside a leaf in the order of its idx_array. Here the training rows
// are in idx_array's order throughout, where the file has a tree.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, limitFeature, matrix2d } from "../../conversion/algebra.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import type { Rows } from "../kernels.ts";
import { gatherInRows, heapNearest, THREADS } from "./bounded-heap.ts";
import { neighborDistances, takesArgKmin, type Distances } from "./distances.ts";
import { argPartition, replaysPartition } from "./numpy-partition.ts";
import { readSearchTree, visitingOrder, type SearchTree } from "./search-tree.ts";

export interface Neighbors {
  /** int64 [N, k], places in the order of the search. */
  readonly indices: Value;
  /** [N, k], nearest first. */
  readonly distances: () => Value;
}

/** Distances to all training rows, in the order of `order` (positions in _fit_X and in everything that is kept for its rows). */
export function allDistances(est: Estimator, X: Frame, c: Conversion): { rows: number; order: Int32Array; distances: Distances; x: Value; Y: Rows; tree: SearchTree | undefined } {
  const fitted = matrix2d(est, c, "_fit_X");
  if (est.rawOf("effective_metric_", "metric") === "precomputed") for (let j = 0; j < X.width; j++) limitFeature(c, X, j, 0, Infinity);
  if (fitted.rows === 0 || fitted.cols === 0) throw c.malformed(est, "it was fitted on nothing");
  const tree = est.raw("_fit_method") === "brute" ? undefined : readSearchTree(est, c, fitted.rows, fitted.cols);
  const order = tree?.order ?? Int32Array.from({ length: fitted.rows }, (_, i) => i);
  const data = new Float64Array(fitted.data.length);
  order.forEach((row, i) => data.set(fitted.data.subarray(row * fitted.cols, (row + 1) * fitted.cols), i * fitted.cols));
  const Y: Rows = { rows: fitted.rows, cols: fitted.cols, data };
  const x = inputMatrix(est, X, c, Y.cols, est.rawOf("effective_metric_", "metric") === "nan_euclidean" ? { missing: "allowed" } : {});
  return { rows: Y.rows, order, distances: neighborDistances(est, c, x, Y), x, Y, tree };
}

/** What is kept for each training row, in the order of the search. */
export function reordered(data: Float64Array, order: Int32Array, width = 1): Float64Array {
  const out = new Float64Array(data.length);
  order.forEach((row, i) => out.set(data.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

export function nearest(est: Estimator, X: Frame, c: Conversion, k: number, options: { oneHeap?: boolean } = {}): Neighbors & { count: number; order: Int32Array } {
  const { rows, order, distances, x, Y, tree } = allDistances(est, X, c);
  if (k < 1 || k > rows) throw c.malformed(est, `it looks for ${k} neighbours among ${rows} rows`);
  const { values, indices } = tree !== undefined
    ? heapNearest(c, distances.reduced, rows, k, (within, some) => visitingOrder(est, within, within.o.gather(x, some, 0), tree))
    : bruteNearest(est, c, distances, Y, k, options.oneHeap === true);
  return { indices, distances: () => distances.toDistance(distances.expanded === true ? exactSquares(c, x, Y, indices) : values), count: rows, order };
}

/** A metric that ArgKmin expands. */
export function isExpanded(est: Estimator): boolean {
  const metric = est.rawOf("effective_metric_", "metric");
  return metric === "euclidean" || metric === "sqeuclidean";
}

/** Brute force: scikit-learn goes over the rows with heaps (ArgKmin) where the data is of floats, and else with np.argpartition. */
function bruteNearest(est: Estimator, c: Conversion, { reduced: distances, undefined: missing = false }: Distances, Y: Rows, k: number, oneHeap: boolean): { values: Value; indices: Value } {
  const heap = takesArgKmin(est);
  const left = heap ? (Y.rows > 256 && !oneHeap ? `the number of processor cores decides; ${THREADS} are assumed here` : undefined)
    : !replaysPartition(est, c, Y.rows) ? "np.argpartition leaves there, which depends on the processor; here they are the first ones"
    : est.rawOf("effective_metric_", "metric") === "cosine" ? "the rounding of its products decides, which depends on the processor" : undefined;
  if (k < Y.rows && left !== undefined && tiesAreLikely(Y)) {
    c.warnings.push(`${est.className} with algorithm="brute": of training rows at exactly equal distance scikit-learn keeps among the ${k} nearest what ${left}`
      + '. Fit it with algorithm="kd_tree" or "ball_tree" for an outcome that does not depend on the machine.');
  }
  if (heap) return heapNearest(c, distances, Y.rows, k, oneHeap ? "one heap" : "shares");
  const { o } = c;
  if (k < Y.rows && replaysPartition(est, c, Y.rows)) {
    const { indices: taken, border, unsure } = argPartition(est, c, distances, Y.rows, k, { missing, ofInfinite: true });
    if (unsure !== undefined) c.rowChecks.push({ refused: unsure, reason: `which of several training rows at exactly the same distance ${est.className} takes is not reproduced for this row` });
    if (missing) c.rowChecks.push({ refused: o.squeeze(o.equal(border, Infinity), 1), reason: `the distance of this row to its neighbours is 0 / 0 in ${est.className}` });
    const [values, order] = c.graph.ops("TopK", [gatherInRows(c.graph, distances, taken), o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2);
    return { values: values!, indices: gatherInRows(c.graph, taken, order!) };
  }
  const [values, indices] = c.graph.ops("TopK", [distances, o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2);
  return { values: values!, indices: indices! };
}

/** Few values in every column, or a row twice: what leaves distances exactly equal. */
function tiesAreLikely(Y: Rows): boolean {
  const FEW = 32;
  const coarse = (j: number): boolean => {
    const values = new Set<number>();
    for (let i = 0; i < Y.rows && values.size <= FEW; i++) values.add(Y.data[i * Y.cols + j]!);
    return values.size <= FEW;
  };
  if (Y.rows > FEW && Array.from({ length: Y.cols }, (_, j) => j).every(coarse)) return true;
  const decoder = new TextDecoder("latin1");
  const seen = new Set<string>();
  for (let i = 0; i < Y.rows; i++) seen.add(decoder.decode(new Uint8Array(Y.data.buffer, Y.data.byteOffset + i * Y.cols * 8, Y.cols * 8)));
  return seen.size < Y.rows;
}

/**
 * |x - y|^2 of the neighbours found, [N, k], by differences: the expanded form leaves a row that was in training at a distance
 * of the size of a rounding error. scikit-learn expands here too and is left with zero or such an error, as its BLAS has it, so
 * that weights="distance" over brute force is exact only up to that.
 */
function exactSquares(c: Conversion, x: Value, Y: Rows, indices: Value): Value {
  const d = c.o.sub(c.o.unsqueeze(x, 1), c.o.gather(c.o.doubles(Y.data, [Y.rows, Y.cols]), indices, 0));
  return c.o.sum(c.o.mul(d, d), 2);
}

/** `weights`: undefined for uniform. */
export function weighting(est: Estimator, c: Conversion): "uniform" | "distance" {
  const weights = est.raw("weights");
  if (weights === null || weights === undefined || weights === "uniform") return "uniform";
  if (weights === "distance") return "distance";
  throw c.refuse(est, `weights=${describe(weights)}`, "a weight that is a function is not in the file", 'Use weights="uniform" or "distance".');
}

/** 1 / distance [N, k]; where a row has neighbours at distance zero, one for those and zero for the rest. */
export function inverseDistances(c: Conversion, distances: Value, within?: Value): Value {
  const { o } = c;
  const zero = within === undefined ? o.equal(distances, 0) : o.and(o.equal(distances, 0), within);
  const flags = o.cast(zero, "double");
  const weights = o.where(o.greater(o.max(flags, 1, true), 0), flags, o.div(1, distances));
  return within === undefined ? weights : o.where(within, weights, 0);
}
