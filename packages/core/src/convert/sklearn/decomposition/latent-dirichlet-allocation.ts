// LatentDirichletAllocation.transform (decomposition/_lda.py, _online_lda_fast.pyx): the variational update of every document,
// repeated until its topics change by less than mean_change_tol on average; each document stops for itself.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools } from "../../../tensor/index.ts";
import { inputMatrix, limitFeature, numberedNames, repeatedRow, transposed } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

const EULER = 0.5772156649015329;

export const latentDirichletAllocation: EstimatorConverter = defineEstimator({
  names: ["sklearn.LatentDirichletAllocation"],
  convert(est, X, c) {
    const { o } = c;
    return {
      kind: "transformer",
      transform: memo(() => {
        const { shape, data } = est.matrix("exp_dirichlet_component_");
        const [K = 0, F = 0] = shape;
        if (shape.length !== 2 || K === 0) throw c.malformed(est, `exp_dirichlet_component_ has shape (${shape.join(", ")})`);
        for (let j = 0; j < X.width; j++) limitFeature(c, X, j, 0, Infinity);
        const counts = inputMatrix(est, X, c, F);
        const words = o.doubles(data, [K, F]);
        const topics = o.doubles(transposed(data, K, F), [F, K]);
        const prior = est.number("doc_topic_prior_");
        const tolerance = est.number("mean_change_tol");
        const first = repeatedRow(c, counts, o.doubles(new Float64Array(K).fill(1), [1, K]), K);
        const start = [first, expectation(o, first), repeatedRow(c, counts, c.graph.constant(bools([true], [1, 1])), 1)];
        const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v) => ({ type: v.type, shape: v.shape }))], (inner: GraphBuilder, [, , last, weights, active]) => {
          const p = new Ops(inner);
          const norm = p.add(p.matmul(weights!, words), Number.EPSILON);
          const next = p.add(p.mul(weights!, p.matmul(p.div(counts, norm), topics)), prior);
          const change = p.div(p.sum(p.abs(p.sub(last!, next)), 1, true), K);
          const document = p.where(active!, next, last!);
          const still = p.and(active!, p.greaterEqual(change, tolerance));
          const any = p.cast(inner.op("ReduceMax", [p.cast(still, "int32")], { keepdims: 0 }), "bool");
          return [any, document, p.where(active!, expectation(p, next), weights!), still];
        });
        const [documents] = c.graph.ops("Loop", [o.int64s([est.int("max_doc_update_iter")], []), c.graph.constant(bools([true], [])), ...start], { body }, 3);
        return c.answers(o.div(documents!, o.sum(documents!, 1, true)), c.checkArray(X, est), numberedNames(est, K));
      }),
    };
  },
});

/** exp(psi(x) - psi(sum of the row)). */
function expectation(o: Ops, x: Value): Value {
  return o.exp(o.sub(psi(o, x), psi(o, o.sum(x, 1, true))));
}

/** scikit-learn's own digamma, "optimized for speed, not accuracy": its error is part of the result. */
function psi(o: Ops, x: Value): Value {
  let y = x;
  let result: Value | undefined;
  for (let step = 0; step < 6; step++) {
    const low = o.less(y, 6);
    const part = o.where(low, o.div(-1, y), 0);
    result = result === undefined ? part : o.add(result, part);
    y = o.where(low, o.add(y, 1), y);
  }
  const r = o.div(1, y);
  const square = o.mul(r, r);
  const series = o.mul(square, o.sub(1 / 12, o.mul(square, o.sub(1 / 120, o.mul(square, 1 / 252)))));
  const value = o.sub(o.add(result!, o.sub(o.log(y), o.mul(r, 0.5))), series);
  return o.where(o.lessEqual(x, 1e-6), o.sub(-EULER, o.div(1, x)), value);
}
