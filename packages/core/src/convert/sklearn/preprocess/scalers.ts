// StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler: one multiplication and one addition a column, in the order in
// which scikit-learn does them. NaN passes, infinity is refused.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toList, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { mapFeature, type Frame } from "../../conversion/frame.ts";

type Step = readonly ["add" | "sub" | "mul" | "div", Float64Array];

function scaler(est: Estimator, X: Frame, c: Conversion, steps: readonly Step[], clip?: readonly [number, number]): Fitted {
  const input = c.checkArray(X, est, { missing: "allowed" });
  for (const [, vector] of steps) {
    if (vector.length !== X.width) throw c.malformed(est, `it was fitted on ${vector.length} columns, the step before it gives ${X.width}`);
  }
  return {
    kind: "transformer",
    transform: memo(() => {
      let value = c.numbers(input);
      for (const [name, vector] of steps) value = c.o[name](value, c.o.doubles(vector, [1, vector.length]));
      if (clip) value = clipped(c, value, clip);
      return c.frame(value, input.features.map((feature, j) => mapFeature(feature, { affine: clip ? null : affineOf(steps, j), bounded: clip ? undefined : boundOf(steps, j) })));
    }),
  };
}

/** np.clip: NaN stays. */
export function clipped(c: Conversion, x: Value, [low, high]: readonly [number, number]): Value {
  return c.o.where(c.o.less(x, low), c.o.scalar(low), c.o.where(c.o.greater(x, high), c.o.scalar(high), x));
}

/** The numbers that none of the steps takes beyond a double. */
function boundOf(steps: readonly Step[], j: number): readonly [number, number] {
  let factor = 1;
  let most = Number.MAX_VALUE;
  for (const [name, vector] of steps) {
    if (name === "mul") factor *= Math.abs(vector[j]!);
    else if (name === "div") factor /= Math.abs(vector[j]!);
    if (factor > 1) most = Math.min(most, Number.MAX_VALUE / factor);
  }
  return [-most, most];
}

function affineOf(steps: readonly Step[], j: number): readonly [number, number] {
  let [a, b] = [1, 0];
  for (const [name, vector] of steps) {
    const v = vector[j]!;
    if (name === "add") b += v;
    else if (name === "sub") b -= v;
    else if (name === "mul") [a, b] = [a * v, b * v];
    else [a, b] = [a / v, b / v];
  }
  return [a, b];
}

export const standardScaler: EstimatorConverter = defineEstimator({
  names: ["sklearn.StandardScaler"],
  convert(est, X, c) {
    const steps: Step[] = [];
    if (est.bool("with_mean", true)) steps.push(["sub", est.vector("mean_")]);
    if (est.bool("with_std", true)) steps.push(["div", est.vector("scale_", "std_")]);
    return scaler(est, X, c, steps);
  },
});

export const minMaxScaler: EstimatorConverter = defineEstimator({
  names: ["sklearn.MinMaxScaler"],
  convert(est, X, c) {
    const [low, high] = toList(est.need("feature_range"), `${est.path}.feature_range`).map((v) => toNumber(v, `${est.path}.feature_range`));
    const clip = est.bool("clip", false) && low !== undefined && high !== undefined ? ([low, high] as const) : undefined;
    return scaler(est, X, c, [["mul", est.vector("scale_")], ["add", est.vector("min_")]], clip);
  },
});

export const maxAbsScaler: EstimatorConverter = defineEstimator({
  names: ["sklearn.MaxAbsScaler"],
  convert: (est, X, c) => scaler(est, X, c, [["div", est.vector("scale_")]], est.bool("clip", false) ? [-1, 1] : undefined),
});

export const robustScaler: EstimatorConverter = defineEstimator({
  names: ["sklearn.RobustScaler"],
  convert(est, X, c) {
    const steps: Step[] = [];
    if (est.bool("with_centering", true)) steps.push(["sub", est.vector("center_")]);
    if (est.bool("with_scaling", true)) steps.push(["div", est.vector("scale_")]);
    return scaler(est, X, c, steps);
  },
});
