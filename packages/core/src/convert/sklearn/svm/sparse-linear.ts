// A linear kernel over sparse support vectors (text, mostly): K @ dual is X @ (SV.T @ dual), and the product in brackets is
// small where the support vectors as a dense matrix would take gigabytes. scikit-learn's coef_ is the same product.

import { sparseEntries, SparseMatrix } from "../../../pickle/index.ts";
import type { Value } from "../../../onnx/index.ts";
import { inputMatrix } from "../../conversion/algebra.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

/** The support vectors, where this way is open. */
export function sparseLinear(est: Estimator): SparseMatrix | undefined {
  const sv = est.raw("support_vectors_");
  return sv instanceof SparseMatrix && est.raw("kernel") === "linear" ? sv : undefined;
}

/**
 * X @ W [N, P] with W[f, p] the sum of v * coefficient over the entries (s, f, v); `each` calls back with every p that
 * support vector s has a part in, and its coefficient.
 */
export function sparseLinearScores(est: Estimator, X: Frame, c: Conversion, sv: SparseMatrix, P: number, each: (s: number, add: (p: number, coefficient: number) => void) => void): Value {
  const F = sv.shape[1];
  if (F < 1 || F * P > 2 ** 27) throw c.refuse(est, `${P} pairs of classes over ${F} features`, "its weights would take more than a gigabyte");
  const x = inputMatrix(est, X, c, F);
  const W = new Float64Array(F * P);
  const { rows, columns, values } = sparseEntries(sv);
  for (let i = 0; i < values.length; i++) {
    const f = columns[i]! * P;
    const v = values[i]!;
    each(rows[i]!, (p, coefficient) => { W[f + p]! += v * coefficient; });
  }
  return c.o.matmul(x, c.o.doubles(W, [F, P]));
}
