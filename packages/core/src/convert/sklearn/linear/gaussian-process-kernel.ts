// sklearn.gaussian_process.kernels between new rows and training rows. Distances by differences, as scipy's cdist: a row that
// was in training is at distance zero exactly, which Matern's root would otherwise make visible.

import type { Value } from "../../../onnx/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { toNumber, type Estimator } from "../../conversion/estimator.ts";
import { logGamma, scaledBessel } from "../../conversion/special-functions.ts";
import { dotProducts, exactSquaredDistances, pairwiseKernel, type KernelOptions, type Rows } from "../kernels.ts";

/** Kernels in one kernel: a sum of one object with itself, nested, doubles with every level. */
const MAX_KERNELS = 256;

const MOST_NU = 50;

/** A matrix [N, M], or one number that stands for all of it. */
type Kernel = Value | number;

export function gaussianProcessKernel(kernel: Estimator, c: Conversion, X: Value, Y: Rows): Value {
  const K = evaluate(kernel, c, X, Y, { left: MAX_KERNELS });
  if (typeof K !== "number") return K;
  return c.o.add(c.o.mul(dotProducts(c, X, { ...Y, data: new Float64Array(Y.data.length) }), 0), K);
}

function evaluate(kernel: Estimator, c: Conversion, X: Value, Y: Rows, budget: { left: number }): Kernel {
  const { o } = c;
  if (budget.left-- <= 0) throw c.malformed(kernel, `its kernel has more than ${MAX_KERNELS} parts`);
  const inner = (name: string): Kernel => evaluate(kernel.estimator(name), c, X, Y, budget);
  switch (kernel.className) {
    case "Sum": {
      const [a, b] = [inner("k1"), inner("k2")];
      if (typeof a === "number" && typeof b === "number") return a + b;
      return a === 0 ? b : b === 0 ? a : o.add(a, b);
    }
    case "Product": {
      const [a, b] = [inner("k1"), inner("k2")];
      return typeof a === "number" && typeof b === "number" ? a * b : o.mul(a, b);
    }
    case "Exponentiation": {
      const K = inner("kernel");
      const exponent = kernel.number("exponent");
      return typeof K === "number" ? K ** exponent : o.pow(K, exponent);
    }
    case "ConstantKernel": return kernel.number("constant_value");
    // Noise belongs to the training rows alone.
    case "WhiteKernel": return 0;
    case "RBF": return o.exp(o.mul(scaledDistances(kernel, c, X, Y), -0.5));
    case "Matern": return matern(kernel, c, X, Y);
    case "RationalQuadratic": {
      const alpha = kernel.number("alpha");
      const d = o.div(exactSquaredDistances(c, X, Y), 2 * alpha * kernel.number("length_scale") ** 2);
      return o.pow(o.add(d, 1), -alpha);
    }
    case "ExpSineSquared": {
      const d = o.sqrt(exactSquaredDistances(c, X, Y));
      const sine = o.div(c.graph.op("Sin", [o.mul(d, Math.PI / kernel.number("periodicity"))]), kernel.number("length_scale"));
      return o.exp(o.mul(o.mul(sine, sine), -2));
    }
    case "DotProduct": return o.add(dotProducts(c, X, Y), kernel.number("sigma_0") ** 2);
    case "PairwiseKernel": {
      const metric = kernel.string("metric");
      const K = pairwiseKernel(c, metric, X, Y, pairwiseOptions(kernel));
      if (K === undefined) throw c.refuse(kernel, `metric=${JSON.stringify(metric)}`, "this kernel is not compiled");
      return K;
    }
    default: throw c.unknownClass(kernel);
  }
}

export function pairwiseOptions(kernel: Estimator): KernelOptions {
  const extra = kernel.isNone("pairwise_kernels_kwargs") ? undefined : kernel.dict("pairwise_kernels_kwargs");
  const option = (name: string, fallback: number): number => {
    const v = extra?.get(name);
    return v === undefined || v === null ? fallback : toNumber(v, `${kernel.path}.pairwise_kernels_kwargs`);
  };
  return { gamma: kernel.number("gamma"), degree: option("degree", 3), coef0: option("coef0", 1) };
}

/** Squared distances of the rows in units of length_scale, one for all features or one each. */
function scaledDistances(kernel: Estimator, c: Conversion, X: Value, Y: Rows): Value {
  const scale = kernel.vector("length_scale");
  if (scale.length !== 1 && scale.length !== Y.cols) throw c.malformed(kernel, `length_scale has ${scale.length} entries for ${Y.cols} features`);
  const data = Y.data.map((v, i) => v / scale[scale.length === 1 ? 0 : i % Y.cols]!);
  return exactSquaredDistances(c, c.o.div(X, c.o.doubles(scale, [1, scale.length])), { rows: Y.rows, cols: Y.cols, data });
}

function matern(kernel: Estimator, c: Conversion, X: Value, Y: Rows): Value {
  const { o } = c;
  const nu = kernel.number("nu");
  const squared = scaledDistances(kernel, c, X, Y);
  if (nu === Infinity) return o.exp(o.div(squared, -2));
  const d = o.sqrt(squared);
  if (nu === 0.5) return o.exp(o.neg(d));
  if (nu !== 1.5 && nu !== 2.5) {
    if (!(nu > 0 && nu <= MOST_NU)) throw c.refuse(kernel, `nu=${nu}`, `orders up to ${MOST_NU} are compiled`, "Use nu=0.5, 1.5, 2.5 or inf.");
    return o.mul(scaledBessel(c, o.mul(o.where(o.equal(d, 0), Number.EPSILON, d), Math.sqrt(2 * nu)), nu), Math.exp((1 - nu) * Math.LN2 - logGamma(nu)));
  }
  const K = o.mul(d, Math.sqrt(nu === 1.5 ? 3 : 5));
  const polynomial = nu === 1.5 ? o.add(K, 1) : o.add(o.add(K, 1), o.div(o.mul(K, K), 3));
  return o.mul(polynomial, o.exp(o.neg(K)));
}
