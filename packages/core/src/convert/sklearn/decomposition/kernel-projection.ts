// What KernelPCA does to a kernel between new and training rows: centred as the training kernel was, times the eigenvectors
// over the roots of their eigenvalues.

import type { Value } from "../../../onnx/index.ts";
import { shaped } from "../../conversion/algebra.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";

/** K is [N, rows]. */
export function projectKernel(est: Estimator, c: Conversion, K: Value, rows: number): { value: Value; width: number } {
  const { o } = c;
  const eigenvalues = est.vector("eigenvalues_", "lambdas_");
  const width = eigenvalues.length;
  const vectors = shaped(est, c, [rows, width], "eigenvectors_", "alphas_").data;
  const centerer = est.estimator("_centerer");
  const means = shaped(centerer, c, [rows], "K_fit_rows_").data;
  const columnMeans = o.div(o.sum(K, 1, true), rows);
  const centred = o.add(o.sub(o.sub(K, o.doubles(means, [1, rows])), columnMeans), centerer.number("K_fit_all_"));
  const scaled = vectors.map((v, i) => (eigenvalues[i % width] === 0 ? 0 : v / Math.sqrt(eigenvalues[i % width]!)));
  return { value: o.matmul(centred, o.doubles(scaled, [rows, width])), width };
}
