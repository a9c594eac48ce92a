// sklearn.preprocessing.Normalizer and Binarizer, both without fitted state, and KernelCenterer.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { mapFeatures, mixFlows } from "../../conversion/frame.ts";

/** Rows shorter than this are left as they are (_handle_zeros_in_scale). */
const TINY = 10 * Number.EPSILON;

/** x [N, F] divided by its norms; a row of zeros stays. */
function normalizeRows(c: Conversion, x: Value, norm: "l1" | "l2" | "max"): Value {
  const { o } = c;
  const length = norm === "l1" ? o.sum(o.abs(x), 1, true) : norm === "l2" ? o.sqrt(o.sum(o.mul(x, x), 1, true)) : o.max(o.abs(x), 1, true);
  return o.div(x, o.where(o.less(length, TINY), o.scalar(1), length));
}

export const normalizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.Normalizer"],
  convert(est, X, c) {
    const norm = est.string("norm", "l2");
    if (norm !== "l1" && norm !== "l2" && norm !== "max") throw c.refuse(est, `norm=${JSON.stringify(norm)}`, "only l1, l2 and max exist");
    const input = c.checkArray(X, est);
    return { kind: "transformer", transform: memo(() => c.mixed(normalizeRows(c, c.numbers(input), norm), input, input.features.map((f) => f.name))) };
  },
});

export const binarizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.Binarizer"],
  convert(est, X, c) {
    const threshold = est.number("threshold", 0);
    const input = c.checkArray(X, est);
    return {
      kind: "transformer",
      transform: memo(() => c.frame(
        c.o.cast(c.o.greater(c.numbers(input), threshold), "double"),
        mapFeatures(input.features, { affine: null, clearMissing: true, clearInfinite: true }),
      )),
    };
  },
});

export const kernelCenterer: EstimatorConverter = defineEstimator({
  names: ["sklearn.KernelCenterer"],
  convert(est, X, c) {
    const rows = est.vector("K_fit_rows_");
    if (rows.length !== X.width) throw c.malformed(est, `it was fitted on ${rows.length} rows, the step before it gives ${X.width} columns`);
    const all = est.number("K_fit_all_");
    const input = c.checkArray(X, est);
    return {
      kind: "transformer",
      transform: memo(() => {
        const K = c.numbers(input);
        const means = c.o.div(c.o.sum(K, 1, true), rows.length);
        const centered = c.o.add(c.o.sub(c.o.sub(K, c.o.doubles(rows, [1, rows.length])), means), all);
        const flows = mixFlows(input.features);
        return c.frame(centered, input.features.map((_, i) => ({ name: `kernelcenterer${i}`, flows })));
      }),
    };
  },
});
