// SVC and NuSVC after libsvm's svm.cpp (predict_values, predict_probability) and scikit-learn's BaseSVC.
// C classes, P = C (C - 1) / 2 pairs (i, j), i < j, in order. `pairs` are libsvm's own decision values: positive votes for i.
// `_dual_coef_` and `_intercept_` keep libsvm's signs; with two classes scikit-learn flips what decision_function returns.

import type { Value } from "../../../onnx/index.ts";
import { inputMatrix, labelCount, matrix2d } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { libsvmKernel, supportVectors } from "./kernel.ts";
import { coupledProbabilities, pairMatrix } from "./pairwise-coupling.ts";
import { sparseLinear, sparseLinearScores } from "./sparse-linear.ts";
import type { SparseMatrix } from "../../../pickle/index.ts";

export const supportVectorClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.SVC", "sklearn.NuSVC"],
  convert(est, X, c) {
    const classes = est.labels();
    const C = labelCount(classes);
    if (C < 2) throw c.malformed(est, `it has ${C} classes`);
    const ovr = est.string("decision_function_shape", "ovr") === "ovr";
    const breakTies = est.bool("break_ties", false);
    if (breakTies && !ovr) throw c.refuse(est, 'break_ties=True, decision_function_shape="ovo"', "scikit-learn itself refuses to predict with this pair of options");
    const pairs = memo(() => pairDecisions(est, X, c, C));
    const decision = memo(() => {
      if (C === 2) return c.o.neg(c.o.squeeze(pairs(), 1));
      return ovr ? oneVersusRest(c, pairs(), C) : pairs();
    });
    const predict = memo(() => {
      if (breakTies && C > 2) return c.o.argmax(decision(), 1);
      return c.o.argmax(votes(c, c.o.cast(c.o.greater(pairs(), 0), "double"), C), 1);
    });
    // 1.9 writes probability="deprecated" for its default, which is False.
    const wanted = est.raw("probability") !== "deprecated" && est.bool("probability", false);
    const probA = wanted ? est.vector("_probA", "probA_") : new Float64Array(0);
    const probB = wanted ? est.vector("_probB", "probB_") : new Float64Array(0);
    return {
      kind: "classifier",
      classes: [classes],
      predict,
      decisionFunction: decision,
      ...(probA.length === 0 ? {} : { predictProba: memo(() => [coupledProbabilities(est, c, pairs(), probA, probB, C)]) }),
    };
  },
});

/** [N, P]: for each pair the sum over the support vectors of both classes, plus intercept. */
function pairDecisions(est: Estimator, X: Frame, c: Conversion, C: number): Value {
  const { o } = c;
  const sparse = sparseLinear(est);
  const sv = sparse === undefined ? supportVectors(est, c) : { rows: sparse.shape[0], cols: sparse.shape[1], data: new Float64Array(0) };
  const dual = matrix2d(est, c, "_dual_coef_");
  const intercept = est.vector("_intercept_");
  const P = (C * (C - 1)) / 2;
  const support = Array.from(est.ints("_n_support"), Number);
  if (support.length !== C || support.some((n) => n < 0) || support.reduce((a, b) => a + b, 0) !== sv.rows) throw c.malformed(est, "_n_support does not add up to the support vectors");
  if (dual.rows !== C - 1 || dual.cols !== sv.rows) throw c.malformed(est, `_dual_coef_ is ${dual.rows} x ${dual.cols} for ${C} classes and ${sv.rows} support vectors`);
  if (intercept.length !== P) throw c.malformed(est, `_intercept_ has ${intercept.length} entries for ${P} pairs of classes`);
  if (sparse !== undefined) return o.add(sparsePairs(est, X, c, sparse, dual, support), o.doubles(intercept, [1, P]));
  const x = inputMatrix(est, X, c, est.int("n_features_in_", sv.cols));
  if (sv.rows === 0) return o.add(o.mul(o.slice(x, 0, 1, 1), 0), o.doubles(intercept, [1, P]));
  const K = libsvmKernel(est, c, x, sv, dual.data.reduce((sum, v) => sum + Math.abs(v), 0));
  if (C === 2) return o.add(o.matmul(K, o.doubles(dual.data, [sv.rows, 1])), o.doubles(intercept, [1, 1]));
  // Class by class: block i of K times its columns of _dual_coef_ gives what class i adds to every pair it is in.
  const parts: Value[] = [];
  let start = 0;
  for (const n of support) {
    const block = new Float64Array(n * (C - 1));
    for (let s = 0; s < n; s++) for (let r = 0; r < C - 1; r++) block[s * (C - 1) + r] = dual.data[r * dual.cols + start + s]!;
    parts.push(n === 0
      ? o.mul(o.slice(K, 0, 1, 1), o.doubles(new Float64Array(C - 1), [1, C - 1]))
      : o.matmul(o.slice(K, start, start + n, 1), o.doubles(block, [n, C - 1])));
    start += n;
  }
  const all = o.concat(parts);
  const left: number[] = [];
  const right: number[] = [];
  for (let i = 0; i < C; i++) for (let j = i + 1; j < C; j++) {
    left.push(i * (C - 1) + j - 1);
    right.push(j * (C - 1) + i);
  }
  return o.add(o.add(o.columns(all, left), o.columns(all, right)), o.doubles(intercept, [1, P]));
}

/** A support vector of class k takes part in the pair of k with every other class. */
function sparsePairs(est: Estimator, X: Frame, c: Conversion, sv: SparseMatrix, dual: { cols: number; data: Float64Array }, support: readonly number[]): Value {
  const C = support.length;
  const classOf = new Int32Array(dual.cols);
  let start = 0;
  support.forEach((n, k) => {
    classOf.fill(k, start, start + n);
    start += n;
  });
  /** Place of the pair (i, j), i < j. */
  const pair = (i: number, j: number): number => i * C - (i * (i + 1)) / 2 + j - i - 1;
  return sparseLinearScores(est, X, c, sv, (C * (C - 1)) / 2, (s, add) => {
    const k = classOf[s]!;
    for (let m = 0; m < C; m++) {
      if (m < k) add(pair(m, k), dual.data[m * dual.cols + s]!);
      else if (m > k) add(pair(k, m), dual.data[(m - 1) * dual.cols + s]!);
    }
  });
}

/** Votes [N, C] from `first` [N, P], 1 where the first class of the pair wins. */
function votes(c: Conversion, first: Value, C: number): Value {
  return c.o.sum(pairMatrix(c, first, c.o.sub(1, first), C), 2);
}

/** scikit-learn's _ovr_decision_function: votes plus the confidences squeezed into (-1/3, 1/3). A zero votes for the first class here. */
function oneVersusRest(c: Conversion, pairs: Value, C: number): Value {
  const { o } = c;
  const won = votes(c, o.cast(o.greaterEqual(pairs, 0), "double"), C);
  const sums = o.sum(pairMatrix(c, pairs, o.neg(pairs), C), 2);
  return o.add(won, o.div(sums, o.mul(o.add(o.abs(sums), 1), 3)));
}
