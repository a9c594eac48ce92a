// NumPy's element-wise functions (and two of scipy.special's) by the name under which pickle stores them. ONNX Runtime has
// double kernels for few of them; the rest is built from those, with formulas that keep a relative error of a few 1e-16.

import type { Value } from "../../../onnx/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";

export interface NumpyFunction {
  /** x is double of any shape; the result is double or bool of the same shape. */
  readonly emit: (c: Conversion, x: Value) => Value;
  /** The closed range of finite x that gives finite results; every finite x where it is not stated. */
  readonly finite?: readonly [number, number];
  /** The closed range of x that does not overflow, where nothing gives NaN. */
  readonly bounded?: readonly [number, number];
  /** f(x) = a x + b. */
  readonly affine?: readonly [number, number];
  /** The result is never NaN nor infinite (isnan, nan_to_num). */
  readonly total?: boolean;
  /** Infinite x gives a finite result; NaN stays. */
  readonly tame?: boolean;
}

const MAX = Number.MAX_VALUE;
const EXP_LIMIT = 709.782712893384;

/** log(1 + x), exact near 0: Kahan's correction of the rounding in 1 + x. */
export function log1p(c: Conversion, x: Value): Value {
  const { o } = c;
  const u = o.add(x, 1);
  const near = o.mul(o.log(u), o.div(x, o.sub(u, 1)));
  return o.where(o.equal(u, 1), x, o.where(o.greater(x, 1), o.log(u), near));
}

/** exp(x) - 1, exact near 0, after Kahan. */
export function expm1(c: Conversion, x: Value): Value {
  const { o } = c;
  const u = o.exp(x);
  const minusOne = o.sub(u, 1);
  const near = o.where(o.equal(u, 1), x, o.div(o.mul(minusOne, x), o.log(u)));
  return o.where(o.lessEqual(o.abs(x), 1), near, minusOne);
}

function keepNaN(c: Conversion, x: Value, y: Value): Value {
  return c.o.where(c.o.isNaN(x), x, y);
}

function log(scale: number): NumpyFunction {
  return { finite: [5e-324, MAX], emit: (c, x) => (scale === 1 ? c.o.log(x) : c.o.div(c.o.log(x), scale)) };
}

function sinh(c: Conversion, x: Value): Value {
  const { o } = c;
  const e = expm1(c, o.abs(x));
  const small = o.mul(0.5, o.add(e, o.div(e, o.add(e, 1))));
  const large = o.exp(o.sub(o.abs(x), Math.LN2));
  return o.mul(keepNaN(c, x, c.graph.op("Sign", [x])), o.where(o.greater(o.abs(x), 20), large, small));
}

function arcsinh(c: Conversion, x: Value): Value {
  const { o } = c;
  const a = o.abs(x);
  const square = o.mul(a, a);
  const small = log1p(c, o.add(a, o.div(square, o.add(1, o.sqrt(o.add(square, 1))))));
  const large = o.add(o.log(a), Math.LN2);
  return o.mul(keepNaN(c, x, c.graph.op("Sign", [x])), o.where(o.greater(a, 1e9), large, small));
}

function op(name: string, extra: Omit<NumpyFunction, "emit"> = {}): NumpyFunction {
  return { ...extra, emit: (c, x) => c.graph.op(name, [x]) };
}

const identity: NumpyFunction = { affine: [1, 0], emit: (_c, x) => x };
const trunc: NumpyFunction = { emit: (c, x) => c.o.where(c.o.less(x, 0), c.graph.op("Ceil", [x]), c.graph.op("Floor", [x])) };
const degrees = 180 / Math.PI;
const radians = Math.PI / 180;
const times = (factor: number): NumpyFunction => ({ affine: [factor, 0], emit: (c, x) => c.o.mul(x, factor) });
const finiteOnly = (c: Conversion, x: Value): Value => c.o.lessEqual(c.o.abs(x), MAX);

/** By NumPy's name. `round_`, `around`, `abs` and other second names are among them. */
const numpyFunctions: ReadonlyMap<string, NumpyFunction> = new Map<string, NumpyFunction>(Object.entries({
  log1p: { finite: [-1 + 2 ** -53, MAX], emit: log1p },
  expm1: { bounded: [-Infinity, EXP_LIMIT], emit: expm1 },
  log: log(1), log2: log(Math.LN2), log10: log(Math.LN10),
  exp: { bounded: [-Infinity, EXP_LIMIT], emit: (c, x) => c.o.exp(x) },
  exp2: { bounded: [-Infinity, 1023.9999999999999], emit: (c, x) => c.o.pow(c.o.scalar(2), x) },
  sqrt: op("Sqrt", { finite: [0, MAX] }),
  cbrt: { emit: (c, x) => c.o.mul(keepNaN(c, x, c.graph.op("Sign", [x])), c.o.pow(c.o.abs(x), 1 / 3)) },
  square: { bounded: [-1.3407807929942596e154, 1.3407807929942596e154], emit: (c, x) => c.o.mul(x, x) },
  absolute: op("Abs"), abs: op("Abs"), fabs: op("Abs"),
  negative: { affine: [-1, 0], emit: (c, x) => c.o.neg(x) },
  positive: identity,
  reciprocal: { emit: (c, x) => c.o.div(1, x) },
  sign: { tame: true, emit: (c, x) => keepNaN(c, x, c.graph.op("Sign", [x])) },
  floor: op("Floor"), ceil: op("Ceil"), trunc, fix: trunc,
  // ONNX rounds halves to even, as NumPy does.
  rint: op("Round"),
  sin: op("Sin"), cos: op("Cos"), tanh: op("Tanh", { tame: true }),
  tan: { emit: (c, x) => c.o.div(c.graph.op("Sin", [x]), c.graph.op("Cos", [x])) },
  sinh: { bounded: [-710.4758600739439, 710.4758600739439], emit: sinh },
  cosh: { bounded: [-710.4758600739439, 710.4758600739439], emit: (c, x) => {
    const half = c.o.exp(c.o.sub(c.o.abs(x), Math.LN2));
    return c.o.add(half, c.o.div(0.25, half));
  } },
  arcsinh: { emit: arcsinh },
  arctanh: { finite: [-1 + 2 ** -53, 1 - 2 ** -53], emit: (c, x) => c.o.mul(0.5, c.o.sub(log1p(c, x), log1p(c, c.o.neg(x)))) },
  degrees: times(degrees), rad2deg: times(degrees), radians: times(radians), deg2rad: times(radians),
  isnan: { total: true, emit: (c, x) => c.o.isNaN(x) },
  isfinite: { total: true, emit: finiteOnly },
  isinf: { total: true, emit: (c, x) => c.o.greater(c.o.abs(x), MAX) },
  logical_not: { total: true, emit: (c, x) => c.o.equal(x, 0) },
  // What only changes the container or the shape of one column.
  asarray: identity, array: identity, asanyarray: identity, ascontiguousarray: identity, atleast_2d: identity, copy: identity,
  float64: identity,
} satisfies Record<string, NumpyFunction>));

const scipyFunctions: ReadonlyMap<string, NumpyFunction> = new Map<string, NumpyFunction>(Object.entries({
  expit: { tame: true, emit: (c, x) => c.o.sigmoid(x) },
  logit: { finite: [5e-324, 1 - 2 ** -53], emit: (c, x) => c.o.log(c.o.div(x, c.o.sub(1, x))) },
  log1p: { finite: [-1 + 2 ** -53, MAX], emit: log1p },
  expm1: { bounded: [-Infinity, EXP_LIMIT], emit: expm1 },
} satisfies Record<string, NumpyFunction>));

/** The function that a pickled global names, if it is one of these. */
export function numpyFunction(module: string, name: string): NumpyFunction | undefined {
  if (/^numpy(\.core|\._core)?(\.(umath|_multiarray_umath|fromnumeric|multiarray|numeric))?$/.test(module)) return numpyFunctions.get(name);
  if (/^scipy\.special(\._ufuncs|\._special_ufuncs)?$/.test(module)) return scipyFunctions.get(name) ?? numpyFunctions.get(name);
  return undefined;
}
