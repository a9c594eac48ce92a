// sklearn.preprocessing.PowerTransformer: Yeo-Johnson as scikit-learn (before 1.8) or SciPy writes it, Box-Cox as
// scipy.special does, then a StandardScaler of its own. NaN passes.

import type { Value } from "../../../onnx/index.ts";
import { expm1, log1p } from "../compose/numpy-functions.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { mapFeature, type Frame } from "../../conversion/frame.ts";

const SPACING = Number.EPSILON;

export const powerTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.PowerTransformer"],
  convert(est, X, c) {
    const lambdas = est.vector("lambdas_");
    if (lambdas.length !== X.width) throw c.malformed(est, `it was fitted on ${lambdas.length} columns, the step before it gives ${X.width}`);
    const method = est.string("method", "yeo-johnson");
    if (method !== "yeo-johnson" && method !== "box-cox") throw c.refuse(est, `method=${JSON.stringify(method)}`, "only yeo-johnson and box-cox exist");
    const input = c.checkArray(X, est, { missing: "allowed" });
    if (method === "box-cox") for (let j = 0; j < X.width; j++) limitColumn(c, X, j, [Number.MIN_VALUE, Number.MAX_VALUE]);
    const emit = memo((): Frame => {
      const x = c.numbers(input);
      return c.frame(method === "box-cox" ? boxCox(c, x, lambdas) : yeoJohnson(c, x, lambdas), input.features.map((f, j) => mapFeature(f, { affine: null, bounded: bounds(method, lambdas[j]!) })));
    });
    if (!est.bool("standardize", true)) return { kind: "transformer", transform: emit };
    const scaler = est.estimator("_scaler");
    return { kind: "transformer", transform: memo(() => {
      const scaled = c.convert(scaler, emit()).transform;
      if (!scaled) throw c.malformed(est, "_scaler does not transform");
      return scaled();
    }) };
  },
});

/** Numbers outside `range` are refused, where column j is still an affine image of one raw column. */
export function limitColumn(c: Conversion, X: Frame, j: number, [low, high]: readonly [number, number]): void {
  for (const { column, affine } of X.features[j]?.flows ?? []) {
    if (!affine || affine[0] === 0) continue;
    const [a, b] = affine;
    const ends = a === 1 && b === 0 ? [low, high] : [(low - b) / a, (high - b) / a];
    const raw = c.columns[column]!;
    raw.limits = [Math.max(raw.limits[0], Math.min(...ends)), Math.min(raw.limits[1], Math.max(...ends))];
  }
}

/** The numbers whose power does not overflow. */
function bounds(method: "yeo-johnson" | "box-cox", lambda: number): readonly [number, number] {
  const most = (power: number): number => (power > 1 ? Number.MAX_VALUE ** (1 / power) : Number.MAX_VALUE);
  return method === "box-cox" ? [lambda < 0 ? Number.MAX_VALUE ** (1 / lambda) : -Number.MAX_VALUE, most(lambda)] : [-most(2 - lambda), most(lambda)];
}

const row = (c: Conversion, data: Float64Array): Value => c.o.doubles(data, [1, data.length]);

/** Chooses column by column: `yes` where the test holds for the column's lambda. Neither is computed where no column needs it. */
function byColumn(c: Conversion, lambdas: Float64Array, test: (lambda: number) => boolean, yes: () => Value, no: () => Value): Value {
  const chosen = Array.from(lambdas, test);
  if (chosen.every((v) => v)) return yes();
  if (chosen.every((v) => !v)) return no();
  return c.o.where(c.graph.constant({ type: "bool", shape: [1, chosen.length], data: Uint8Array.from(chosen, Number) }), yes(), no());
}

function yeoJohnson(c: Conversion, x: Value, lambdas: Float64Array): Value {
  const { o } = c;
  const positive = o.greaterEqual(x, 0);
  const safe = (use: "up" | "down"): Value => (use === "up" ? o.where(positive, x, o.scalar(0)) : o.where(positive, o.scalar(0), o.neg(x)));
  /** ((x + 1)^lambda - 1) / lambda for x >= 0, and log1p(x) for lambda 0. */
  const branch = (v: Value, l: Float64Array): Value => byColumn(c, l, (lambda) => Math.abs(lambda) < SPACING, () => log1p(c, v), () => {
    const nonzero = l.map((lambda) => (Math.abs(lambda) < SPACING ? 1 : lambda));
    return o.div(o.sub(o.pow(o.add(v, 1), row(c, nonzero)), 1), row(c, nonzero));
  });
  const y = o.where(positive, branch(safe("up"), lambdas), o.neg(branch(safe("down"), lambdas.map((lambda) => 2 - lambda))));
  return o.where(o.isNaN(x), x, y);
}

function boxCox(c: Conversion, x: Value, lambdas: Float64Array): Value {
  const { o } = c;
  const logs = o.log(x);
  return byColumn(c, lambdas, (lambda) => Math.abs(lambda) < 1e-19, () => logs, () => {
    const nonzero = lambdas.map((lambda) => (Math.abs(lambda) < 1e-19 ? 1 : lambda));
    return o.div(expm1(c, o.mul(logs, row(c, nonzero))), row(c, nonzero));
  });
}
