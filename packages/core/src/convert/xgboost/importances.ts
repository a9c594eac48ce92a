// feature_importances_ of the wrappers: Booster.get_score over all trees (GBTree::FeatureScore), as shares of their sum, in
// float32 and in the order in which XGBoost walks through a tree.

import type { XgboostModel } from "./model.ts";
import { numpySum } from "../sklearn/select/numpy-order.ts";

const LEAF = -1;

/** undefined where the file does not tell what splits gained, or for a type of importance that is not known. */
export function featureScores(model: XgboostModel, type: string): Float32Array | undefined {
  if (model.booster.kind !== "trees" || !["weight", "gain", "cover", "total_gain", "total_cover"].includes(type)) return undefined;
  const sums = new Float32Array(model.features);
  const counts = new Float32Array(model.features);
  for (const { left, right, feature, gains, covers } of model.booster.trees) {
    const values = type.endsWith("cover") ? covers : gains;
    if (values === undefined) return undefined;
    const open = [0];
    // Each node once: a damaged tree may be none.
    for (let steps = 0; open.length > 0 && steps < left.length; steps++) {
      const node = open.pop()!;
      if (left[node] === undefined || left[node] === LEAF) continue;
      counts[feature[node]!]! += 1;
      sums[feature[node]!]! += values[node]!;
      open.push(left[node]!, right[node]!);
    }
  }
  const scores = type === "weight" ? counts : type.startsWith("total") ? sums : sums.map((v, j) => (counts[j] === 0 ? 0 : v / counts[j]!));
  const total = numpySum(scores);
  return total === 0 ? scores : scores.map((v) => v / total);
}
