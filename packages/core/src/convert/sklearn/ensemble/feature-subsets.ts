// estimators_features_ of the bagging family: which columns each member sees.

import type { Conversion } from "../../conversion/conversion.ts";
import { toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { FlatTree } from "../tree/flat-tree.ts";

export function featureSubsets(est: Estimator, c: Conversion, members: number, width: number): number[][] {
  const subsets = est.list("estimators_features_").map((v, i) => [...toMatrix(v, `${est.path}.estimators_features_[${i}]`).data]);
  if (subsets.length === members && subsets.every((s) => s.every((f) => Number.isInteger(f) && f >= 0 && f < width))) return subsets;
  // All subsets of equal length can have been saved as one array [members, features].
  const all = toMatrix(est.need("estimators_features_"), `${est.path}.estimators_features_`);
  const [rows, columns] = all.shape;
  if (all.shape.length === 2 && rows === members && all.data.every((f) => Number.isInteger(f) && f >= 0 && f < width)) {
    return Array.from({ length: members }, (_, i) => [...all.data.subarray(i * columns!, (i + 1) * columns!)]);
  }
  throw c.malformed(est, `estimators_features_ does not name features for each of its ${members} estimators`);
}

/** The same tree, asking for the columns of the whole input. */
export function withFeatures<T extends FlatTree>(est: Estimator, c: Conversion, tree: T, subset: readonly number[]): T {
  const feature = new Int32Array(tree.nodeCount);
  for (let i = 0; i < tree.nodeCount; i++) {
    if (tree.reached[i] === 0 || tree.left[i]! < 0) continue;
    const f = subset[tree.feature[i]!];
    if (f === undefined) throw c.malformed(est, `a tree asks for feature ${tree.feature[i]!} of a subset of ${subset.length}`);
    feature[i] = f;
  }
  return { ...tree, feature };
}
