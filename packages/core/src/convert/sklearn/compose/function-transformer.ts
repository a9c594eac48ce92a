// sklearn.preprocessing.FunctionTransformer. The file holds only the name of a function, never its code: NumPy's
// element-wise functions are compiled by name, every other function is refused.

import type { SlipwayError } from "../../../base/index.ts";
import { PyDict, PyGlobal, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { convertError } from "../../conversion/errors.ts";
import { describe, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { mapFeature, type Feature, type Frame } from "../../conversion/frame.ts";
import { numpyFunction, type NumpyFunction } from "./numpy-functions.ts";
import { passthrough } from "./pipeline.ts";

const MAX = Number.MAX_VALUE;
const NUMPY = /^numpy(\.|$)/;
/** Functions that leave one column, and a sparse matrix made dense, as it is. */
const SHAPES = new Set(["ravel", "squeeze", "asarray", "array", "asanyarray", "copy", "atleast_2d", "ascontiguousarray"]);

export const functionTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.FunctionTransformer"],
  convert(est, X, c) {
    const input = est.raw("validate") === true ? c.checkArray(X, est) : X;
    const kwargs = keywordArguments(est, c);
    const func = unwrapPartial(est.raw("func"), kwargs);
    if (func === null || func === undefined || keepsValues(est, c, func, X, kwargs)) return passthrough(input);
    const named = functionName(func);
    if (!named) throw refuseFunction(est, func);
    const f = withArguments(est, c, named.name, NUMPY.test(named.module), kwargs) ?? (kwargs.size === 0 ? numpyFunction(named.module, named.name) : undefined);
    if (!f) throw kwargs.size > 0 && numpyFunction(named.module, named.name)
      ? c.refuse(est, `kw_args=${[...kwargs.keys()].join(", ")}`, `${named.name} is compiled without them only`)
      : refuseFunction(est, func);
    return {
      kind: "transformer",
      transform: memo(() => c.frame(f.emit(c, c.numbers(input)), input.features.map((feature) => mapped(feature, f)))),
    };
  },
});

function mapped(feature: Feature, f: NumpyFunction): Feature {
  if (f.total) return mapFeature(feature, { clearMissing: true, clearInfinite: true, affine: null });
  return mapFeature(feature, { affine: f.affine ?? null, ...(f.tame ? { clearInfinite: true } : {}), ...(f.finite ? { finite: f.finite } : {}), ...(f.bounded ? { bounded: f.bounded } : {}) });
}

/** `module.name` of a plain reference, or of NumPy's older way of storing a ufunc. */
export function functionName(func: PyValue): { module: string; name: string } | undefined {
  if (func instanceof PyGlobal) return func;
  if (func instanceof PyObject && /^numpy\.(_core|core)\._ufunc_reconstruct$/.test(func.className)) {
    const [module, name] = func.args.items;
    if (typeof module === "string" && typeof name === "string") return { module, name };
  }
  return undefined;
}

/** functools.partial(function, key=value): its keywords come first, kw_args over them. */
function unwrapPartial(func: PyValue | undefined, kwargs: Map<string, PyValue>): PyValue | undefined {
  if (!(func instanceof PyObject) || func.className !== "functools.partial" || !(func.state instanceof PyTuple)) return func;
  const [inner, positional, keywords] = func.state.items;
  if (inner === undefined || !(positional instanceof PyTuple) || positional.items.length > 0) return func;
  if (keywords instanceof PyDict) for (const [key, value] of keywords.entries()) if (!kwargs.has(String(key))) kwargs.set(String(key), value);
  return inner;
}

function keepsValues(est: Estimator, c: Conversion, func: PyValue, X: Frame, kwargs: ReadonlyMap<string, PyValue>): boolean {
  if (func instanceof PyObject && func.className === "operator.methodcaller") {
    return ["toarray", "todense", "to_numpy", "copy"].includes(String(func.args.items[0])) && func.args.items.length === 1;
  }
  const named = functionName(func);
  if (!named || !NUMPY.test(named.module) || !SHAPES.has(named.name) || kwargs.size > 0) return false;
  if ((named.name === "ravel" || named.name === "squeeze") && X.width !== 1) {
    throw c.refuse(est, `func=${named.name}`, `it would mix the ${X.width} columns it is given`);
  }
  return true;
}

function keywordArguments(est: Estimator, c: Conversion): Map<string, PyValue> {
  const found = new Map<string, PyValue>();
  const v = est.raw("kw_args");
  if (v === null || v === undefined) return found;
  if (!(v instanceof PyDict)) throw c.malformed(est, `kw_args is ${describe(v)}`);
  for (const [key, value] of v.entries()) found.set(String(key), value);
  return found;
}

/** round, clip and nan_to_num, which have arguments worth honouring. */
function withArguments(est: Estimator, c: Conversion, name: string, numpy: boolean, kwargs: Map<string, PyValue>): NumpyFunction | undefined {
  if (!numpy) return undefined;
  const take = (key: string): number | undefined => {
    const v = kwargs.get(key);
    kwargs.delete(key);
    return v === null || v === undefined ? undefined : toNumber(v, `${est.path}.kw_args`);
  };
  const done = (f: NumpyFunction): NumpyFunction => {
    if (kwargs.size > 0) throw c.refuse(est, `kw_args=${[...kwargs.keys()].join(", ")}`, `${name} is compiled without them only`);
    return f;
  };
  if (name === "round" || name === "round_" || name === "around") {
    const decimals = take("decimals") ?? 0;
    if (!Number.isInteger(decimals) || Math.abs(decimals) > 300) throw c.malformed(est, `decimals=${decimals}`);
    const scale = 10 ** Math.abs(decimals);
    return done({ emit: (_, x) => {
      if (decimals === 0) return c.graph.op("Round", [x]);
      if (decimals > 0) return c.o.div(c.graph.op("Round", [c.o.mul(x, scale)]), scale);
      return c.o.mul(c.graph.op("Round", [c.o.div(x, scale)]), scale);
    } });
  }
  if (name === "clip") {
    const low = take("a_min") ?? take("min");
    const high = take("a_max") ?? take("max");
    return done({ tame: low !== undefined && high !== undefined, emit: (_, x) => {
      const raised = low === undefined ? x : c.o.where(c.o.less(x, low), c.o.scalar(low), x);
      return high === undefined ? raised : c.o.where(c.o.greater(raised, high), c.o.scalar(high), raised);
    } });
  }
  if (name === "nan_to_num") {
    kwargs.delete("copy");
    const [nan, positive, negative] = [take("nan") ?? 0, take("posinf") ?? MAX, take("neginf") ?? -MAX];
    return done({ total: true, emit: (_, x) => {
      const finite = c.o.where(c.o.greater(x, MAX), c.o.scalar(positive), c.o.where(c.o.less(x, -MAX), c.o.scalar(negative), x));
      return c.o.where(c.o.isNaN(x), c.o.scalar(nan), finite);
    } });
  }
  return undefined;
}

function refuseFunction(est: Estimator, func: PyValue): SlipwayError {
  const hint = "Use a NumPy function (np.log1p, np.sqrt ...) or a scikit-learn transformer there, or do that work before the model is called.";
  const named = functionName(func);
  if (named && /^(numpy|scipy)(\.|$)/.test(named.module)) {
    return convertError("unsupported-option", `FunctionTransformer with func=${named.module}.${named.name}: this function cannot be compiled`, { where: est.path, hint });
  }
  const what = named
    ? `${named.name}, a function of ${named.module === "__main__" ? "the script that saved the file" : `the module ${named.module}`}`
    : func instanceof PyObject && /cloudpickle|dill/.test(func.className) ? "a function whose code is stored in the file" : describe(func);
  return convertError("contains-code", `FunctionTransformer calls ${what}; its code would have to run, and Slipway never runs code from a file`, { where: est.path, hint });
}
