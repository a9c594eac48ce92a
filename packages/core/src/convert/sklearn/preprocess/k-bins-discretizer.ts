// sklearn.preprocessing.KBinsDiscretizer. The bin is the number of inner edges that are at most x (np.searchsorted, right);
// scikit-learn 1.0 added a tolerance to x and counted the last edge too (np.digitize), then cut off.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toMatrix, type Estimator } from "../../conversion/estimator.ts";
import { mapFeatures, type Feature } from "../../conversion/frame.ts";
import { outputType } from "./one-hot-encoder.ts";

export const kBinsDiscretizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.KBinsDiscretizer"],
  convert(est, X, c) {
    const encode = est.string("encode", "onehot");
    const edges = est.list("bin_edges_").map((v, j) => toMatrix(v, `${est.path}.bin_edges_[${j}]`).data);
    if (edges.length !== X.width) throw c.malformed(est, `it was fitted on ${edges.length} columns, the step before it gives ${X.width}`);
    const bins = Array.from(est.ints("n_bins_"), Number);
    if (bins.length !== edges.length || bins.some((n, j) => n < 1 || n !== edges[j]!.length - 1)) throw c.malformed(est, "n_bins_ and bin_edges_ do not agree");
    const single = !est.isNone("dtype") && outputType(est, c) === "float";
    const input = c.checkArray(X, est, { dtype: single ? "float32" : "float64" });
    return {
      kind: "transformer",
      transform: memo(() => {
        const raw = c.numbers(input);
        const bin = binNumbers(est, c, single ? c.o.cast(c.o.cast(raw, "float"), "double") : raw, edges, bins);
        const features = mapFeatures(input.features, { affine: null, clearMissing: true, clearInfinite: true });
        if (encode === "ordinal") return c.frame(bin, features);
        const cells = bins.flatMap((n, j) => Array.from({ length: n }, (_, k) => [j, k] as const));
        const equal = c.o.equal(c.o.columns(bin, cells.map(([j]) => j)), c.o.doubles(cells.map(([, k]) => k), [1, cells.length]));
        return c.frame(c.o.cast(equal, "double"), cells.map(([j, k]): Feature => {
          const { name, flows } = features[j]!;
          return { name: name === null ? null : `${name}_${k}.0`, flows };
        }));
      }),
    };
  },
});

/** x [N, F] to double [N, F]. */
function binNumbers(est: Estimator, c: Conversion, x: Value, edges: readonly Float64Array[], bins: readonly number[]): Value {
  const tolerant = est.version[0] > 0 && !est.versionAtLeast(1, 1);
  const shifted = tolerant ? c.o.add(x, c.o.add(c.o.mul(c.o.abs(x), 1e-5), 1e-8)) : x;
  const used = edges.map((e) => (tolerant ? e.slice(1) : e.slice(1, -1)));
  const cells = used.flatMap((e, j) => Array.from(e, (edge) => [j, edge] as const));
  if (cells.length === 0) return c.o.mul(x, 0);
  const reached = c.o.cast(c.o.greaterEqual(c.o.columns(shifted, cells.map(([j]) => j)), c.o.doubles(cells.map(([, edge]) => edge), [1, cells.length])), "double");
  const sum = new Float64Array(cells.length * edges.length);
  cells.forEach(([j], row) => (sum[row * edges.length + j] = 1));
  const counted = c.o.matmul(reached, c.o.doubles(sum, [cells.length, edges.length]));
  return tolerant ? c.o.minimum(counted, c.o.doubles(bins.map((n) => n - 1), [1, bins.length])) : counted;
}
