// FeatureAgglomeration: the columns of each cluster pooled by a function of NumPy, by default the mean.

import { inputMatrix, numberedNames } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe } from "../../conversion/estimator.ts";
import type { Value } from "../../../onnx/index.ts";
import { PyGlobal } from "../../../pickle/index.ts";

/** Columns [N, count] -> [N, 1]. */
type Pool = (c: Conversion, columns: Value, count: number) => Value;

const variance: Pool = ({ o }, v) => {
  const d = o.sub(v, o.mean(v, 1, true));
  return o.mean(o.mul(d, d), 1, true);
};
const POOLS: ReadonlyMap<string, Pool> = new Map<string, Pool>([
  ...["max", "amax"].map((name): [string, Pool] => [name, ({ o }, v) => o.max(v, 1, true)]),
  ...["min", "amin"].map((name): [string, Pool] => [name, ({ o }, v) => o.min(v, 1, true)]),
  ["sum", ({ o }, v) => o.sum(v, 1, true)],
  ["ptp", ({ o }, v) => o.sub(o.max(v, 1, true), o.min(v, 1, true))],
  ["var", variance],
  ["std", (c, v, count) => c.o.sqrt(variance(c, v, count))],
  ["median", (c, v, count) => {
    const half = Math.floor(count / 2) + 1;
    const [sorted] = c.graph.ops("TopK", [v, c.o.int64s([half])], { axis: 1, largest: 0, sorted: 1 }, 2);
    const [above, below] = [half - 1, half - 2].map((i) => c.o.slice(sorted!, Math.max(i, 0), Math.max(i, 0) + 1, 1)) as [Value, Value];
    return count % 2 === 1 ? above : c.o.div(c.o.add(below, above), 2);
  }],
]);

export const featureAgglomeration: EstimatorConverter = defineEstimator({
  names: ["sklearn.FeatureAgglomeration"],
  convert(est, X, c) {
    const pooling = est.raw("pooling_func");
    const named = pooling instanceof PyGlobal && pooling.module.split(".")[0] === "numpy" ? pooling.name : undefined;
    const pool = named === undefined ? undefined : POOLS.get(named);
    if (named !== "mean" && pool === undefined) throw c.refuse(est, `pooling_func=${describe(pooling)}`, `only NumPy's ${["mean", ...POOLS.keys()].join(", ")} are compiled`);
    return {
      kind: "transformer",
      transform: memo(() => {
        const labels = Array.from(est.ints("labels_"), Number);
        const K = labels.reduce((a, b) => Math.max(a, b), -1) + 1;
        if (K < 1 || K > labels.length || labels.some((v) => v < 0)) throw c.malformed(est, "labels_ are not cluster numbers");
        const x = inputMatrix(est, X, c, labels.length);
        if (pool !== undefined) {
          const clusters = Array.from({ length: K }, (_, k) => labels.flatMap((l, j) => (l === k ? [j] : [])));
          if (clusters.some((own) => own.length === 0)) throw c.malformed(est, "a cluster has no columns");
          return c.mixed(c.o.concat(clusters.map((own) => pool(c, c.o.columns(x, own), own.length))), c.checkArray(X, est), numberedNames(est, K));
        }
        const members = new Float64Array(labels.length * K);
        const size = new Float64Array(K);
        labels.forEach((k, j) => {
          members[j * K + k] = 1;
          size[k]! += 1;
        });
        const sums = c.o.matmul(x, c.o.doubles(members, [labels.length, K]));
        return c.mixed(c.o.div(sums, c.o.doubles(size, [1, K])), c.checkArray(X, est), numberedNames(est, K));
      }),
    };
  },
});
