// BaggingClassifier and BaggingRegressor (sklearn.ensemble), and imblearn's balanced kin, whose members are pipelines. Members that are decision trees become one ensemble; any
// other member is converted on its own columns. Classes of a member are numbers: places in the bagging's classes_.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { flat, inputMatrix } from "../../conversion/algebra.ts";
import { roundToFloat32, sumLeafRows } from "../tree/emit-trees.ts";
import { holdsFractions, probabilityRow, readClassTargets, readTrees, regressionRow, treeTakesMissing } from "../tree/leaf-values.ts";
import { featureSubsets, withFeatures } from "./feature-subsets.ts";
import { forestMembers } from "./forest.ts";
import { encodedLabels, labelPlaces, oneHot, sumAll, toPlaces } from "./votes.ts";

export const baggingClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.BaggingClassifier", "imblearn.BalancedBaggingClassifier", "imblearn.EasyEnsembleClassifier"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const classes = est.labels();
    const count = classes.values.length;
    const subsets = featureSubsets(est, c, members.length, X.width);
    const fused = members.every(isTreeClassifier);
    const others = fused ? [] : members.map((m, t) => c.convert(m, c.select(X, subsets[t]!)));
    const proba = memo(() => {
      if (fused) {
        const targets = members.map((m) => readClassTargets(m, c));
        const places = members.map((m, t) => labelPlaces(m, targets[t]!.classes[0], encodedLabels(count), c));
        const trees = members.map((m, t) => readTrees([m], c, subsets[t]!.length, targets[t]!)[0]!);
        const rows = trees.map((tree, t) => probabilityRow([tree], targets[t]!, holdsFractions(members[t]!)));
        const mapped = trees.map((tree, t) => withFeatures(est, c, tree, subsets[t]!));
        const own = new Float64Array(Math.max(...targets.map((t) => t.width)));
        const sums = sumLeafRows(c, treeInput(est, members, subsets, X, c), mapped, count, (t, node, row, at) => {
          own.fill(0);
          rows[t]!(0, node, own, 0);
          places[t]!.forEach((place, j) => (row[at + place] = own[j]!));
        });
        return [c.o.div(sums, members.length)];
      }
      const sum = sumAll(c, others.map((fitted, t) => {
        const places = labelPlaces(members[t]!, fitted.classes?.[0], encodedLabels(count), c);
        const p = fitted.predictProba?.()[0];
        if (p) return places.length === count ? p : toPlaces(c, p, places, count);
        return c.o.gather(oneHot(c, count), c.o.gather(c.o.int64s(places), needPredict(est, members[t]!, fitted, c), 0), 0);
      }));
      return [c.o.div(sum, members.length)];
    });
    const fitted: Fitted = { kind: "classifier", classes: [classes], predictProba: proba, predict: memo(() => c.o.argmax(proba()[0]!, 1)) };
    const decide = others.map((member) => member.decisionFunction);
    if (fused || decide.some((d) => d === undefined)) return fitted;
    return { ...fitted, decisionFunction: memo(() => c.o.div(sumAll(c, decide.map((d) => d!())), members.length)) };
  },
});

export const baggingRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.BaggingRegressor"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const subsets = featureSubsets(est, c, members.length, X.width);
    const predict = memo(() => {
      if (!members.every((m) => TREE_REGRESSORS.has(m.key))) {
        return c.o.div(sumAll(c, members.map((m, t) => needPredict(est, m, c.convert(m, c.select(X, subsets[t]!)), c))), members.length);
      }
      const trees = members.map((m, t) => withFeatures(est, c, readTrees([m], c, subsets[t]!.length)[0]!, subsets[t]!));
      const { outputs } = trees[0]!;
      if (trees.some((t) => t.outputs !== outputs)) throw c.malformed(est, "its trees have different numbers of outputs");
      const mean = c.o.div(sumLeafRows(c, treeInput(est, members, subsets, X, c), trees, outputs, regressionRow(trees)), members.length);
      return outputs === 1 ? flat(c, mean) : mean;
    });
    return { kind: "regressor", predict };
  },
});

const TREE_REGRESSORS: ReadonlySet<string> = new Set(["sklearn.DecisionTreeRegressor", "sklearn.ExtraTreeRegressor"]);
export function isTreeClassifier(m: Estimator): boolean {
  return (m.key === "sklearn.DecisionTreeClassifier" || m.key === "sklearn.ExtraTreeClassifier") && m.int("n_outputs_", 1) === 1;
}

/** X rounded to float32, with each tree's own check made on the columns it sees. */
function treeInput(est: Estimator, members: readonly Estimator[], subsets: readonly number[][], X: Frame, c: Conversion): Value {
  const x = inputMatrix(est, X, c, est.int("n_features_in_"), { missing: "allowed", infinite: "allowed" });
  members.forEach((m, t) => c.checkArray(c.select(X, subsets[t]!), m, { dtype: "float32", missing: treeTakesMissing(m, c.sparse.has(X)) ? "allowed" : "refused" }));
  return roundToFloat32(c, x);
}
function needPredict(est: Estimator, m: Estimator, fitted: Fitted, c: Conversion): Value {
  if (!fitted.predict) throw c.malformed(est, `its member ${m.className} cannot predict`);
  return fitted.predict();
}
