// What many converters share: the checked input matrix, X @ W.T + b, and how scikit-learn turns scores into labels and
// probabilities. Shapes: N rows, F features, T targets, C classes.

import type { Value } from "../../onnx/index.ts";
import type { Labels } from "./contract.ts";
import type { Conversion } from "./conversion.ts";
import type { Estimator, Matrix } from "./estimator.ts";
import type { Frame } from "./frame.ts";

export type CheckOptions = NonNullable<Parameters<Conversion["checkArray"]>[2]>;

/** The estimator's own check_array, then X as double [N, F]. `width` is what the fitted arrays say F is. */
export function inputMatrix(est: Estimator, X: Frame, c: Conversion, width?: number, options: CheckOptions = {}): Value {
  const checked = c.checkArray(X, est, options);
  if (width !== undefined && width !== X.width) throw c.malformed(est, `it was fitted on ${width} features, the step before it gives ${X.width}`);
  return c.numbers(checked);
}

/** Row-major [rows, cols] to row-major [cols, rows]. */
export function transposed(data: Float64Array, rows: number, cols: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j]!;
  return out;
}

/** An attribute as [rows, cols]; a vector counts as one row. */
export function matrix2d(est: Estimator, c: Conversion, ...names: string[]): { rows: number; cols: number; data: Float64Array; vector: boolean } {
  const m = est.matrix(...names);
  const { shape } = m;
  if (shape.length > 2) throw c.malformed(est, `${names[0]} has ${shape.length} dimensions`);
  if (shape.length === 2) return { rows: shape[0]!, cols: shape[1]!, data: m.data, vector: false };
  return { rows: 1, cols: m.data.length, data: m.data, vector: true };
}

/** A fitted array that must have exactly this shape (-1: any). */
export function shaped(est: Estimator, c: Conversion, shape: readonly number[], ...names: string[]): Matrix {
  const m = est.matrix(...names);
  if (m.shape.length !== shape.length || m.shape.some((d, i) => shape[i] !== -1 && shape[i] !== d)) {
    throw c.malformed(est, `${names[0]} has shape (${m.shape.join(", ")}), expected (${shape.map((d) => (d === -1 ? "*" : d)).join(", ")})`);
  }
  return m;
}

/** A scalar or one number for each of `count`, as `count` numbers. */
export function broadcastVector(est: Estimator, c: Conversion, data: Float64Array, count: number, name: string): Float64Array {
  if (data.length === count) return data;
  if (data.length === 1) return new Float64Array(count).fill(data[0]!);
  throw c.malformed(est, `${name} has ${data.length} entries, expected ${count}`);
}

/** X [N, F] @ W.T + b for W [T, F] (or [F], which counts as one row), b of T numbers or one: always [N, T]. */
export function affine(c: Conversion, X: Value, W: { rows: number; cols: number; data: Float64Array }, b?: Float64Array): Value {
  const weights = c.o.doubles(transposed(W.data, W.rows, W.cols), [W.cols, W.rows]);
  return b === undefined || b.every((v) => v === 0) ? c.o.matmul(X, weights) : c.graph.op("Gemm", [X, weights, c.o.doubles(b, [b.length])]);
}

/** Linear scores from coef_ and intercept_: [N, T], with what the arrays say about the shape of the output. */
export function linearScores(est: Estimator, X: Frame, c: Conversion, options: CheckOptions = {}): { scores: Value; count: number; vector: boolean } {
  const W = matrix2d(est, c, "coef_");
  const b = broadcastVector(est, c, est.has("intercept_") ? est.vector("intercept_") : new Float64Array(1), W.rows, "intercept_");
  return { scores: affine(c, inputMatrix(est, X, c, W.cols, options), W, b), count: W.rows, vector: W.vector };
}

/** [N, 1] to [N]. */
export function flat(c: Conversion, v: Value): Value {
  return c.o.squeeze(v, 1);
}

/** Index of the winning class: score > 0 of one column [N], else argmax of [N, C]. */
export function classifyByScores(c: Conversion, scores: Value, binary: boolean): Value {
  return binary ? c.o.cast(c.o.greater(scores, 0), "int64") : c.o.argmax(scores, 1);
}

/** [1 - p, p] from p [N]. */
export function bothClasses(c: Conversion, p: Value): Value {
  const column = c.o.unsqueeze(p, 1);
  return c.o.concat([c.o.sub(1, column), column]);
}

/**
 * scikit-learn's `_predict_proba_lr`: expit of each score, rows divided by their sum. Where every expit of a row underflows
 * to zero, files up to 1.8 give NaN and later ones equal shares (scikit-learn #33168).
 */
export function oneVersusRestProba(est: Estimator, c: Conversion, scores: Value, binary: boolean, classes: number): Value {
  const p = c.o.sigmoid(scores);
  if (binary) return bothClasses(c, p);
  const total = c.o.sum(p, 1, true);
  return est.versionAtLeast(1, 9) ? c.o.where(c.o.equal(total, 0), 1 / classes, c.o.div(p, total)) : c.o.div(p, total);
}

export function labelCount(labels: Labels): number {
  return labels.values.length;
}

/** [N] int64 of X [N, ...]: the shape for Expand. */
export function rowCount(c: Conversion, X: Value): Value {
  return c.graph.op("Shape", [X], { start: 0, end: 1 });
}

/** A constant [W] repeated for every row of X: [N, W]. */
export function repeatedRow(c: Conversion, X: Value, row: Value, width: number): Value {
  return c.graph.op("Expand", [row, c.o.concat([rowCount(c, X), c.o.int64s([width])], 0)]);
}

/**
 * For each x [N] the last place j with sorted[j] <= x, 0 where there is none: int64 [N]. A binary search of
 * log2(length) steps, so that memory stays at a few vectors however long the table is.
 */
export function lastNotAbove(c: Conversion, x: Value, sorted: Float64Array): Value {
  let step = 1;
  while (step < sorted.length) step *= 2;
  const padded = new Float64Array(step).fill(Infinity);
  padded.set(sorted);
  const table = c.o.doubles(padded);
  let at: Value | undefined;
  for (step /= 2; step >= 1; step /= 2) {
    const next = at === undefined ? undefined : c.o.add(at, step);
    const value = next === undefined ? c.o.doubles([padded[step]!], []) : c.o.gather(table, next, 0);
    const gain = c.o.mul(c.o.cast(c.o.lessEqual(value, x), "int64"), step);
    at = at === undefined ? gain : c.o.add(at, gain);
  }
  return at ?? c.o.cast(c.o.mul(x, 0), "int64");
}

/** Names of a transformer's outputs as scikit-learn numbers them: "pca0", "pca1" ... */
export function numberedNames(est: Estimator, count: number): string[] {
  const prefix = est.className.toLowerCase();
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/**
 * Records that feature j must lie within [low, high], where it is a raw column or an affine function of one: scikit-learn
 * raises beyond. False when the feature is neither, so that nothing could be recorded.
 */
export function limitFeature(c: Conversion, X: Frame, j: number, low: number, high: number): boolean {
  const flows = X.features[j]?.flows ?? [];
  const affine = flows[0]?.affine;
  if (flows.length !== 1 || affine === undefined || affine[0] === 0) return false;
  const ends = [(low - affine[1]) / affine[0], (high - affine[1]) / affine[0]];
  const column = c.columns[flows[0]!.column]!;
  column.limits = [Math.max(column.limits[0], Math.min(...ends)), Math.min(column.limits[1], Math.max(...ends))];
  return true;
}
