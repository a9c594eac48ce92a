// The k nearest training rows. Of several at exactly the same distance scikit-learn's searches keep those that their bounded
// heaps happen to keep, which bounded-heap.ts replays: brute force goes through the rows in training order; a tree through its
// leaves as each query comes to them (search-tree.ts), and inside a leaf in the order of its idx_array. Here the training rows
// are in idx_array's order throughout, where the file has a tree.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, limitFeature, matrix2d } from "../algebra.ts";
import type { Conversion } from "../conversion.ts";
import { describe, type Estimator } from "../estimator.ts";
import type { Frame } from "../frame.ts";
import type { Rows } from "../kernels.ts";
import { heapNearest } from "./bounded-heap.ts";
import { neighborDistances, type Distances } from "./distances.ts";
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
  const x = inputMatrix(est, X, c, Y.cols);
  return { rows: Y.rows, order, distances: neighborDistances(est, c, x, Y), x, Y, tree };
}

/** What is kept for each training row, in the order of the search. */
export function reordered(data: Float64Array, order: Int32Array, width = 1): Float64Array {
  const out = new Float64Array(data.length);
  order.forEach((row, i) => out.set(data.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

export function nearest(est: Estimator, X: Frame, c: Conversion, k: number): Neighbors & { count: number; order: Int32Array } {
  const { rows, order, distances, x, Y, tree } = allDistances(est, X, c);
  if (k < 1 || k > rows) throw c.malformed(est, `it looks for ${k} neighbours among ${rows} rows`);
  const { values, indices } = heapNearest(c, distances.reduced, rows, k,
    tree === undefined ? undefined : (within, some) => visitingOrder(est, within, within.o.gather(x, some, 0), tree));
  return { indices, distances: () => distances.toDistance(distances.expanded === true ? exactSquares(c, x, Y, indices) : values), count: rows, order };
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
