// sklearn.preprocessing.SplineTransformer: every column's B-splines as polynomials between the knots, made here, and looked
// up by the interval that x falls in. Outside the boundary knots: extrapolation as scikit-learn does it, where the degree
// that bounds the "linear" case grows from column to column for degree 0 and 1.

import type { Value } from "../../../onnx/index.ts";
import { NumpyArray, PyObject, PyTuple } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { Estimator, toMatrix } from "../../conversion/estimator.ts";
import { mapFeature, type Feature } from "../../conversion/frame.ts";
import { limitColumn } from "./power-transformer.ts";

interface Spline {
  readonly knots: Float64Array;
  readonly degree: number;
  /** [basis functions, outputs]: the identity but for periodic splines. */
  readonly weights: Float64Array;
  readonly outputs: number;
}

export const splineTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.SplineTransformer"],
  convert(est, X, c) {
    const extrapolation = est.string("extrapolation", "constant");
    if (!["constant", "linear", "continue", "periodic", "error"].includes(extrapolation)) throw c.refuse(est, `extrapolation=${extrapolation}`, "no release has it");
    const zeros = est.string("handle_missing", "error") === "zeros";
    const splines = est.list("bsplines_").map((v, j) => readSpline(est, c, v, j));
    if (splines.length !== X.width) throw c.malformed(est, `it was fitted on ${splines.length} columns, the step before it gives ${X.width}`);
    if (splines.some((s) => s.degree !== est.int("degree"))) throw c.malformed(est, `its splines are not of degree ${est.int("degree")}`);
    const bias = est.bool("include_bias", true);
    const input = zeros ? X : c.checkArray(X, est);
    if (extrapolation === "error") splines.forEach((s, j) => limitColumn(c, X, j, [s.knots[s.degree]!, s.knots[s.knots.length - 1 - s.degree]!]));
    return {
      kind: "transformer",
      transform: memo(() => {
        const features: Feature[] = [];
        let degree = est.int("degree");
        const parts = splines.map((spline, j): Value => {
          const x = c.numberColumn(input, j);
          let value = extrapolation === "periodic" ? evaluate(c, spline, wrapped(c, x, spline)) : evaluate(c, spline, x);
          if (extrapolation === "constant" || extrapolation === "linear") {
            const edges = [spline.knots[degree]!, spline.knots[spline.knots.length - 1 - degree]!] as const;
            if (extrapolation === "linear" && degree <= 1) degree++;
            value = continued(c, spline, x, value, edges, degree, extrapolation === "linear");
          }
          if (zeros) value = c.o.where(c.o.isNaN(x), c.o.scalar(0), value);
          const kept = spline.outputs - (bias ? 0 : 1);
          for (let k = 0; k < kept; k++) {
            const { name } = input.features[j]!;
            features.push(mapFeature(input.features[j]!, { name: name === null ? null : `${name}_sp_${k}`, affine: null, ...(zeros ? { clearMissing: true } : {}) }));
          }
          return bias ? value : c.o.slice(value, 0, kept, 1);
        });
        return c.frame(c.o.concat(parts), features);
      }),
    };
  },
});

/** scipy.interpolate.BSpline; its attributes are `t`, `c` and, since 1.15, `_t`, `_c`; since 1.17 it keeps a _BSpline that has them. */
function readSpline(est: Estimator, c: Conversion, v: unknown, j: number): Spline {
  if (!(v instanceof PyObject) || v.classGlobal?.name !== "BSpline") throw c.malformed(est, `bsplines_[${j}] is not a B-spline`);
  const inner = v.state instanceof PyTuple ? v.state.items[0] : v;
  if (!(inner instanceof PyObject)) throw c.malformed(est, `bsplines_[${j}] holds no spline`);
  const spline = new Estimator(inner, `${est.path}.bsplines_[${j}]`);
  const knots = spline.vector("t", "_t");
  const degree = spline.int("k");
  const weights = spline.need("c", "_c");
  const { shape, data } = toMatrix(weights, `${spline.path}.c`);
  const basis = knots.length - degree - 1;
  if (!(weights instanceof NumpyArray) || shape.length !== 2 || degree < 0 || degree > 30 || basis < 1 || shape[0]! < basis || basis <= degree) throw c.malformed(est, `bsplines_[${j}] has knots and coefficients that do not agree`);
  return { knots, degree, weights: data, outputs: shape[1]! };
}

/**
 * The polynomials between knots m and m + 1 in u = x - knots[m]: [degree + 1, outputs], lowest power first. The recursion of
 * de Boor on coefficients instead of numbers.
 */
function polynomials({ knots: t, degree: k, weights, outputs }: Spline, m: number): Float64Array {
  let basis: number[][] = [[1]];
  for (let d = 1; d <= k; d++) {
    // basis[i] is B(m - d + 1 + i, d - 1); the next row has one more.
    const next: number[][] = Array.from({ length: d + 1 }, () => new Array<number>(d + 1).fill(0));
    basis.forEach((poly, i) => {
      const at = m - d + 1 + i;
      const width = t[at + d]! - t[at]!;
      const scale = width > 0 ? 1 / width : 0;
      poly.forEach((coefficient, p) => {
        // Rising towards B(at, d): (x - t[at]) / width; falling towards B(at - 1, d): (t[at + d] - x) / width.
        next[i + 1]![p]! += coefficient * (t[m]! - t[at]!) * scale;
        next[i + 1]![p + 1]! += coefficient * scale;
        next[i]![p]! += coefficient * (t[at + d]! - t[m]!) * scale;
        next[i]![p + 1]! -= coefficient * scale;
      });
    });
    basis = next;
  }
  const out = new Float64Array((k + 1) * outputs);
  basis.forEach((poly, i) => poly.forEach((coefficient, p) => {
    for (let s = 0; s < outputs; s++) out[p * outputs + s]! += coefficient * weights[(m - k + i) * outputs + s]!;
  }));
  return out;
}

/** Interval of x among the knots between the boundaries, as scipy finds it: the last one that starts at most at x. */
function intervalOf({ knots, degree }: Spline, x: number): number {
  let m = degree;
  while (m + 1 < knots.length - 1 - degree && knots[m + 1]! <= x) m++;
  return m;
}

/** x [N, 1] to [N, outputs]; beyond the boundaries the outermost polynomials go on. */
function evaluate(c: Conversion, spline: Spline, x: Value): Value {
  const { o } = c;
  const { knots, degree, outputs } = spline;
  const first = degree;
  const last = knots.length - 2 - degree;
  const count = last - first + 1;
  const table = new Float64Array(count * (degree + 1) * outputs);
  for (let i = 0; i < count; i++) table.set(polynomials(spline, first + i), i * (degree + 1) * outputs);
  const starts = knots.slice(first, last + 1);
  const place = count === 1
    ? o.cast(o.mul(o.cast(o.isNaN(x), "double"), 0), "int64")
    : o.cast(o.sum(o.cast(o.greaterEqual(x, o.doubles(starts.slice(1), [1, count - 1])), "float"), 1, true), "int64");
  const u = o.sub(x, o.gather(o.doubles(starts), place, 0));
  // [N, 1, (degree + 1) * outputs] looked up, then one power after the other.
  const row = o.squeeze(o.gather(o.doubles(table, [count, (degree + 1) * outputs]), place, 0), 1);
  let value = o.slice(row, degree * outputs, (degree + 1) * outputs, 1);
  for (let p = degree - 1; p >= 0; p--) value = o.add(o.mul(value, u), o.slice(row, p * outputs, (p + 1) * outputs, 1));
  return value;
}

/** The value (order 0) or the slope (order 1) of all outputs at one point. */
function at(spline: Spline, x: number, order: 0 | 1): Float64Array {
  const m = intervalOf(spline, x);
  const table = polynomials(spline, m);
  const u = x - spline.knots[m]!;
  const out = new Float64Array(spline.outputs);
  for (let p = spline.degree; p >= order; p--) {
    for (let s = 0; s < spline.outputs; s++) out[s] = out[s]! * u + table[p * spline.outputs + s]! * (order === 1 ? p : 1);
  }
  return out;
}

function continued(c: Conversion, spline: Spline, x: Value, inside: Value, [low, high]: readonly [number, number], degree: number, linear: boolean): Value {
  const { o } = c;
  const S = spline.outputs;
  const row = (data: Float64Array, keep: (s: number) => boolean): Value => o.doubles(data.map((v, s) => (keep(s) ? v : 0)), [1, S]);
  const side = (edge: number, keep: (s: number) => boolean): Value => {
    const value = row(at(spline, edge, 0), keep);
    return linear ? o.add(value, o.mul(o.sub(x, edge), row(at(spline, edge, 1), keep))) : value;
  };
  return o.where(o.less(x, low), side(low, (s) => s < degree), o.where(o.greater(x, high), side(high, (s) => s >= S - degree), inside));
}

/** Into one period: the remainder has the sign of the period. */
function wrapped(c: Conversion, x: Value, { knots, degree }: Spline): Value {
  const { o } = c;
  const start = knots[degree]!;
  const period = knots[knots.length - 1 - degree]! - start;
  if (!(period > 0)) return o.mul(x, 0);
  const remainder = c.graph.op("Mod", [o.sub(x, start), o.scalar(period)], { fmod: 1 });
  return o.add(start, o.where(o.less(remainder, 0), o.add(remainder, period), remainder));
}
