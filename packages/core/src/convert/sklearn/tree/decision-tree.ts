// DecisionTree and ExtraTree, classifier and regressor (sklearn.tree). Trees compare float32(x) with a float64 threshold.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { flat, inputMatrix } from "../../conversion/algebra.ts";
import { roundToFloat32, sumLeafRows } from "./emit-trees.ts";
import { leafMethods } from "./leaf-paths.ts";
import { holdsFractions, probabilityRow, readClassTargets, readTrees, regressionRow, splitTargets, treeTakesMissing, winners } from "./leaf-values.ts";

export const decisionTreeClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.DecisionTreeClassifier", "sklearn.ExtraTreeClassifier"],
  convert(est, X, c) {
    const targets = readClassTargets(est, c);
    const trees = readTrees([est], c, X.width, targets);
    const x = inputMatrix(est, X, c, est.int("n_features_in_"), { dtype: "float32", missing: treeTakesMissing(est, c.sparse.has(X)) ? "allowed" : "refused" });
    const proba = memo(() => {
      const all = sumLeafRows(c, roundToFloat32(c, x), trees, targets.width, probabilityRow(trees, targets, holdsFractions(est)));
      return splitTargets(c, all, targets.counts);
    });
    return { kind: "classifier", classes: targets.classes, predictProba: proba, predict: memo(() => winners(c, proba())), ...leafMethods(c, x, trees) };
  },
});

export const decisionTreeRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.DecisionTreeRegressor", "sklearn.ExtraTreeRegressor"],
  convert(est, X, c) {
    const trees = readTrees([est], c, X.width);
    const { outputs } = trees[0]!;
    const x = inputMatrix(est, X, c, est.int("n_features_in_"), { dtype: "float32", missing: treeTakesMissing(est, c.sparse.has(X)) ? "allowed" : "refused" });
    const predict = memo(() => {
      const all = sumLeafRows(c, roundToFloat32(c, x), trees, outputs, regressionRow(trees));
      return outputs === 1 ? flat(c, all) : all;
    });
    return { kind: "regressor", predict, ...leafMethods(c, x, trees) };
  },
});
