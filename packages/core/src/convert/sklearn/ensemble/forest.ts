// RandomForest, ExtraTrees (classifier and regressor) and RandomTreesEmbedding (sklearn.ensemble).
// Probabilities and values are summed over the trees in their order, then divided by their number.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { flat, inputMatrix } from "../../conversion/algebra.ts";
import { leafColumns, roundToFloat32, sumLeafRows } from "../tree/emit-trees.ts";
import { leafMethods } from "../tree/leaf-paths.ts";
import {
  forestTakesMissing, holdsFractions, probabilityRow, readClassTargets, readTrees, regressionRow, splitTargets, winners,
} from "../tree/leaf-values.ts";

export const forestClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.RandomForestClassifier", "sklearn.ExtraTreesClassifier", "imblearn.BalancedRandomForestClassifier"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const targets = readClassTargets(est, c);
    const trees = readTrees(members, c, X.width, targets);
    const x = forestInput(est, members[0]!, X, c);
    const proba = memo(() => {
      const sums = sumLeafRows(c, roundToFloat32(c, x), trees, targets.width, probabilityRow(trees, targets, holdsFractions(members[0]!)));
      return splitTargets(c, c.o.div(sums, trees.length), targets.counts);
    });
    return { kind: "classifier", classes: targets.classes, predictProba: proba, predict: memo(() => winners(c, proba())), ...leafMethods(c, x, trees) };
  },
});

export const forestRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.RandomForestRegressor", "sklearn.ExtraTreesRegressor"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const trees = readTrees(members, c, X.width);
    const { outputs } = trees[0]!;
    if (trees.some((t) => t.outputs !== outputs)) throw c.malformed(est, "its trees have different numbers of outputs");
    const x = forestInput(est, members[0]!, X, c);
    const predict = memo(() => {
      const mean = c.o.div(sumLeafRows(c, roundToFloat32(c, x), trees, outputs, regressionRow(trees)), trees.length);
      return outputs === 1 ? flat(c, mean) : mean;
    });
    return { kind: "regressor", predict, ...leafMethods(c, x, trees) };
  },
});

/** transform: which leaf a row falls into, in every tree, as 0 and 1. */
export const randomTreesEmbedding: EstimatorConverter = defineEstimator({
  names: ["sklearn.RandomTreesEmbedding"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const trees = readTrees(members, c, X.width);
    const encoder = est.estimator("one_hot_encoder_");
    if (!encoder.isNone("drop") || (encoder.has("_infrequent_enabled") && encoder.bool("_infrequent_enabled"))) {
      throw c.malformed(est, "its encoder is not the one that RandomTreesEmbedding makes");
    }
    const leaves = encoder.list("categories_").map((_, t) => leafOrder(encoder, t));
    if (leaves.length !== trees.length) throw c.malformed(est, `it has ${trees.length} trees and ${leaves.length} lists of leaves`);
    // The fixed order of the columns: trees in order, the leaves of each by their node number.
    const place = leaves.map((nodes) => new Map(nodes.map((node, i) => [node, i])));
    const x = forestInput(est, members[0]!, X, c);
    const transform = memo(() => {
      const at = leafColumns(c, roundToFloat32(c, x), trees, (t, node) => place[t]!.get(node) ?? -1);
      const blocks = leaves.map((nodes, t) => c.o.equal(c.o.slice(at, t, t + 1, 1), c.o.doubles(Float64Array.from(nodes, (_, i) => i))));
      const names = leaves.flatMap((nodes, t) => nodes.map((node) => `randomtreesembedding_${t}_${node}`));
      return c.answers(c.o.cast(c.o.concat(blocks), "double"), X, names);
    });
    return { kind: "transformer", transform };
  },
});

function leafOrder(encoder: Estimator, t: number): number[] {
  return [...toMatrix(encoder.list("categories_")[t]!, `${encoder.path}.categories_[${t}]`).data];
}

export function forestMembers(est: Estimator, c: Conversion): Estimator[] {
  const members = est.estimators("estimators_");
  if (members.length === 0) throw c.malformed(est, "it has no trees");
  return members;
}
function forestInput(est: Estimator, first: Estimator, X: Frame, c: Conversion): Value {
  return inputMatrix(est, X, c, est.int("n_features_in_"), { dtype: "float32", missing: forestTakesMissing(first, c.sparse.has(X)) ? "allowed" : "refused" });
}
