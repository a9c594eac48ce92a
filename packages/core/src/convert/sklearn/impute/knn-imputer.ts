// sklearn.impute.KNNImputer: the mean of the nearest donors by nan_euclidean distance, computed as scikit-learn does
// (expanded squares, missing coordinates taken out again). Of donors at exactly the same distance those count that NumPy's
// partition takes (numpy-partition.ts); where that cannot be replayed, rows whose answer hangs on it are refused.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { Frame, mapFeature, mixFlows } from "../../conversion/frame.ts";
import { gatherInRows } from "../neighbors/bounded-heap.ts";
import { nanEuclidean } from "../neighbors/nan-euclidean.ts";
import { argPartition } from "../neighbors/numpy-partition.ts";
import { indicatedColumns, indicatorFrame, missingMarker } from "./simple-imputer.ts";

/** Distances of one row to all donors; bounds the constants and the work of a row. */
const MAX_CELLS = 20_000_000;
const FAR = Number.MAX_VALUE;

export const knnImputer: EstimatorConverter = defineEstimator({
  names: ["sklearn.KNNImputer"],
  convert(est, X, c) {
    const metric = est.raw("metric");
    if (metric !== "nan_euclidean") throw c.refuse(est, `metric=${describe(metric)}`, "a function would have to run");
    const weights = est.raw("weights");
    if (weights !== "uniform" && weights !== "distance" && weights !== null) throw c.refuse(est, `weights=${describe(weights)}`, "a function would have to run");
    const marker = missingMarker(est, c);
    if (typeof marker === "string") throw c.malformed(est, "missing_values is a text");
    const input = c.checkArray(X, est, { missing: marker === null ? "allowed" : "refused" });
    const { shape, data } = est.matrix("_fit_X");
    const [M, F] = [shape[0] ?? 0, shape[1] ?? 0];
    if (shape.length !== 2 || F !== X.width || M < 1) throw c.malformed(est, `_fit_X of shape (${shape.join(", ")}) for ${X.width} columns`);
    if (M * F > MAX_CELLS) throw c.refuse(est, `${M} training rows`, "every one of them would be compared with each row");
    const missing = data.map((v) => Number(marker === null ? Number.isNaN(v) : v === marker));
    const donors = Array.from({ length: F }, (_, j) => Array.from({ length: M }, (_, i) => i).filter((i) => missing[i * F + j] === 0));
    const keepEmpty = est.bool("keep_empty_features", false);
    const kept = donors.flatMap((d, j) => (d.length > 0 || keepEmpty ? [j] : []));
    const indicated = indicatedColumns(est, c, X.width);
    return {
      kind: "transformer",
      transform: memo(() => {
        const { o } = c;
        const x = c.numbers(input);
        const mask = marker === null ? o.isNaN(x) : o.equal(x, marker);
        const distance = nanEuclidean(c, x, mask, data, missing, M, F);
        const columns = kept.map((j): Value => {
          const old = o.columns(x, [j]);
          if (donors[j]!.length === 0) return o.mul(o.cast(o.columns(mask, [j]), "double"), 0);
          return o.where(o.columns(mask, [j]), donorMean(est, c, distance, o.columns(mask, [j]), donors[j]!, donors[j]!.map((i) => data[i * F + j]!)), old);
        });
        const flows = mixFlows(input.features, { clearMissing: true });
        const features = kept.map((j) => {
          const own = mapFeature(input.features[j]!, { clearMissing: true });
          return { name: own.name, flows: [...own.flows, ...flows.filter((f) => !own.flows.some((g) => g.column === f.column))] };
        });
        const imputed = c.frame(o.concat(columns), features);
        return indicated.length === 0 ? imputed : Frame.concat([imputed, indicatorFrame(input, c, indicated, marker, () => "number")]);
      }),
    };
  },
});

/** [N, 1]: the weighted mean of the nearest donors' values; the mean of all where none has a distance. `wanted`: bool [N, 1], where it is asked for. */
function donorMean(est: Estimator, c: Conversion, distance: Value, wanted: Value, donors: readonly number[], values: readonly number[]): Value {
  const { o } = c;
  const M = donors.length;
  const k = Math.min(est.int("n_neighbors"), M);
  if (k < 1) throw c.malformed(est, "n_neighbors is less than 1");
  const near = o.columns(distance, donors);
  const reach = o.where(o.isNaN(near), o.scalar(Infinity), o.minimum(near, o.scalar(FAR)));
  // Until 1.5 a donor without a distance counted too, where fewer than n_neighbors have one.
  const all = est.raw("weights") !== "distance" && !est.versionAtLeast(1, 6);
  const places = k === M ? undefined : nearestDonors(est, c, reach, wanted, values, k, all);
  const found = places === undefined ? reach : gatherInRows(c.graph, reach, places);
  const known = o.lessEqual(found, FAR);
  let weight: Value;
  if (est.raw("weights") === "distance") {
    const zero = o.equal(found, 0);
    const anyZero = o.greater(o.sum(o.cast(zero, "double"), 1, true), 0);
    weight = o.where(anyZero, o.cast(zero, "double"), o.where(known, o.div(1, found), o.scalar(0)));
  } else {
    weight = all ? o.add(o.mul(o.cast(known, "double"), 0), 1) : o.cast(known, "double");
  }
  const picked = places === undefined ? o.doubles(values, [1, M]) : o.gather(o.doubles(values), places, 0);
  const mean = o.div(o.sum(o.mul(picked, weight), 1, true), o.sum(weight, 1, true));
  const none = o.equal(o.sum(o.cast(known, "double"), 1, true), 0);
  return o.where(none, o.scalar(values.reduce((a, v) => a + v, 0) / M), mean);
}

/** Which donors np.argpartition takes: int64 [N, k], k < M. `all`: those without a distance too. */
function nearestDonors(est: Estimator, c: Conversion, reach: Value, wanted: Value, values: readonly number[], k: number, all: boolean): Value {
  const { o } = c;
  const M = values.length;
  const { indices, border, unsure } = argPartition(est, c, reach, M, k, { matters: wanted, missing: true, ofInfinite: all });
  if (unsure !== undefined) {
    // Donors at one distance with one value are as good as each other.
    const tied = o.equal(reach, border);
    const row = o.doubles(values, [1, M]);
    const differ = o.greater(o.max(o.where(tied, row, -Infinity), 1), o.min(o.where(tied, row, Infinity), 1));
    c.rowChecks.push({
      refused: o.and(unsure, differ),
      reason: `several rows that ${est.className} could take a missing value from are at exactly the same distance, and which of them NumPy 2 takes depends on the processor`,
    });
  }
  return indices;
}
