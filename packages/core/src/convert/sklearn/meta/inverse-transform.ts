// inverse_transform of the transformers that people put on a target: scalers, power and quantile transforms, NumPy
// functions, and pipelines of them. Y is [N, T] double, and so is the result.

import type { Value } from "../../../onnx/index.ts";
import { functionName } from "../compose/function-transformer.ts";
import { expm1, numpyFunction } from "../compose/numpy-functions.ts";
import { isPassthrough, namedStep, stepEstimator } from "../compose/pipeline.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { lastNotAbove } from "../../conversion/algebra.ts";
import { erf } from "../../conversion/special-functions.ts";

/** BOUNDS_THRESHOLD of preprocessing/_data.py. */
const THRESHOLD = 1e-7;

export function inverseTransform(est: Estimator, Y: Value, width: number, c: Conversion): Value {
  const { o } = c;
  const row = (name: string): Value => {
    const v = est.vector(name);
    if (v.length !== width) throw c.malformed(est, `${name} has ${v.length} numbers, the target ${width} columns`);
    return o.doubles(v, [1, width]);
  };
  switch (est.key) {
    case "sklearn.StandardScaler": {
      const scaled = est.bool("with_std", true) ? o.mul(Y, row("scale_")) : Y;
      return est.bool("with_mean", true) ? o.add(scaled, row("mean_")) : scaled;
    }
    case "sklearn.MinMaxScaler": return o.div(o.sub(Y, row("min_")), row("scale_"));
    case "sklearn.MaxAbsScaler": return o.mul(Y, row("scale_"));
    case "sklearn.RobustScaler": {
      const scaled = est.bool("with_scaling", true) ? o.mul(Y, row("scale_")) : Y;
      return est.bool("with_centering", true) ? o.add(scaled, row("center_")) : scaled;
    }
    case "sklearn.PowerTransformer": return inversePower(est, Y, width, c);
    case "sklearn.QuantileTransformer": return inverseQuantile(est, Y, width, c);
    case "sklearn.FunctionTransformer": return inverseFunction(est, Y, c);
    case "sklearn.Pipeline": {
      const steps = est.list("steps").map((step, i) => namedStep(est, c, step, `steps[${i}]`));
      return steps.reverse().reduce((y, { value, name, place }) => {
        if (isPassthrough(value)) return y;
        const child = stepEstimator(est, c, value, name, place);
        return inverseTransform(child, y, width, c);
      }, Y);
    }
    default: throw c.refuse(est, "inverse_transform", "its inverse cannot be compiled yet", "Use StandardScaler, MinMaxScaler, PowerTransformer or a pair of NumPy functions on the target.");
  }
}

function inverseFunction(est: Estimator, Y: Value, c: Conversion): Value {
  const func = est.raw("inverse_func");
  if (func === null || func === undefined) return Y;
  const named = functionName(func);
  const known = named && numpyFunction(named.module, named.name);
  if (!known || !est.isNone("inv_kw_args")) {
    throw c.refuse(est, `inverse_func=${named ? `${named.module}.${named.name}` : describe(func)}`, "this function cannot be compiled",
      "Use a pair of NumPy functions (np.log1p and np.expm1, np.log and np.exp ...) or a transformer.");
  }
  return known.emit(c, Y);
}

/** Of Yeo-Johnson or Box-Cox, after undoing the standardization. */
function inversePower(est: Estimator, Y: Value, width: number, c: Conversion): Value {
  const { o } = c;
  const lambdas = est.vector("lambdas_");
  if (lambdas.length !== width) throw c.malformed(est, `lambdas_ has ${lambdas.length} numbers, the target ${width} columns`);
  const method = est.string("method", "yeo-johnson");
  const plain = est.bool("standardize", true) ? inverseTransform(est.estimator("_scaler"), Y, width, c) : Y;
  return o.concat([...lambdas].map((lambda, j) => {
    const y = o.slice(plain, j, j + 1, 1);
    if (method === "box-cox") return lambda === 0 ? o.exp(y) : o.pow(o.add(o.mul(y, lambda), 1), 1 / lambda);
    if (method !== "yeo-johnson") throw c.refuse(est, `method=${method}`, "this method is not known");
    // Each branch is computed on its own side only: the other one would give NaN.
    const positive = o.maximum(y, 0);
    const negative = o.minimum(y, 0);
    const above = Math.abs(lambda) < Number.EPSILON ? expm1(c, positive) : o.sub(o.pow(o.add(o.mul(positive, lambda), 1), 1 / lambda), 1);
    const below = Math.abs(lambda - 2) > Number.EPSILON
      ? o.sub(1, o.pow(o.add(o.mul(negative, -(2 - lambda)), 1), 1 / (2 - lambda)))
      : o.neg(expm1(c, o.neg(negative)));
    return o.where(o.isNaN(y), y, o.where(o.greaterEqual(y, 0), above, below));
  }));
}

function inverseQuantile(est: Estimator, Y: Value, width: number, c: Conversion): Value {
  const { o } = c;
  const normal = est.string("output_distribution", "uniform") === "normal";
  if (normal) Y = o.mul(o.add(erf(c, o.mul(Y, Math.SQRT1_2)), 1), 0.5);
  const references = est.vector("references_");
  const { shape, data } = est.matrix("quantiles_");
  if (shape.length !== 2 || shape[0] !== references.length || shape[1] !== width || references.length === 0) throw c.malformed(est, `quantiles_ has shape (${shape.join(", ")})`);
  const last = references.length - 1;
  return o.concat(Array.from({ length: width }, (_, j) => {
    const quantiles = Float64Array.from(references, (__, i) => data[i * width + j]!);
    const y = o.minimum(o.maximum(o.reshape(o.slice(Y, j, j + 1, 1), [-1]), references[0]!), references[last]!);
    if (last === 0) return o.reshape(o.add(o.mul(y, 0), quantiles[0]!), [-1, 1]);
    const at = lastNotAbove(c, y, references.subarray(0, last));
    const slopes = Float64Array.from({ length: last }, (__, i) => (quantiles[i + 1]! - quantiles[i]!) / (references[i + 1]! - references[i]!));
    const pick = (table: Float64Array): Value => o.gather(o.doubles(table), at, 0);
    const value = o.add(o.mul(pick(slopes), o.sub(y, pick(references.subarray(0, last)))), pick(quantiles.subarray(0, last)));
    const inside = o.where(o.equal(y, references[last]!), quantiles[last]!, value);
    // What the forward direction cuts off at the ends comes back as the ends.
    const ended = normal ? o.where(o.greater(o.add(y, THRESHOLD), 1), quantiles[last]!, o.where(o.less(o.sub(y, THRESHOLD), 0), quantiles[0]!, inside)) : inside;
    return o.reshape(ended, [-1, 1]);
  }));
}
