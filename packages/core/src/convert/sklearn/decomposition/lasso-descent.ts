// The lasso by coordinate descent over a Gram matrix (sklearn/linear_model/_cd_fast.pyx, enet_coordinate_descent_gram, as
// decomposition/_dict_learning.py calls it) for many targets at once. It stops near its minimum and not at it, so each row
// is followed as the release follows it: until 1.7 sweeps over all coefficients with tol=1e-4; from 1.8 with tol=1e-8, none
// for a row whose duality gap is small from the start, and without coefficients that are surely zero (Fercoq, Gramfort and
// Salmon 2015, gap safe screening). Rows do not know of each other: one that has stopped is left as it is.

import { Ops, type GraphBuilder, type Value } from "../../../onnx/index.ts";
import { bools } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";

export interface DescentOptions {
  /** The weight of the absolute values, above zero. */
  readonly alpha: number;
  /** Sweeps over all coefficients that are made at most. */
  readonly sweeps: number;
  readonly positive: boolean;
  /** As scikit-learn 1.8 and later do it. */
  readonly screening: boolean;
}

interface Gap {
  readonly gap: Value;
  readonly correlation: Value;
  readonly largest: Value;
}

/** Coefficients [N, K] for correlations `cov` [N, K] with K atoms of Gram matrix `gram` (row-major) and squared norms `squares` [N, 1] of the targets. */
export function lassoDescent(c: Conversion, cov: Value, squares: Value, gram: Float64Array, K: number, options: DescentOptions): Value {
  const { o } = c;
  const { alpha, sweeps, positive, screening } = options;
  const tol = screening ? 1e-8 : 1e-4;
  const norms = Float64Array.from({ length: K }, (_, j) => gram[j * (K + 1)]!);
  const used = [...norms.keys()].filter((j) => norms[j] !== 0);
  const zeros = o.mul(cov, 0);
  if (used.length === 0) return zeros;
  const G = o.doubles(gram, [K, K]);
  const diagonal = o.doubles(norms, [1, K]);
  const allowed = o.mul(squares, tol);

  const gapOf = (p: Ops, w: Value, Gw: Value): Gap => {
    const along = p.sum(p.mul(w, cov), 1, true);
    const rest = p.sub(p.add(squares, p.sum(p.mul(w, Gw), 1, true)), p.mul(along, 2));
    const correlation = p.sub(cov, Gw);
    const largest = p.max(positive ? correlation : p.abs(correlation), 1, true);
    const scale = p.where(p.greater(largest, alpha), p.div(p.scalar(alpha), p.where(p.greater(largest, alpha), largest, 1)), 1);
    const fit = p.mul(p.mul(rest, 0.5), p.add(p.mul(scale, scale), 1));
    const gap = p.add(fit, p.sub(p.mul(p.sum(p.abs(w), 1, true), alpha), p.mul(scale, p.sub(squares, along))));
    return { gap, correlation, largest };
  };
  /** 1 where a coefficient can be other than zero. */
  const possible = (p: Ops, { gap, correlation, largest }: Gap): Value => {
    const radius = p.div(p.sqrt(p.mul(p.abs(gap), 2)), alpha);
    const distance = p.div(p.sub(1, p.abs(p.div(correlation, p.maximum(largest, alpha)))), p.sqrt(p.where(p.equal(diagonal, 0), 1, diagonal)));
    return p.cast(p.lessEqual(distance, radius), "double");
  };

  // The state: coefficients, Gram matrix times coefficients, which coefficients are descended along (1), which rows are done (1).
  let kept: Value = o.add(zeros, 1);
  let done: Value = o.mul(squares, 0);
  if (screening) {
    const start = gapOf(o, zeros, zeros);
    kept = possible(o, start);
    done = o.cast(o.and(o.greaterEqual(start.gap, 0), o.lessEqual(start.gap, allowed)), "double");
  }
  const columns = o.int64s(used);
  const numbers = o.doubles(Float64Array.from({ length: K }, (_, j) => j), [1, K]);
  const state = [zeros, zeros, kept, done];
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...state.map((v) => ({ type: v.type, shape: v.shape }))], (graph, [sweep, , ...now]) => {
    const p = new Ops(graph);
    const [w0, Gw0, on, stopped] = now as [Value, Value, Value, Value];
    const open = p.mul(on, p.sub(1, stopped));
    const [w, Gw, change, size] = oneSweep(graph, open, [w0, Gw0, p.mul(stopped, 0), p.mul(stopped, 0)]) as [Value, Value, Value, Value];
    const still = p.equal(size, 0);
    const share = p.div(change, p.where(still, 1, size));
    const settled = p.or(still, screening ? p.lessEqual(share, tol) : p.less(share, tol));
    const last = p.equal(sweep!, p.scalar(sweeps - 1, "int64"));
    const looked = p.or(settled, last);
    const at = gapOf(p, w, Gw);
    // Where all coefficients are zero after a sweep the next one changes nothing: `gap < tol` itself never holds for a row of zeros.
    const good = screening ? p.lessEqual(at.gap, allowed) : p.or(p.less(at.gap, allowed), still);
    const ends = p.maximum(stopped, p.cast(p.and(looked, good), "double"));
    let next: [Value, Value, Value] = [w, Gw, on];
    if (screening) {
      const screened = p.cast(p.and(looked, p.less(ends, 0.5)), "double");
      const stays = p.sub(1, p.mul(screened, p.sub(1, p.mul(on, possible(p, at)))));
      const gone = p.mul(w, p.sub(1, stays));
      next = [p.mul(w, stays), p.sub(Gw, p.matmul(gone, G)), p.mul(on, stays)];
    }
    const further = p.cast(graph.op("ReduceMax", [p.cast(p.less(ends, 0.5), "int32")], { keepdims: 0 }), "bool");
    return [further, ...next, ends];
  });
  const anyRow = c.graph.op("ReduceMax", [o.concat([o.int64s([0]), o.cast(o.reshape(o.less(done, 0.5), [-1]), "int64")], 0)], { keepdims: 0 });
  return c.graph.ops("Loop", [o.int64s([sweeps], []), o.cast(anyRow, "bool"), ...state], { body }, state.length)[0]!;

  /** One step along each coefficient in turn: coefficients, Gram matrix times these, the largest change and the largest coefficient [N, 1]. */
  function oneSweep(outer: GraphBuilder, open: Value, start: readonly Value[]): Value[] {
    const inner = outer.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v) => ({ type: v.type, shape: v.shape }))], (graph, [step, again, ...now]) => {
      const p = new Ops(graph);
      const [w, Gw, change, size] = now as [Value, Value, Value, Value];
      const j = p.reshape(p.gather(columns, step!, 0), [1]);
      const own = p.gather(diagonal, j, 1);
      const old = p.gather(w, j, 1);
      const moves = p.greater(p.gather(open, j, 1), 0.5);
      const slope = p.add(p.sub(p.gather(cov, j, 1), p.gather(Gw, j, 1)), p.mul(old, own));
      const shrunk = p.maximum(p.sub(positive ? slope : p.abs(slope), alpha), 0);
      const target = p.div(positive ? shrunk : p.mul(graph.op("Sign", [slope]), shrunk), own);
      const value = p.where(moves, target, old);
      const moved = p.sub(value, old);
      const here = p.equal(numbers, p.cast(j, "double"));
      const counted = (v: Value): Value => p.where(moves, p.abs(v), 0);
      return [graph.op("Identity", [again!]), p.where(here, value, w), p.add(Gw, p.matmul(moved, p.gather(G, j, 0))), p.maximum(change, counted(moved)), p.maximum(size, counted(value))];
    });
    return outer.ops("Loop", [o.int64s([used.length], []), outer.constant(bools([true], [])), ...start], { body: inner }, start.length);
  }
}
