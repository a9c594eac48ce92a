// The `kernel`, `gamma`, `degree`, `coef0` and `kernel_params` of KernelRidge, KernelPCA and Nystroem.

import type { Value } from "../../onnx/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { describe, toNumber, type Estimator } from "../conversion/estimator.ts";
import { pairwiseKernel, type Rows } from "./kernels.ts";

/** The kernel between the rows and `Y`. */
export function namedKernel(est: Estimator, c: Conversion, X: Value, Y: Rows): Value {
  const kernel = est.raw("kernel");
  if (typeof kernel !== "string") {
    throw c.refuse(est, `kernel=${describe(kernel)}`, "a kernel that is a function is not in the file", 'Use a kernel by name: "rbf", "linear", "poly", "sigmoid", "laplacian", "cosine", "chi2".');
  }
  if (kernel === "precomputed") {
    // The columns are the kernel with each training row.
    if (Y.rows !== Y.cols) throw c.malformed(est, `it keeps ${Y.rows} x ${Y.cols} numbers, expected the kernel between the training rows`);
    return X;
  }
  // gamma=None is 1 / n_features, but 1 for chi2; KernelPCA keeps what it settled on as gamma_ from 1.3 on.
  const gamma = setting(est, "gamma_") ?? setting(est, "gamma") ?? (kernel === "chi2" ? 1 : 1 / Y.cols);
  const value = pairwiseKernel(c, kernel, X, Y, { gamma, degree: setting(est, "degree") ?? 3, coef0: setting(est, "coef0") ?? 1 });
  if (value === undefined) {
    throw c.refuse(est, `kernel=${JSON.stringify(kernel)}`, "this kernel is not compiled");
  }
  return value;
}

/** A parameter of the estimator, or else of its kernel_params (which only Nystroem reads for kernels by name). */
function setting(est: Estimator, name: string): number | undefined {
  if (!est.isNone(name)) return est.number(name);
  if (est.className !== "Nystroem" || est.isNone("kernel_params")) return undefined;
  const v = est.dict("kernel_params").get(name);
  return v === undefined || v === null ? undefined : toNumber(v, `${est.path}.kernel_params`);
}
