// Distances and kernels between the rows X [N, F] and fitted rows Y [M, F]: always [N, M].
// Two ways to a squared Euclidean distance: expanded (|x|^2 - 2 x.y + |y|^2, one matrix product, as scikit-learn's
// euclidean_distances) and by differences (as scipy's cdist, libsvm and the trees), which never holds more than 16
// differences for each pair at once.

import type { Value } from "../../onnx/index.ts";
import type { Emitter } from "../conversion/conversion.ts";

/** Fitted rows, row-major. */
export interface Rows {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

const CHUNK = 16;

/** Y.T as a constant [F, M]. */
function transposedRows(c: Emitter, Y: Rows): Value {
  const out = new Float64Array(Y.data.length);
  for (let i = 0; i < Y.rows; i++) for (let j = 0; j < Y.cols; j++) out[j * Y.rows + i] = Y.data[i * Y.cols + j]!;
  return c.o.doubles(out, [Y.cols, Y.rows]);
}

/** |y|^2 of each row. */
export function squaredNorms(Y: Rows): Float64Array {
  const out = new Float64Array(Y.rows);
  for (let i = 0; i < Y.rows; i++) {
    let sum = 0;
    for (let j = 0; j < Y.cols; j++) sum += Y.data[i * Y.cols + j]! ** 2;
    out[i] = sum;
  }
  return out;
}

/** X @ Y.T. */
export function dotProducts(c: Emitter, X: Value, Y: Rows): Value {
  return c.o.matmul(X, transposedRows(c, Y));
}

/** scikit-learn's euclidean_distances(squared=True): expanded, never below zero. */
export function expandedSquaredDistances(c: Emitter, X: Value, Y: Rows): Value {
  const xx = c.o.sum(c.o.mul(X, X), 1, true);
  return c.o.maximum(c.o.add(c.o.add(c.o.mul(dotProducts(c, X, Y), -2), xx), c.o.doubles(squaredNorms(Y), [1, Y.rows])), 0);
}

/** The mean of the rows. */
function centre(Y: Rows): Float64Array {
  const mean = new Float64Array(Y.cols);
  for (let i = 0; i < Y.rows; i++) for (let j = 0; j < Y.cols; j++) mean[j]! += Y.data[i * Y.cols + j]! / Y.rows;
  return mean;
}

/** Y with its mean removed, and that mean. */
export function centredRows(Y: Rows): { Y: Rows; mean: Float64Array } {
  const mean = centre(Y);
  return { mean, Y: { rows: Y.rows, cols: Y.cols, data: Y.data.map((v, i) => v - mean[i % Y.cols]!) } };
}

/**
 * Expanded, after moving both sides by the mean of Y: distances do not change, but what cancels in the expansion is then no
 * larger than the spread of the data, which leaves an error of a few ulp of that spread instead of one of the raw values.
 */
export function centredSquaredDistances(c: Emitter, X: Value, Y: Rows): Value {
  const moved = centredRows(Y);
  return expandedSquaredDistances(c, c.o.sub(X, c.o.doubles(moved.mean, [1, Y.cols])), moved.Y);
}

/** Sums f(x - y) over the features, a chunk of them at a time. */
export function sumOverDifferences(c: Emitter, X: Value, Y: Rows, f: (differences: Value, first: number, last: number) => Value, combine: "sum" | "max" = "sum"): Value {
  let total: Value | undefined;
  for (let first = 0; first < Y.cols; first += CHUNK) {
    const last = Math.min(first + CHUNK, Y.cols);
    const width = last - first;
    const part = new Float64Array(Y.rows * width);
    for (let i = 0; i < Y.rows; i++) for (let j = 0; j < width; j++) part[i * width + j] = Y.data[i * Y.cols + first + j]!;
    const x = c.o.unsqueeze(Y.cols <= CHUNK ? X : c.o.slice(X, first, last, 1), 1);
    const values = f(c.o.sub(x, c.o.doubles(part, [1, Y.rows, width])), first, last);
    const reduced = combine === "sum" ? c.o.sum(values, 2) : c.o.max(values, 2);
    total = total === undefined ? reduced : combine === "sum" ? c.o.add(total, reduced) : c.o.maximum(total, reduced);
  }
  if (total === undefined) throw new TypeError("no features");
  return total;
}

/** By differences. */
export function exactSquaredDistances(c: Emitter, X: Value, Y: Rows): Value {
  return sumOverDifferences(c, X, Y, (d) => c.o.mul(d, d));
}

export interface KernelOptions {
  readonly gamma: number;
  readonly degree: number;
  readonly coef0: number;
}

/** X with rows of length one (a row of zeros stays), as sklearn.preprocessing.normalize. */
function unitRows(c: Emitter, X: Value): Value {
  const norm = c.o.sqrt(c.o.sum(c.o.mul(X, X), 1, true));
  return c.o.div(X, c.o.where(c.o.equal(norm, 0), 1, norm));
}
function unitData(Y: Rows): Rows {
  const norms = squaredNorms(Y).map((v) => (v === 0 ? 1 : Math.sqrt(v)));
  return { rows: Y.rows, cols: Y.cols, data: Y.data.map((v, i) => v / norms[Math.floor(i / Y.cols)]!) };
}

/** X.Y / (|X| |Y|). */
export function cosineSimilarity(c: Emitter, X: Value, Y: Rows): Value {
  return dotProducts(c, unitRows(c, X), unitData(Y));
}

/** sklearn.metrics.pairwise kernels by name; undefined for a name that is not one of them. */
export function pairwiseKernel(c: Emitter, name: string, X: Value, Y: Rows, { gamma, degree, coef0 }: KernelOptions): Value | undefined {
  const { o } = c;
  switch (name) {
    case "linear": return dotProducts(c, X, Y);
    case "poly": case "polynomial": return o.pow(o.add(o.mul(dotProducts(c, X, Y), gamma), coef0), degree);
    case "sigmoid": return o.tanh(o.add(o.mul(dotProducts(c, X, Y), gamma), coef0));
    case "rbf": return o.exp(o.mul(expandedSquaredDistances(c, X, Y), -gamma));
    case "laplacian": return o.exp(o.mul(sumOverDifferences(c, X, Y, (d) => o.abs(d)), -gamma));
    case "cosine": return cosineSimilarity(c, X, Y);
    case "additive_chi2": return o.neg(chi2(c, X, Y));
    case "chi2": return o.exp(o.mul(chi2(c, X, Y), -gamma));
    default: return undefined;
  }
}

/** sum (x - y)^2 / (x + y), where x + y is not zero. */
function chi2(c: Emitter, X: Value, Y: Rows): Value {
  const { o } = c;
  return sumOverDifferences(c, X, Y, (d, first, last) => {
    const width = last - first;
    const part = new Float64Array(Y.rows * width);
    for (let i = 0; i < Y.rows; i++) for (let j = 0; j < width; j++) part[i * width + j] = 2 * Y.data[i * Y.cols + first + j]!;
    const total = o.add(d, o.doubles(part, [1, Y.rows, width]));
    return o.where(o.equal(total, 0), 0, o.div(o.mul(d, d), total));
  });
}
