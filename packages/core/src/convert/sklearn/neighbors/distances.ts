// Distances to the training rows as the neighbour searches of scikit-learn compute them: [N, M].
// The trees add up |difference| feature by feature in double without fused operations, so that the same order of additions
// gives the same bits, and two rows at the same distance here are at the same distance there. Brute force with the
// Euclidean metric (under that name, or its square) expands (|x|^2 - 2 x.y) + |y|^2, so that is what is done for it.

import type { Value } from "../../../onnx/index.ts";
import { NumpyArray, SparseMatrix } from "../../../pickle/index.ts";
import type { Emitter } from "../../conversion/conversion.ts";
import { describe, toMatrix, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { replaysPartition } from "./numpy-partition.ts";
import { inverse } from "../../conversion/numerics.ts";
import { nanEuclidean } from "./nan-euclidean.ts";
import { arctangent } from "../../conversion/special-functions.ts";
import { cosineSimilarity, dotProducts, squaredNorms, sumOverDifferences, type Rows } from "../kernels.ts";

export interface Distances {
  /** In an order-preserving form that is cheaper than the distance itself (its square, its p-th power). */
  readonly reduced: Value;
  /** From that form to the distance. */
  readonly toDistance: (reduced: Value) => Value;
  /** A distance in the reduced form. */
  readonly reduce: (distance: number) => number;
  /** Infinite where scipy divides 0 by 0; NumPy puts NaN last. */
  readonly undefined?: boolean;
  /** The reduced form was computed by expansion, and carries its rounding. */
  readonly expanded?: boolean;
}

const plain = { toDistance: (v: Value) => v, reduce: (v: number) => v };

/** Up to this many features differences are added one by one, in scikit-learn's order; beyond, sixteen at a time. */
const ONE_BY_ONE = 256;

/** Adds f(x_j - y_j) feature by feature, in order. */
function accumulate(c: Emitter, X: Value, Y: Rows, f: (difference: Value, feature: number) => Value): Value {
  const { o } = c;
  let total: Value | undefined;
  for (let j = 0; j < Y.cols; j++) {
    const term = f(o.sub(o.columns(X, [j]), o.doubles(column(Y, j), [1, Y.rows])), j);
    total = total === undefined ? term : o.add(total, term);
  }
  return total!;
}

/**
 * x ** p as the C library computes it. Given one exponent for all, ONNX Runtime multiplies out a square or a cube, which is
 * not always the same double, so that it gets one for each column.
 */
export function power(c: Emitter, x: Value, p: number, columns: number): Value {
  return c.o.pow(x, c.o.doubles(new Float64Array(columns).fill(p), [1, columns]));
}

/** The metric that was settled on when the estimator was fitted (effective_metric_), over `Y`. */
export function neighborDistances(est: Estimator, c: Emitter, X: Value, Y: Rows): Distances {
  const { o } = c;
  const metric = est.rawOf("effective_metric_", "metric");
  if (typeof metric !== "string") {
    throw c.refuse(est, `metric=${describe(metric)}`, "a metric that is a function is not in the file", 'Use one of the named metrics ("euclidean", "manhattan", "cosine" ...).');
  }
  const brute = est.raw("_fit_method") === "brute";
  const root = { toDistance: (v: Value) => o.sqrt(v), reduce: (v: number) => v * v };
  const squares = (): Value => (Y.cols > ONE_BY_ONE
    ? sumOverDifferences(c, X, Y, (d) => o.mul(d, d))
    : accumulate(c, X, Y, (d) => o.mul(d, d)));
  switch (metric) {
    case "euclidean":
      return brute ? { reduced: expanded(c, X, Y), expanded: true, ...root } : { reduced: squares(), ...root };
    case "l2": case "p": return { reduced: squares(), ...root };
    // The columns are the distances to the training rows.
    case "precomputed":
      if (Y.rows !== Y.cols) throw c.malformed(est, `_fit_X is ${Y.rows} x ${Y.cols}, expected the distances between the training rows`);
      return { reduced: X, ...plain };
    case "sqeuclidean":
      return brute ? { reduced: expanded(c, X, Y), expanded: true, ...plain } : { reduced: squares(), ...plain };
    case "manhattan": case "cityblock": case "l1":
      return { reduced: Y.cols > ONE_BY_ONE ? sumOverDifferences(c, X, Y, (d) => o.abs(d)) : accumulate(c, X, Y, (d) => o.abs(d)), ...plain };
    case "chebyshev": case "infinity":
      return { reduced: sumOverDifferences(c, X, Y, (d) => o.abs(d), "max"), ...plain };
    case "minkowski": {
      const p = metricNumber(est, "p") ?? est.number("p", 2);
      const w = vectorParameter(est, c, "w", Y.cols);
      const reduced = accumulate(c, X, Y, (d, j) => {
        const term = power(c, o.abs(d), p, Y.rows);
        return w === undefined ? term : o.mul(term, w[j]!);
      });
      return { reduced, toDistance: (v) => o.pow(v, 1 / p), reduce: (v) => v ** p };
    }
    case "seuclidean": {
      const V = vectorParameter(est, c, "V", Y.cols);
      if (V === undefined) throw c.malformed(est, "metric seuclidean without V");
      return { reduced: accumulate(c, X, Y, (d, j) => o.div(o.mul(d, d), V[j]!)), ...root };
    }
    case "canberra":
      return { reduced: accumulate(c, X, Y, (d, j) => {
        const size = o.add(o.abs(o.columns(X, [j])), o.doubles(column(Y, j).map(Math.abs), [1, Y.rows]));
        return o.where(o.equal(size, 0), 0, o.div(o.abs(d), size));
      }), ...plain };
    case "braycurtis": {
      const above = accumulate(c, X, Y, (d) => o.abs(d));
      const ofScipy = brute && !takesArgKmin(est);
      // scikit-learn's own metric divides by sum |x| + |y|, not by sum |x + y| as scipy's, which brute force takes without ArgKmin.
      const below = accumulate(c, X, Y, (_, j) => (ofScipy ? o.abs(o.add(o.columns(X, [j]), o.doubles(column(Y, j), [1, Y.rows])))
        : o.add(o.abs(o.columns(X, [j])), o.doubles(column(Y, j).map(Math.abs), [1, Y.rows]))));
      return { reduced: o.where(o.equal(below, 0), ofScipy ? Infinity : 0, o.div(above, below)), undefined: ofScipy, ...plain };
    }
    case "hamming":
      return { reduced: o.div(accumulate(c, X, Y, (d) => o.cast(o.not(o.equal(d, 0)), "double")), Y.cols), ...plain };
    case "mahalanobis": {
      const VI = precision(est, c, Y.cols);
      const differences = Array.from({ length: Y.cols }, (_, j) => o.sub(o.columns(X, [j]), o.doubles(column(Y, j), [1, Y.rows])));
      const sum = (values: readonly Value[]): Value => values.reduce((a, b) => o.add(a, b));
      return { reduced: sum(differences.map((d, i) => o.mul(sum(differences.map((e, j) => o.mul(e, VI[i * Y.cols + j]!))), d))), ...root };
    }
    // Latitudes and longitudes in radians.
    case "haversine": {
      if (Y.cols !== 2) throw c.malformed(est, `metric haversine over ${Y.cols} features`);
      const [north, east] = [0, 1].map((j) => c.graph.op("Sin", [o.mul(o.sub(o.columns(X, [j]), o.doubles(column(Y, j), [1, Y.rows])), 0.5)])) as [Value, Value];
      const narrow = o.mul(c.graph.op("Cos", [o.columns(X, [0])]), o.doubles(column(Y, 0).map(Math.cos), [1, Y.rows]));
      const reduced = o.add(o.mul(north, north), o.mul(o.mul(narrow, east), east));
      const arcsine = (s: Value): Value => o.where(o.greaterEqual(s, 1), Math.PI / 2, arctangent(c, o.div(s, o.sqrt(o.sub(1, o.minimum(o.mul(s, s), 1 - Number.EPSILON / 2))))));
      return { reduced, toDistance: (v) => o.mul(arcsine(o.sqrt(v)), 2), reduce: (v) => Math.sin(0.5 * v) ** 2 };
    }
    case "correlation": {
      const moved = Y.data.map((v, i) => v - Y.data.subarray(Math.floor(i / Y.cols) * Y.cols, (Math.floor(i / Y.cols) + 1) * Y.cols).reduce((a, b) => a + b, 0) / Y.cols);
      const similarity = cosineSimilarity(c, o.sub(X, o.mean(X, 1, true)), { ...Y, data: moved });
      const flat = o.doubles(squaredNorms({ ...Y, data: moved }).map((v) => Number(v === 0)), [1, Y.rows]);
      const constant = o.or(o.equal(o.sub(o.max(X, 1, true), o.min(X, 1, true)), 0), o.greater(flat, 0));
      return { reduced: o.where(constant, Infinity, o.sub(1, o.minimum(o.maximum(similarity, -1), 1))), undefined: true, ...plain };
    }
    case "nan_euclidean": {
      const d = nanEuclidean(c, X, o.isNaN(X), Y.data, Y.data.map((v) => Number(Number.isNaN(v))), Y.rows, Y.cols);
      return { reduced: o.where(o.isNaN(d), Infinity, d), undefined: true, ...plain };
    }
    case "cosine":
      return { reduced: o.minimum(o.maximum(o.sub(1, cosineSimilarity(c, X, Y)), 0), 2), ...plain };
    default: {
      const ofTruths = TRUTHS.get(metric);
      if (ofTruths && brute && !replaysPartition(est, c, Y.rows)) throw c.refuse(est, `metric=${JSON.stringify(metric)}, algorithm="brute" and ${Y.rows} training rows`, "many of them are at the same distance, and which NumPy 2 takes depends on the processor where they are more than 256", 'Use algorithm="ball_tree".');
      if (ofTruths && !brute && UNSETTLED.has(metric) && countsOf(Y).includes(0)) throw c.refuse(est, `metric=${JSON.stringify(metric)}`, "a training row holds zeros only, whose distance to such a row is 0 / 0", 'Use metric="jaccard".');
      if (ofTruths) {
        const reduced = ofTruths(c, truths(c, X, Y));
        return brute && UNSETTLED.has(metric) ? { reduced: o.where(o.isNaN(reduced), Infinity, reduced), undefined: true, ...plain } : { reduced, ...plain };
      }
      throw c.refuse(est, `metric=${JSON.stringify(metric)}`, "this metric is not compiled",
        'Use "euclidean", "manhattan", "chebyshev", "minkowski", "seuclidean", "canberra", "braycurtis", "hamming", "cosine", "mahalanobis", "haversine" or one for truth values ("jaccard", "dice" ...).');
    }
  }
}

/** Of the features, [N, M]: in how many both are other than zero, in how many one of the two is, and how many there are. */
interface Truths {
  readonly both: Value;
  readonly one: Value;
  readonly all: number;
  /** Only the given row [N, M], only the fitted one. */
  readonly onlyGiven: Value;
  readonly onlyFitted: Value;
}

/** Metrics for truth values (sklearn/metrics/_dist_metrics: DistanceMetric64): quotients of whole numbers, which are exact. */
const TRUTHS: ReadonlyMap<string, (c: Emitter, t: Truths) => Value> = new Map<string, (c: Emitter, t: Truths) => Value>([
  ["jaccard", ({ o }, { both, one }) => o.where(o.equal(o.add(both, one), 0), 0, o.div(one, o.add(both, one)))],
  ["dice", ({ o }, { both, one }) => o.div(one, o.add(o.mul(both, 2), one))],
  ["matching", ({ o }, { one, all }) => o.div(one, all)],
  ["rogerstanimoto", ({ o }, { one, all }) => o.div(o.mul(one, 2), o.add(one, all))],
  ["sokalmichener", ({ o }, { one, all }) => o.div(o.mul(one, 2), o.add(one, all))],
  ["russellrao", ({ o }, { both, all }) => o.div(o.sub(all, both), all)],
  ["sokalsneath", ({ o }, { both, one }) => o.div(one, o.add(one, o.mul(both, 0.5)))],
  // Only scipy has it, so that it comes with brute force alone.
  ["yule", ({ o }, { both, one, all, onlyGiven, onlyFitted }) => {
    const apart = o.mul(onlyGiven, onlyFitted);
    const neither = o.sub(o.sub(all, one), both);
    return o.where(o.equal(apart, 0), 0, o.div(o.mul(apart, 2), o.add(o.mul(both, neither), apart)));
  }],
  ["kulsinski", ({ o }, { both, one, all }) => o.div(o.add(one, o.sub(all, both)), o.add(one, all))],
]);

const UNSETTLED = new Set(["dice", "sokalsneath"]);

/** Of each row the values other than zero. */
function countsOf(Y: Rows): Float64Array {
  return Float64Array.from({ length: Y.rows }, (_, i) => Y.data.subarray(i * Y.cols, (i + 1) * Y.cols).reduce((n, v) => n + Number(v !== 0), 0));
}

function truths(c: Emitter, X: Value, Y: Rows): Truths {
  const { o } = c;
  const given = o.cast(o.not(o.equal(X, 0)), "double");
  const fitted = Float64Array.from({ length: Y.cols * Y.rows }, (_, i) => Number(Y.data[(i % Y.rows) * Y.cols + Math.floor(i / Y.rows)] !== 0));
  const counts = countsOf(Y);
  const both = o.matmul(given, o.doubles(fitted, [Y.cols, Y.rows]));
  const onlyGiven = o.sub(o.sum(given, 1, true), both);
  const onlyFitted = o.sub(o.doubles(counts, [1, Y.rows]), both);
  return { both, one: o.add(onlyGiven, onlyFitted), all: Y.cols, onlyGiven, onlyFitted };
}

const column = (Y: Rows, j: number): Float64Array => Float64Array.from({ length: Y.rows }, (_, i) => Y.data[i * Y.cols + j]!);

function expanded(c: Emitter, X: Value, Y: Rows): Value {
  const { o } = c;
  const xx = o.sum(o.mul(X, X), 1, true);
  return o.maximum(o.add(o.add(xx, o.mul(dotProducts(c, X, Y), -2)), o.doubles(squaredNorms(Y), [1, Y.rows])), 0);
}

/** A number among the settled parameters of the metric. */
export function metricNumber(est: Estimator, name: string): number | undefined {
  const v = params(est)?.get(name);
  return v === undefined || v === null ? undefined : toNumber(v, `${est.path}.effective_metric_params_`);
}
function vectorParameter(est: Estimator, c: Emitter, name: string, length: number): Float64Array | undefined {
  const v = params(est)?.get(name);
  if (v === undefined || v === null) return undefined;
  const { data } = toMatrix(v, `${est.path}.effective_metric_params_`);
  if (data.length !== length) throw c.malformed(est, `the metric's ${name} has ${data.length} entries for ${length} features`);
  return data;
}
/** VI of metric_params, or the inverse of V. */
function precision(est: Estimator, c: Emitter, F: number): Float64Array {
  const [VI, V] = ["VI", "V"].map((name) => params(est)?.get(name));
  const given = VI ?? V;
  if (given === undefined || given === null) throw c.malformed(est, "metric mahalanobis without VI and V");
  const { data } = toMatrix(given, `${est.path}.effective_metric_params_`);
  if (data.length !== F * F) throw c.malformed(est, `the metric's matrix has ${data.length} entries for ${F} features`);
  const result = VI === undefined || VI === null ? inverse(data, F) : data;
  if (result === undefined) throw c.malformed(est, "the metric's V has no inverse");
  return result;
}

function params(est: Estimator): ReturnType<Estimator["dict"]> | undefined {
  const name = est.has("effective_metric_params_") ? "effective_metric_params_" : "metric_params";
  return est.isNone(name) ? undefined : est.dict(name);
}

const ARGKMIN_METRICS = new Set([
  "braycurtis", "canberra", "chebyshev", "cityblock", "euclidean", "infinity", "l1", "l2", "manhattan", "minkowski", "p", "seuclidean", "sqeuclidean",
]);

/** ArgKmin.is_usable_for, if new rows come in the type of the fitted ones. */
export function takesArgKmin(est: Estimator): boolean {
  const metric = est.rawOf("effective_metric_", "metric");
  const fitted = est.raw("_fit_X");
  const since = (minor: number): boolean => est.version[0] === 0 || est.versionAtLeast(1, minor);
  if (typeof metric !== "string" || !ARGKMIN_METRICS.has(metric) || !since(1)) return false;
  if (fitted instanceof SparseMatrix) return since(2) && !(since(4) && metric.includes("euclidean"));
  return fitted instanceof NumpyArray && fitted.dtype.kind === "f" && (fitted.dtype.itemSize === 8 || (fitted.dtype.itemSize === 4 && since(2)));
}
