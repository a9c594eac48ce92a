// What the leaves of scikit-learn's tree classifiers and regressors say, and which missing values they take.

import type { Labels } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { toLabels, toNumber, type Estimator } from "../../conversion/estimator.ts";
import type { Value } from "../../../onnx/index.ts";
import type { LeafRow } from "./emit-trees.ts";
import { readTree, type ValuedTree } from "./flat-tree.ts";

/** The targets of a tree or forest classifier. */
export interface ClassTargets {
  readonly classes: readonly Labels[];
  readonly counts: readonly number[];
  /** Classes of all targets together. */
  readonly width: number;
}

export function readClassTargets(est: Estimator, c: Conversion): ClassTargets {
  const outputs = est.int("n_outputs_", 1);
  const classes = outputs === 1 ? [est.labels()] : est.list("classes_").map((v, k) => toLabels(v, `${est.path}.classes_[${k}]`));
  const counts = classes.map((l) => l.values.length);
  const declared = outputs === 1 ? [est.int("n_classes_", counts[0]!)] : est.list("n_classes_").map((v) => toNumber(v, `${est.path}.n_classes_`));
  if (counts.length !== outputs || declared.length !== outputs || counts.some((n, k) => n !== declared[k] || n === 0)) {
    throw c.malformed(est, `classes_ has ${counts.join(", ")} classes, n_classes_ says ${declared.join(", ")}`);
  }
  return { classes, counts, width: counts.reduce((a, b) => a + b, 0) };
}

/** The trees of one estimator or a forest of `features` columns; `targets` of a classifier must fit them all. */
export function readTrees(estimators: readonly Estimator[], c: Conversion, features: number, targets?: ClassTargets): ValuedTree[] {
  return estimators.map((e) => {
    const tree = readTree(e, c, features);
    if (targets && (tree.outputs !== targets.counts.length || tree.width < Math.max(...targets.counts))) {
      throw c.malformed(e, `the tree tells ${tree.width} classes of ${tree.outputs} targets apart, classes_ has ${targets.counts.join(", ")}`);
    }
    return tree;
  });
}

/**
 * Class probabilities of a leaf, all targets side by side. Files up to scikit-learn 1.3 hold weighted counts, which
 * predict_proba divides by their sum; later ones hold the fractions.
 */
export function probabilityRow(trees: readonly ValuedTree[], targets: ClassTargets, fractions: boolean): LeafRow {
  const { counts } = targets;
  return (t, node, row, at) => {
    const { values, outputs, width } = trees[t]!;
    for (let k = 0; k < outputs; k++) {
      const from = (node * outputs + k) * width;
      const n = counts[k]!;
      let sum = 0;
      if (!fractions) for (let j = 0; j < n; j++) sum += values[from + j]!;
      if (fractions || sum === 0) sum = 1;
      for (let j = 0; j < n; j++) row[at + j] = values[from + j]! / sum;
      at += n;
    }
  };
}
export function holdsFractions(est: Estimator): boolean {
  return est.versionAtLeast(1, 4);
}

/** Predicted values of a leaf, one per target. */
export function regressionRow(trees: readonly ValuedTree[]): LeafRow {
  return (t, node, row, at) => {
    const { values, outputs, width } = trees[t]!;
    for (let k = 0; k < outputs; k++) row[at + k] = values[(node * outputs + k) * width]!;
  };
}

/** [N, all classes] cut into one value per target. */
export function splitTargets(c: Conversion, all: Value, counts: readonly number[]): Value[] {
  if (counts.length === 1) return [all];
  let at = 0;
  return counts.map((n) => c.o.slice(all, at, (at += n), 1));
}
/** [N] of one target, [N, T] of several. */
export function winners(c: Conversion, proba: readonly Value[]): Value {
  if (proba.length === 1) return c.o.argmax(proba[0]!, 1);
  return c.o.concat(proba.map((p) => c.o.unsqueeze(c.o.argmax(p, 1), 1)));
}

/** Whether a tree's predict lets NaN pass: `_support_missing_values` and the tags of the version that saved it; never in a sparse matrix. */
export function treeTakesMissing(est: Estimator, sparse = false): boolean {
  if (sparse) return false;
  if (!est.versionAtLeast(1, 3)) return false;
  const extra = est.className.startsWith("ExtraTree");
  const splitter = est.string("splitter", extra ? "random" : "best");
  const criterion = est.string("criterion", "gini");
  const simple = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"].includes(criterion);
  const monotonic = est.isNone("monotonic_cst");
  if (est.versionAtLeast(1, 9)) return extra ? splitter === "random" : true;
  if (!simple || (est.versionAtLeast(1, 4) && !monotonic)) return false;
  if (extra) return est.versionAtLeast(1, 6) && splitter === "random";
  return splitter === "best" || est.versionAtLeast(1, 6);
}
export function forestTakesMissing(first: Estimator, sparse = false): boolean {
  return first.versionAtLeast(1, 4) && treeTakesMissing(first, sparse);
}
