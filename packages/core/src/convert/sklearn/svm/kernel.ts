// libsvm's k_function over the support vectors: K [N, M].

import type { Value } from "../../../onnx/index.ts";
import { matrix2d } from "../../conversion/algebra.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { centredRows, centredSquaredDistances, dotProducts, exactSquaredDistances, squaredNorms, type Rows } from "../kernels.ts";

/** Error that may come of the kernel being computed another way than libsvm does, in the decision. */
const ALLOWED = 1e-12;

/** Numbers in the support vectors. */
const FEW = 4096;

/** Refuses what cannot be compiled; `weight` is the sum of the absolute dual coefficients. */
export function supportVectors(est: Estimator, c: Conversion): Rows {
  const kernel = est.raw("kernel");
  if (typeof kernel !== "string") {
    throw c.refuse(est, `kernel=${describe(kernel)}`, "a kernel that is a function is not in the file", 'Use kernel="rbf", "linear", "poly" or "sigmoid".');
  }
  // The columns are the kernel with each training row.
  if (kernel === "precomputed") return { rows: est.ints("support_").length, cols: est.int("n_features_in_"), data: new Float64Array(0) };
  if (!["linear", "poly", "rbf", "sigmoid"].includes(kernel)) throw c.refuse(est, `kernel=${JSON.stringify(kernel)}`, "this kernel is not known");
  const sv = matrix2d(est, c, "support_vectors_");
  if (sv.vector) throw c.malformed(est, "support_vectors_ is not a matrix");
  if (est.has("n_features_in_") && sv.cols !== est.int("n_features_in_")) throw c.malformed(est, `support_vectors_ has ${sv.cols} columns for ${est.int("n_features_in_")} features`);
  return sv;
}

export function libsvmKernel(est: Estimator, c: Conversion, X: Value, Y: Rows, weight: number): Value {
  const { o } = c;
  const gamma = est.number("_gamma");
  const coef0 = est.number("coef0", 0);
  switch (est.string("kernel")) {
    case "precomputed": {
      const support = Array.from(est.ints("support_"), Number);
      if (support.some((i) => i < 0 || i >= Y.cols)) throw c.malformed(est, `support_ names rows beyond ${Y.cols}`);
      return o.columns(X, support);
    }
    case "linear": return dotProducts(c, X, Y);
    case "poly": return power(c, o.add(o.mul(dotProducts(c, X, Y), gamma), coef0), est.int("degree"));
    case "sigmoid": return o.tanh(o.add(o.mul(dotProducts(c, X, Y), gamma), coef0));
    default: {
      // libsvm sums squared differences. The expanded form is ten times faster; centred, its error in d^2 is a few ulp of the
      // spread of the support vectors, so what it can change in the decision is bounded by this product. Rows far
      // outside that spread have a kernel next to zero. Where the bound is too large, differences it is.
      const spread = squaredNorms(centredRows(Y).Y).reduce((a, b) => Math.max(a, b), 0);
      // A few numbers cost nothing either way, and among few rows equal sums, on which votes turn, are most likely.
      const expanded = Y.rows * Y.cols > FEW && weight * gamma * spread * 8 * Number.EPSILON <= ALLOWED;
      return o.exp(o.mul(expanded ? centredSquaredDistances(c, X, Y) : exactSquaredDistances(c, X, Y), -gamma));
    }
  }
}

/** libsvm's powi: repeated squaring, so that the rounding is the same. */
function power(c: Conversion, base: Value, degree: number): Value {
  let result: Value | undefined;
  let square = base;
  for (let t = degree; t > 0; t = Math.floor(t / 2)) {
    if (t % 2 === 1) result = result === undefined ? square : c.o.mul(result, square);
    if (t > 1) square = c.o.mul(square, square);
  }
  return result ?? c.o.add(c.o.mul(base, 0), 1);
}
