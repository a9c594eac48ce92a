// NMF and MiniBatchNMF.transform (decomposition/_nmf.py): W for fixed components, by coordinate descent or multiplicative
// updates until they settle. The test for that is over all rows together, in scikit-learn too: a row's answer hangs on the
// rows it is asked with, within `tol`.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools } from "../../../tensor/index.ts";
import { inputMatrix, limitFeature, matrix2d, numberedNames, repeatedRow, transposed } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { product } from "../../conversion/numerics.ts";

/** The body of the loop holds a few nodes for each component. */
const MAX_COMPONENTS = 1024;
const EPSILON = 1.1920928955078125e-7;

/** Constants of one factorization. */
interface Problem {
  readonly est: Estimator;
  readonly X: Value;
  readonly K: number;
  /** components_ as H [K, F] and its transpose. */
  readonly H: Value;
  readonly Ht: Value;
  /** H @ H.T, row-major [K, K]. */
  readonly HHt: Float64Array;
  readonly hSum: Float64Array;
  readonly l1: number;
  readonly l2: number;
}

export const nonNegativeFactorization: EstimatorConverter = defineEstimator({
  names: ["sklearn.NMF", "sklearn.MiniBatchNMF"],
  convert(est, X, c) {
    const { o } = c;
    const components = matrix2d(est, c, "components_");
    const K = components.rows;
    if (K > MAX_COMPONENTS) throw c.refuse(est, `n_components=${K}`, `at most ${MAX_COMPONENTS} are compiled`);
    return {
      kind: "transformer",
      transform: memo(() => {
        c.rowsTogether = true;
        c.warnings.push(`${est.className} stops by a criterion over all rows of a request: a row's answer can differ by about tol (${est.number("tol")}) with the rows around it, as in scikit-learn`);
        // MiniBatchNMF.transform does not look.
        if (est.className === "NMF") for (let j = 0; j < X.width; j++) limitFeature(c, X, j, 0, Infinity);
        const F = components.cols;
        const alpha = penalty(est, F);
        const ratio = est.number("l1_ratio", 0);
        const back = transposed(components.data, K, F);
        const problem: Problem = {
          est, K, X: inputMatrix(est, X, c, F), H: o.doubles(components.data, [K, F]), Ht: o.doubles(back, [F, K]),
          HHt: product(components.data, back, K, F, K), hSum: Float64Array.from({ length: K }, (_, k) => components.data.subarray(k * F, (k + 1) * F).reduce((a, b) => a + b, 0)),
          l1: alpha * ratio, l2: alpha * (1 - ratio),
        };
        const descent = est.className === "NMF" && est.string("solver", "cd") === "cd";
        const W = descent ? coordinateDescent(problem, c) : multiplicativeUpdates(problem, c);
        return c.answers(W, c.checkArray(X, est), numberedNames(est, K));
      }),
    };
  },
});

/** _compute_regularization and _scale_regularization: until 1.1 there was one alpha for both sides, which no number of features scales. */
function penalty(est: Estimator, F: number): number {
  const same = est.raw("alpha_H") ?? "same";
  const old = est.number("alpha_W", 0) === 0 && same === "same" && !est.isNone("alpha") && est.raw("alpha") !== "deprecated";
  if (!old) return F * est.number("alpha_W", 0);
  const side = est.raw("regularization") ?? (est.has("regularization") ? null : "both");
  return side === "both" || side === "deprecated" || side === "transformation" ? est.number("alpha") : 0;
}

function loop(c: Conversion, iterations: number, start: readonly Value[], step: (p: Ops, inner: GraphBuilder, iteration: Value, state: readonly Value[]) => { again: Value; state: readonly Value[] }): Value {
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v) => ({ type: v.type, shape: v.shape }))], (inner, [iteration, , ...state]) => {
    const next = step(new Ops(inner), inner, iteration!, state);
    return [next.again, ...next.state];
  });
  return c.graph.ops("Loop", [c.o.int64s([iterations], []), c.graph.constant(bools([true], [])), ...start], { body }, start.length)[0]!;
}
function total(inner: GraphBuilder, v: Value): Value {
  return inner.op("ReduceSum", [v], { keepdims: 0 });
}

/** _update_cdnmf_fast, component by component over all rows. */
function coordinateDescent({ est, X, K, Ht, HHt, l1, l2 }: Problem, c: Conversion): Value {
  const { o } = c;
  if (est.bool("shuffle", false)) throw c.refuse(est, "shuffle=True", "the order of its steps is drawn at random");
  const tolerance = est.number("tol");
  const XHt = o.sub(o.matmul(X, Ht), l1);
  const zero = repeatedRow(c, X, o.doubles(new Float64Array(K), [1, K]), K);
  return loop(c, est.int("max_iter"), [zero, o.scalar(0)], (p, inner, iteration, [W, before]) => {
    const columns = Array.from({ length: K }, (_, t) => p.slice(W!, t, t + 1, 1));
    let violation: Value | undefined;
    for (let t = 0; t < K; t++) {
      const row = Float64Array.from({ length: K }, (_, r) => HHt[r * K + t]! + (r === t ? l2 : 0));
      const gradient = p.sub(p.matmul(p.concat(columns), p.doubles(row, [K, 1])), p.slice(XHt, t, t + 1, 1));
      const projected = p.where(p.equal(columns[t]!, 0), p.minimum(gradient, 0), gradient);
      const part = total(inner, p.abs(projected));
      violation = violation === undefined ? part : p.add(violation, part);
      if (row[t] !== 0) columns[t] = p.maximum(p.sub(columns[t]!, p.div(gradient, row[t]!)), 0);
    }
    const first = p.where(p.equal(iteration, 0), violation!, before!);
    const done = p.or(p.equal(first, 0), p.lessEqual(p.div(violation!, first), tolerance));
    return { again: p.not(done), state: [p.concat(columns), first] };
  });
}

function betaLoss(est: Estimator, c: Conversion): 1 | 2 {
  const loss = est.raw("beta_loss");
  if (loss === "frobenius" || loss === 2n || loss === 2) return 2;
  if (loss === "kullback-leibler" || loss === 1n || loss === 1) return 1;
  throw c.refuse(est, `beta_loss=${describe(loss)}`, "there are the Frobenius norm and the Kullback-Leibler divergence");
}

function multiplicativeUpdates(problem: Problem, c: Conversion): Value {
  const { est, X, K, H, Ht, HHt, hSum, l1, l2 } = problem;
  const { o } = c;
  const beta = betaLoss(est, c);
  const mini = est.className === "MiniBatchNMF";
  const tolerance = est.number("tol");
  const mean = c.graph.op("ReduceMean", [X], { keepdims: 0 });
  if (mini) {
    const each = o.mul(o.cast(o.columns(X, [0]), "double"), 0);
    c.rowChecks.push({ refused: o.less(o.squeeze(o.add(each, mean), 1), 0), reason: "the mean of all values of the request is negative, of which MiniBatchNMF takes the root" });
  }
  const start = o.mul(repeatedRow(c, X, o.doubles(new Float64Array(K).fill(1), [1, K]), K), o.sqrt(o.div(mean, K)));
  const XHt = o.matmul(X, Ht);
  const update = (p: Ops, W: Value): Value => {
    let above: Value = XHt;
    let below: Value;
    if (beta === 2) below = p.matmul(W, p.doubles(HHt, [K, K]));
    else {
      const guess = p.matmul(W, H);
      above = p.matmul(p.div(X, p.where(p.less(guess, EPSILON), EPSILON, guess)), Ht);
      below = p.doubles(hSum, [1, K]);
    }
    if (l1 > 0) below = p.add(below, l1);
    if (l2 > 0) below = p.add(below, p.mul(W, l2));
    return p.mul(W, p.div(above, p.where(p.equal(below, 0), EPSILON, below)));
  };
  if (mini) {
    const iterations = est.isNone("transform_max_iter") ? est.int("max_iter") : est.int("transform_max_iter");
    return loop(c, iterations, [start], (p, inner, _, [W]) => {
      const next = update(p, W!);
      const change = p.sub(next, W!);
      const norm = (v: Value): Value => p.sqrt(total(inner, p.mul(v, v)));
      const settled = tolerance > 0 ? p.lessEqual(p.div(norm(change), norm(next)), tolerance) : p.cast(p.scalar(0, "int64"), "bool");
      return { again: p.not(settled), state: [next] };
    });
  }
  const error = (p: Ops, inner: GraphBuilder, W: Value): Value => {
    const guess = p.matmul(W, H);
    if (beta === 2) {
      const d = p.sub(X, guess);
      return p.sqrt(total(inner, p.mul(d, d)));
    }
    // Only where X is not zero.
    const counted = p.greater(X, EPSILON);
    const safe = p.where(p.less(guess, EPSILON), EPSILON, guess);
    const x = p.where(counted, X, 1);
    const divergence = p.add(p.sub(total(inner, p.where(counted, p.mul(x, p.log(p.div(x, safe))), 0)), total(inner, p.where(counted, X, 0))), total(inner, guess));
    return p.sqrt(p.mul(p.maximum(divergence, 0), 2));
  };
  const first = error(o, c.graph, start);
  return loop(c, est.int("max_iter"), [start, first], (p, inner, iteration, [W, previous]) => {
    const next = update(p, W!);
    if (tolerance <= 0) return { again: p.cast(p.scalar(1, "int64"), "bool"), state: [next, previous!] };
    const tenth = p.equal(inner.op("Mod", [p.add(iteration, 1), p.scalar(10, "int64")]), 0);
    const now = error(p, inner, next);
    const settled = p.and(tenth, p.less(p.div(p.sub(previous!, now), first), tolerance));
    return { again: p.not(settled), state: [next, p.where(tenth, now, previous!)] };
  });
}
