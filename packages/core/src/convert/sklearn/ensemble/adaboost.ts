// AdaBoostClassifier (SAMME, and SAMME.R of files up to 1.7) and AdaBoostRegressor (weighted median) of sklearn.ensemble.
// Members that are decision trees become one ensemble whose leaves carry the votes.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { repeatedRow } from "../../conversion/algebra.ts";
import { leafColumns, roundToFloat32, sumLeafRows } from "../tree/emit-trees.ts";
import { holdsFractions, probabilityRow, readClassTargets, readTrees, treeTakesMissing } from "../tree/leaf-values.ts";
import { isTreeClassifier } from "./bagging.ts";
import { forestMembers } from "./forest.ts";
import { labelPlaces, sumAll, toPlaces } from "./votes.ts";

export const adaBoostClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.AdaBoostClassifier", "imblearn.RUSBoostClassifier"],
  convert(est, frame, c) {
    const members = forestMembers(est, c);
    const classes = est.labels();
    const count = classes.values.length;
    // `algorithm` went in 1.8; its default until 1.5 was SAMME.R, which is then in the file.
    // imblearn kept the name as an option of its own, above a scikit-learn (1.6) that votes by SAMME alone.
    const real = est.raw("algorithm") === "SAMME.R" && !(est.version[0] === 0 && members[0]!.versionAtLeast(1, 6));
    const weights = memberWeights(est, c, members.length);
    const X = c.checkArray(frame, est);
    if (count === 1) {
      // SAMME.R still asks its members.
      if (real && members.every(isTreeClassifier)) checkTrees(members, X, c);
      const one = (): Value => repeatedRow(c, c.numbers(X), c.o.doubles([1]), 1);
      return {
        kind: "classifier", classes: [classes], predictProba: memo(() => [one()]),
        decisionFunction: memo(() => c.o.mul(one(), 0)), predict: memo(() => c.o.argmax(one(), 1)),
      };
    }
    const total = est.vector("estimator_weights_").reduce((a, b) => a + b, 0);
    // Votes against a class count from 1.3 on. imblearn does not say its version; its members say theirs.
    const dated = est.version[0] > 0 ? est : members[0]!;
    const other = dated.versionAtLeast(1, 3) ? -1 / (count - 1) : 0;
    const vote = (t: number, j: number, place: number): number => (j === place ? weights[t]! : other * weights[t]!);
    const scores = memo(() => {
      const sum = members.every(isTreeClassifier) ? treeVotes() : sumAll(c, members.map(memberVotes));
      return c.o.div(sum, total);
    });
    const treeVotes = (): Value => {
      const targets = members.map((m) => readClassTargets(m, c));
      const trees = members.map((m, t) => readTrees([m], c, X.width, targets[t]!)[0]!);
      const rows = trees.map((tree, t) => probabilityRow([tree], targets[t]!, holdsFractions(members[t]!)));
      const places = members.map((m, t) => labelPlaces(m, targets[t]!.classes[0], classes, c));
      if (real && places.some((p) => p.length !== count)) throw c.malformed(est, "a member does not know all classes");
      const own = new Float64Array(count);
      return sumLeafRows(c, treeInput(members, X, c), trees, count, (t, node, row, at) => {
        own.fill(0);
        rows[t]!(0, node, own, 0);
        const n = places[t]!.length;
        if (real) {
          let mean = 0;
          for (let j = 0; j < count; j++) mean += own[j] = Math.log(Math.max(own[j]!, Number.EPSILON));
          for (let j = 0; j < count; j++) row[at + j] = (count - 1) * (own[j]! - (1 / count) * mean);
          return;
        }
        let best = 0;
        for (let j = 1; j < n; j++) if (own[j]! > own[best]!) best = j;
        for (let j = 0; j < count; j++) row[at + j] = vote(t, j, places[t]![best]!);
      });
    };
    const memberVotes = (m: Estimator, t: number): Value => {
      const fitted = c.convert(m, X);
      const places = labelPlaces(m, fitted.classes?.[0], classes, c);
      if (real) {
        const proba = fitted.predictProba?.()[0];
        if (!proba || places.length !== count) throw c.malformed(est, `its member ${m.className} has no probabilities of all classes`);
        const logs = c.o.log(c.o.maximum(toPlaces(c, proba, places, count), Number.EPSILON));
        return c.o.mul(c.o.sub(logs, c.o.mul(c.o.sum(logs, 1, true), 1 / count)), count - 1);
      }
      if (!fitted.predict) throw c.malformed(est, `its member ${m.className} cannot predict`);
      const table = new Float64Array(places.length * count);
      places.forEach((place, i) => {
        for (let j = 0; j < count; j++) table[i * count + j] = vote(t, j, place);
      });
      return c.o.gather(c.o.doubles(table, [places.length, count]), fitted.predict(), 0);
    };
    const decision = memo(() => {
      if (count !== 2) return scores();
      const s = scores();
      return c.o.squeeze(c.o.sub(c.o.slice(s, 1, 2, 1), c.o.slice(s, 0, 1, 1)), 1);
    });
    const proba = memo(() => {
      if (count !== 2) return [c.o.softmax(c.o.div(decision(), count - 1))];
      const d = c.o.unsqueeze(decision(), 1);
      return [c.o.softmax(c.o.div(c.o.concat([c.o.neg(d), d]), 2))];
    });
    const predict = memo(() => (count === 2 ? c.o.cast(c.o.greater(decision(), 0), "int64") : c.o.argmax(decision(), 1)));
    return { kind: "classifier", classes: [classes], decisionFunction: decision, predictProba: proba, predict };
  },
});

/** The prediction at which the weights of all smaller ones reach half of the total. */
export const adaBoostRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.AdaBoostRegressor"],
  convert(est, frame, c) {
    const members = forestMembers(est, c);
    const weights = memberWeights(est, c, members.length);
    const X = c.checkArray(frame, est);
    const predict = memo(() => {
      const n = members.length;
      const all = predictions(est, members, X, c); // [N, members]
      const [sorted, order] = c.graph.ops("TopK", [all, c.o.int64s([n])], { axis: 1, largest: 0, sorted: 1 }, 2) as [Value, Value];
      const reached = c.graph.op("CumSum", [c.o.gather(c.o.doubles(weights), order, 0), c.o.scalar(1, "int64")]);
      const half = c.o.mul(c.o.slice(reached, n - 1, n, 1), 0.5);
      const at = c.o.unsqueeze(c.o.argmax(c.o.cast(c.o.greaterEqual(reached, half), "int32"), 1), 1);
      return c.o.squeeze(c.graph.op("GatherElements", [sorted, at], { axis: 1 }), 1);
    });
    return { kind: "regressor", predict };
  },
});

function predictions(est: Estimator, members: readonly Estimator[], X: Frame, c: Conversion): Value {
  if (members.every((m) => m.key === "sklearn.DecisionTreeRegressor" || m.key === "sklearn.ExtraTreeRegressor")) {
    const trees = readTrees(members, c, X.width);
    if (trees.some((t) => t.outputs !== 1)) throw c.malformed(est, "a member has several outputs");
    return leafColumns(c, treeInput(members, X, c), trees, (t, node) => trees[t]!.values[node * trees[t]!.width]!);
  }
  return c.o.concat(members.map((m) => {
    const predict = c.convert(m, X).predict;
    if (!predict) throw c.malformed(est, `its member ${m.className} cannot predict`);
    return c.o.reshape(predict(), [-1, 1]);
  }));
}

function checkTrees(members: readonly Estimator[], X: Frame, c: Conversion): void {
  for (const m of members) c.checkArray(X, m, { dtype: "float32", missing: treeTakesMissing(m, c.sparse.has(X)) ? "allowed" : "refused" });
}
function treeInput(members: readonly Estimator[], X: Frame, c: Conversion): Value {
  checkTrees(members, X, c);
  return roundToFloat32(c, c.numbers(X));
}
function memberWeights(est: Estimator, c: Conversion, members: number): Float64Array {
  const weights = est.vector("estimator_weights_");
  if (weights.length < members) throw c.malformed(est, `it has ${members} estimators and ${weights.length} weights`);
  return weights.slice(0, members);
}
