// Class probabilities of SVC(probability=True), exactly as libsvm's svm.cpp: a sigmoid for each pair of classes
// (sigmoid_predict), kept within [1e-7, 1 - 1e-7], then Wu, Lin and Weng's second method (multiclass_probability), whose
// iteration stops row by row and therefore has to be iterated here too: its result is not the limit but the point where
// the error fell below 0.005 / C. Two classes go the same way; scikit-learn's copy of libsvm has no short cut for them.

import { GraphBuilder, Ops, type Value } from "../../../onnx/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { bools } from "../../../tensor/index.ts";

const MIN_PROBABILITY = 1e-7;

/** pairs: libsvm's decision values [N, P]. Result [N, C]. */
export function coupledProbabilities(est: Estimator, c: Conversion, pairs: Value, probA: Float64Array, probB: Float64Array, C: number): Value {
  const { o } = c;
  const P = (C * (C - 1)) / 2;
  if (probA.length !== P || probB.length !== P) throw c.malformed(est, `_probA has ${probA.length} entries for ${P} pairs of classes`);
  const t = o.add(o.mul(pairs, o.doubles(probA, [1, P])), o.doubles(probB, [1, P]));
  // exp of the negative absolute value: both of libsvm's branches without overflow in either.
  const e = o.exp(o.neg(o.abs(t)));
  const sigmoid = o.div(o.where(o.greaterEqual(t, 0), e, 1), o.add(e, 1));
  const first = o.minimum(o.maximum(sigmoid, MIN_PROBABILITY), 1 - MIN_PROBABILITY);
  const second = o.sub(1, first);
  const r = pairMatrix(c, first, second, C);
  const rT = o.transpose(r, [0, 2, 1]);
  const eye = o.doubles(Float64Array.from({ length: C * C }, (_, i) => (i % (C + 1) === 0 ? 1 : 0)), [1, C, C]);
  const diagonal = o.sum(o.mul(r, r), 1);
  // Q[t][j] = -r[j][t] r[t][j], Q[t][t] = sum over j of r[j][t]^2.
  const Q = o.sub(o.mul(o.unsqueeze(diagonal, 2), eye), o.mul(rT, r));
  const start = o.add(o.mul(diagonal, 0), 1 / C);
  // [e_t | Q_t] for each t, so that one step updates p and Qp together.
  const rows = o.concat([o.add(o.mul(Q, 0), eye), Q], 2);
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: "double", shape: start.shape }],
    (graph, [, , p]) => couplingStep(graph, { p: p!, Q, rows, diagonal }, C));
  return c.graph.op("Loop", [o.int64s([Math.max(100, C)], []), c.graph.constant(bools([true], [])), start], { body });
}

/** [N, C, C] of what the pairs (i, j), i < j, say [N, P]: `first` at [i][j], `second` at [j][i], zero on the diagonal. */
export function pairMatrix(c: Conversion, first: Value, second: Value, C: number): Value {
  const { o } = c;
  const P = (C * (C - 1)) / 2;
  const places = new BigInt64Array(C * C).fill(BigInt(2 * P));
  let p = 0;
  for (let i = 0; i < C; i++) for (let j = i + 1; j < C; j++, p++) {
    places[i * C + j] = BigInt(p);
    places[j * C + i] = BigInt(P + p);
  }
  const zero = o.mul(o.slice(first, 0, 1, 1), 0);
  return o.reshape(o.gather(o.concat([first, second, zero]), o.int64s(places), 1), [-1, C, C]);
}

/** One pass of multiclass_probability over all rows; a row whose error is small enough keeps what it has. [go on?, next p]. */
function couplingStep(graph: GraphBuilder, { p, Q, rows, diagonal }: { p: Value; Q: Value; rows: Value; diagonal: Value }, C: number): Value[] {
  const o = new Ops(graph);
  let Qp = o.squeeze(o.matmul(Q, o.unsqueeze(p, 2)), 2);
  let pQp = o.sum(o.mul(p, Qp), 1, true);
  const error = o.max(o.abs(o.sub(Qp, pQp)), 1, true);
  const active = o.greaterEqual(error, 0.005 / C);
  let both = o.concat([p, Qp]);
  for (let t = 0; t < C; t++) {
    const Qtt = o.columns(diagonal, [t]);
    Qp = o.columns(both, [C + t]);
    const diff = o.div(o.sub(pQp, Qp), Qtt);
    const scale = o.add(diff, 1);
    pQp = o.div(o.div(o.add(pQp, o.mul(diff, o.add(o.mul(diff, Qtt), o.mul(Qp, 2)))), scale), scale);
    both = o.div(o.add(both, o.mul(diff, o.gather(rows, o.int64s([t], []), 1))), scale);
  }
  const next = o.where(active, o.slice(both, 0, C, 1), p);
  return [o.cast(graph.op("ReduceMax", [o.cast(active, "int32")], { keepdims: 0 }), "bool"), next];
}
