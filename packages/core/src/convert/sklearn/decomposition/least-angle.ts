// The path of least angle regression (Efron et al. 2004; sklearn/linear_model/_least_angle.py, lars_path_gram) for many
// targets at once: coefficients move along the direction that is equally correlated with all active atoms until another
// atom is as correlated, an active coefficient comes to zero (lasso only), or the wanted penalty is reached. The minimum of
// the lasso is unique, so that the end of the path is the same whatever rounding does to its steps.

import { Ops, type Value } from "../../../onnx/index.ts";
import { bools } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { solvePositive } from "../graph-solve.ts";

export interface PathOptions {
  /** Where the path ends: the largest correlation that is left. */
  readonly penalty: number;
  /** Steps that are taken at most. */
  readonly steps: number;
  /** Whether coefficients that come to zero leave (the lasso). */
  readonly drops: boolean;
  readonly positive: boolean;
}

/** Smaller than this is no change of correlation. */
const TINY = 1e-12;

/** Coefficients [N, K] for correlations `cov` [N, K] with K atoms of Gram matrix `gram`; `open`: bool [N], rows whose path is not at its end. */
export function leastAngles(c: Conversion, cov: Value, gram: Float64Array, K: number, options: PathOptions): { code: Value; open: Value } {
  const { o } = c;
  const { penalty, steps, drops, positive } = options;
  const G = o.doubles(gram, [K, K]);
  const eye = o.doubles(Float64Array.from({ length: K * K }, (_, i) => Number(i % (K + 1) === 0)), [1, K, K]);
  const gains = (p: Ops, v: Value): Value => (positive ? v : p.abs(v));
  const zeros = o.mul(cov, 0);
  const largest = o.max(gains(o, cov), 1, true);
  const level = o.maximum(largest, penalty);
  // The state: coefficients, which are active (1), which has just left (1), the level of correlation, whether all is done (1).
  const first = o.cast(o.and(o.equal(gains(o, cov), largest), o.greater(largest, penalty)), "double");
  const state = [zeros, first, zeros, level, o.cast(o.lessEqual(largest, penalty), "double")];
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...state.map((v) => ({ type: v.type, shape: v.shape }))], (graph, [, , ...now]) => {
    const p = new Ops(graph);
    const [w, active, left, at, done] = now as [Value, Value, Value, Value, Value];
    const isActive = p.greater(active, 0.5);
    const correlation = p.sub(cov, p.matmul(w, G));
    const signs = p.mul(active, positive ? p.scalar(1) : graph.op("Sign", [correlation]));
    const both = p.mul(p.unsqueeze(active, 2), p.unsqueeze(active, 1));
    const system = p.where(p.greater(both, 0.5), p.unsqueeze(G, 0), eye);
    const direction = p.mul(p.squeeze(solvePositive({ o: p, graph }, system, p.unsqueeze(signs, 2), K), 2), active);
    const slope = p.matmul(direction, G);
    const none = p.or(isActive, p.greater(left, 0.5));
    const reach = (gap: Value, speed: Value): Value => p.where(p.or(none, p.lessEqual(speed, TINY)), Infinity, p.maximum(p.div(gap, p.where(p.lessEqual(speed, TINY), 1, speed)), 0));
    let joining = reach(p.sub(at, correlation), p.sub(1, slope));
    if (!positive) joining = p.minimum(joining, reach(p.add(at, correlation), p.add(1, slope)));
    const toJoin = p.min(joining, 1, true);
    const toEnd = p.sub(at, penalty);
    let event = toJoin;
    let leaving: Value | undefined;
    if (drops) {
      const falls = p.less(p.mul(w, direction), 0);
      leaving = p.where(falls, p.neg(p.div(w, p.where(falls, direction, 1))), Infinity);
      event = p.minimum(event, p.min(leaving, 1, true));
    }
    const ended = p.cast(p.greaterEqual(event, toEnd), "double");
    const go = p.where(p.greaterEqual(event, toEnd), positive ? p.where(p.greaterEqual(event, at), lastStep(p, at, toEnd, isActive, p.sub(correlation, p.mul(slope, at))), toEnd) : toEnd, event);
    const gone = leaving === undefined ? p.mul(active, 0) : p.cast(p.and(p.lessEqual(leaving, event), p.less(event, toEnd)), "double");
    const leaves = p.max(gone, 1, true);
    // Several atoms that are reached at once join one after the other, in steps of no length.
    const place = graph.op("ArgMin", [joining], { axis: 1, keepdims: 1, select_last_index: 0 });
    const columns = p.doubles(Float64Array.from({ length: K }, (_, i) => i), [1, K]);
    const joins = p.mul(p.cast(p.equal(columns, p.cast(place, "double")), "double"), p.sub(1, p.maximum(leaves, ended)));
    const stay = p.greater(done, 0.5);
    const keep = (old: Value, next: Value): Value => p.where(stay, old, next);
    const nextActive = keep(active, p.add(p.mul(active, p.sub(1, gone)), joins));
    const next = [keep(w, p.mul(p.add(w, p.mul(direction, go)), p.sub(1, gone))), nextActive, keep(left, gone), keep(at, p.sub(at, go)), p.maximum(done, ended)];
    const further = p.cast(graph.op("ReduceMax", [p.cast(p.less(next[4]!, 0.5), "int32")], { keepdims: 0 }), "bool");
    return [further, ...next];
  });
  const end = c.graph.ops("Loop", [o.int64s([steps], []), c.graph.constant(bools([true], [])), ...state], { body }, state.length);
  return { code: end[0]!, open: o.squeeze(o.less(end[4]!, 0.5), 1) };
}

/**
 * The last step of a positive path on which nothing more joins or leaves: scikit-learn goes on to where the active atoms are
 * not correlated at all, takes the largest correlation of the others for the penalty there, which is below zero, and goes
 * back by that share. So its end is not the minimum.
 */
function lastStep(p: Ops, at: Value, toEnd: Value, isActive: Value, rest: Value): Value {
  const others = p.max(p.where(isActive, -Infinity, rest), 1, true);
  const there = p.where(p.equal(others, -Infinity), 0, others);
  return p.div(p.mul(toEnd, at), p.sub(at, there));
}
