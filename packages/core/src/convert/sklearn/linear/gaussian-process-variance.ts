// The variance of a Gaussian process at new rows: kernel(x, x) - |L^-1 K(train, x)|^2.

import type { Value } from "../../../onnx/index.ts";
import { repeatedRow, shaped } from "../../conversion/algebra.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { pairwiseOptions } from "./gaussian-process-kernel.ts";

/** Kernels in one kernel: a sum of one object with itself, nested, doubles with every level. */
const MAX_KERNELS = 256;

/** [N]: `K` is the kernel [N, rows] of new and training rows, `scale` what multiplies its columns first. */
export function processVariance(est: Estimator, c: Conversion, X: Value, K: Value, rows: number, scale?: Float64Array): Value {
  const { o } = c;
  const inverse = lowerInverse(shaped(est, c, [rows, rows], "L_").data, rows);
  const transposed = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j <= i; j++) transposed[j * rows + i] = inverse[i * rows + j]! * (scale ? scale[j]! : 1);
  const v = o.matmul(K, o.doubles(transposed, [rows, rows]));
  return o.sub(kernelDiagonal(est.estimator("kernel_"), c, X), o.sum(o.mul(v, v), 1));
}

/** kernel(x, x) for every row: [N]. */
function kernelDiagonal(kernel: Estimator, c: Conversion, X: Value): Value {
  const d = diagonal(kernel, c, X, { left: MAX_KERNELS });
  return typeof d === "number" ? c.o.squeeze(repeatedRow(c, X, c.o.doubles([d], [1, 1]), 1), 1) : d;
}
function diagonal(kernel: Estimator, c: Conversion, X: Value, budget: { left: number }): Value | number {
  const { o } = c;
  if (budget.left-- <= 0) throw c.malformed(kernel, `its kernel has more than ${MAX_KERNELS} parts`);
  const inner = (name: string): Value | number => diagonal(kernel.estimator(name), c, X, budget);
  switch (kernel.className) {
    case "Sum": case "Product": {
      const [a, b] = [inner("k1"), inner("k2")];
      const sum = kernel.className === "Sum";
      if (typeof a === "number" && typeof b === "number") return sum ? a + b : a * b;
      return sum ? o.add(a, b) : o.mul(a, b);
    }
    case "Exponentiation": {
      const d = inner("kernel");
      const exponent = kernel.number("exponent");
      return typeof d === "number" ? d ** exponent : o.pow(d, exponent);
    }
    case "ConstantKernel": return kernel.number("constant_value");
    case "WhiteKernel": return kernel.number("noise_level");
    case "RBF": case "Matern": case "RationalQuadratic": case "ExpSineSquared": return 1;
    case "DotProduct": return o.add(o.sum(o.mul(X, X), 1), kernel.number("sigma_0") ** 2);
    case "PairwiseKernel": return pairwiseDiagonal(kernel, c, X);
    default: throw c.refuse(kernel, "a variance", `what ${kernel.className} gives for a row and itself is not compiled`);
  }
}

/** What a kernel of sklearn.metrics.pairwise gives for a row and itself. */
function pairwiseDiagonal(kernel: Estimator, c: Conversion, X: Value): Value | number {
  const { o } = c;
  const { gamma, degree, coef0 } = pairwiseOptions(kernel);
  const squares = o.sum(o.mul(X, X), 1);
  switch (kernel.string("metric")) {
    case "rbf": case "laplacian": case "chi2": return 1;
    case "additive_chi2": return 0;
    case "cosine": return o.where(o.equal(squares, 0), 0, 1);
    case "linear": return squares;
    case "poly": case "polynomial": return o.pow(o.add(o.mul(squares, gamma), coef0), degree);
    case "sigmoid": return o.tanh(o.add(o.mul(squares, gamma), coef0));
    default: throw c.refuse(kernel, "a variance", `what ${kernel.string("metric")} gives for a row and itself is not compiled`);
  }
}

/** Inverse of a lower triangular matrix, by forward substitution. */
function lowerInverse(L: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const pivot = L[i * n + i]!;
    for (let k = 0; k < i; k++) {
      const factor = L[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) inverse[i * n + j]! -= factor * inverse[k * n + j]!;
    }
    inverse[i * n + i] = 1;
    for (let j = 0; j <= i; j++) inverse[i * n + j]! /= pivot;
  }
  return inverse;
}
