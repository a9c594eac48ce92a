// The k nearest training rows. Equal distances: the row that came first in training wins. scikit-learn's searches keep
// whichever of several equally distant rows they met first (brute force: nearly always the first in training; the trees: an
// order that depends on the query), so a label can differ where training rows with different labels are at exactly the same
// distance and only some of them are among the k.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, matrix2d } from "../algebra.ts";
import type { Conversion } from "../conversion.ts";
import { describe, type Estimator } from "../estimator.ts";
import type { Frame } from "../frame.ts";
import type { Rows } from "../kernels.ts";
import { neighborDistances, type Distances } from "./distances.ts";

export interface Neighbors {
  /** int64 [N, k]. */
  readonly indices: Value;
  /** [N, k], nearest first. */
  readonly distances: () => Value;
}

/** Distances to all training rows. */
export function allDistances(est: Estimator, X: Frame, c: Conversion): { Y: Rows; x: Value; distances: Distances } {
  const Y = matrix2d(est, c, "_fit_X");
  if (Y.rows === 0 || Y.cols === 0) throw c.malformed(est, "it was fitted on nothing");
  const x = inputMatrix(est, X, c, Y.cols);
  return { Y, x, distances: neighborDistances(est, c, x, Y) };
}

export function nearest(est: Estimator, X: Frame, c: Conversion, k: number): Neighbors & { count: number } {
  const { Y, distances } = allDistances(est, X, c);
  if (k < 1 || k > Y.rows) throw c.malformed(est, `it looks for ${k} neighbours among ${Y.rows} rows`);
  const [values, indices] = c.graph.ops("TopK", [distances.reduced, c.o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2);
  return { indices: indices!, distances: () => distances.toDistance(values!), count: Y.rows };
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
