// What SelectFromModel ranks by: coef_, or feature_importances_, which tree ensembles compute from their trees when asked.

import type { Conversion } from "../../conversion/conversion.ts";
import { describe, toEstimator, toList, type Estimator } from "../../conversion/estimator.ts";
import { NumpyArray, PyObject, type PyValue } from "../../../pickle/index.ts";
import { float64Column, int32Column } from "../tree/flat-tree.ts";
import { product } from "../../conversion/numerics.ts";
import { numpySum } from "./numpy-order.ts";

const SINGLE_TREES = new Set(["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"]);
const FORESTS = new Set(["RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"]);
const BOOSTED = new Set(["GradientBoostingClassifier", "GradientBoostingRegressor"]);

/** One number a feature, by `importance_getter`. Several rows of coef_ become one by their norm. */
export function featureImportances(selector: Estimator, est: Estimator, c: Conversion): Float64Array | Float32Array {
  const getter = selector.raw("importance_getter");
  if (getter !== undefined && typeof getter !== "string") throw c.refuse(selector, `importance_getter=${describe(getter)}`, "a function would have to run", "Use 'auto' or the name of an attribute.");
  const name = getter === undefined || getter === "auto" ? undefined : getter;
  let at = est;
  const parts = name?.split(".") ?? [];
  for (const part of parts.slice(0, -1)) at = attributeEstimator(at, part, c);
  const wanted = parts.at(-1) ?? (hasCoefficients(at) ? "coef_" : "feature_importances_");
  if (wanted === "feature_importances_" && !at.has(wanted)) return treeImportances(at, c);
  const { shape, data } = wanted === "coef_" && !at.has("coef_") ? supportCoefficients(at, c) : at.matrix(wanted);
  if (shape.length < 2) return data.map(Math.abs);
  if (shape.length > 2) throw c.malformed(at, `${wanted} has ${shape.length} dimensions`);
  return columnNorms(data, shape[0]!, shape[1]!, normOrder(selector));
}

function hasCoefficients(est: Estimator): boolean {
  return est.has("coef_") || est.has("_dual_coef_");
}

/** `coef_` of a support vector machine with a linear kernel, which computes it when asked. */
function supportCoefficients(est: Estimator, c: Conversion): { shape: readonly number[]; data: Float64Array } {
  if (est.raw("kernel") !== "linear") throw c.malformed(est, `it has no coef_: its kernel is ${describe(est.raw("kernel"))}`);
  const dual = est.matrix("_dual_coef_");
  const sv = est.matrix("support_vectors_");
  const [rows = 0, cols = 0] = sv.shape;
  if (est.has("classes_") && est.list("classes_").length > 2) return pairCoefficients(est, c, dual.data, sv.data, rows, cols);
  if (sv.shape.length !== 2 || dual.data.length !== rows) throw c.malformed(est, `${dual.data.length} coefficients for ${rows} support vectors`);
  return { shape: [1, cols], data: product(dual.data, sv.data, 1, rows, cols) };
}

/** _one_vs_one_coef of sklearn/svm/_base.py: a row for each pair of classes. */
function pairCoefficients(est: Estimator, c: Conversion, dual: Float64Array, sv: Float64Array, rows: number, cols: number): { shape: readonly number[]; data: Float64Array } {
  const sizes = Array.from(est.ints("_n_support"), Number);
  const K = sizes.length;
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  if (K !== est.list("classes_").length || sizes.some((n) => n < 0) || sizes.reduce((a, b) => a + b, 0) !== rows || dual.length !== (K - 1) * rows || sv.length !== rows * cols) throw c.malformed(est, "its support vectors are not those of its classes");
  const data = new Float64Array(((K * (K - 1)) / 2) * cols);
  let pair = 0;
  for (let a = 0; a < K; a++) {
    for (let b = a + 1; b < K; b++, pair++) {
      for (const [own, row] of [[a, b - 1], [b, a]] as const) {
        const alpha = dual.subarray(row * rows + starts[own]!, row * rows + starts[own]! + sizes[own]!);
        const part = product(alpha, sv.subarray(starts[own]! * cols, (starts[own]! + sizes[own]!) * cols), 1, sizes[own]!, cols);
        part.forEach((v, j) => (data[pair * cols + j]! += v));
      }
    }
  }
  return { shape: [pair, cols], data };
}

function attributeEstimator(est: Estimator, name: string, c: Conversion): Estimator {
  if (name === "named_steps" || name === "named_transformers_") return est;
  if (est.has("steps")) {
    for (const step of est.list("steps")) {
      const [key, value] = toList(step, `${est.path}.steps`);
      if (key === name && value instanceof PyObject) return toEstimator(value, `${est.path}.${name}`);
    }
  }
  if (!est.has(name)) throw c.malformed(est, `importance_getter asks for ${name}`);
  return est.estimator(name);
}

function normOrder(selector: Estimator): number {
  const order = selector.raw("norm_order");
  return order === undefined || order === null ? 1 : selector.number("norm_order");
}

/** np.linalg.norm(coef, axis=0, ord). */
function columnNorms(data: Float64Array, rows: number, cols: number, order: number): Float64Array {
  const out = new Float64Array(cols);
  for (let j = 0; j < cols; j++) {
    const column = Array.from({ length: rows }, (_, i) => Math.abs(data[i * cols + j]!));
    if (order === Infinity) out[j] = Math.max(...column);
    else if (order === -Infinity) out[j] = Math.min(...column);
    else if (order === 0) out[j] = column.filter((v) => v !== 0).length;
    else if (order === 1) out[j] = column.reduce((a, b) => a + b, 0);
    else if (order === 2) out[j] = Math.sqrt(column.reduce((a, b) => a + b * b, 0));
    else out[j] = column.reduce((a, b) => a + b ** order, 0) ** (1 / order);
  }
  return out;
}

function treeImportances(est: Estimator, c: Conversion): Float64Array | Float32Array {
  if (SINGLE_TREES.has(est.className)) return impurityDecrease(est, c, true).importances;
  if (FORESTS.has(est.className)) return average(est, c, est.list("estimators_"), true);
  if (est.key === "sklearn.AdaBoostClassifier" || est.key === "sklearn.AdaBoostRegressor") return weighted(est, c);
  if (BOOSTED.has(est.className)) return average(est, c, est.list("estimators_"), false);
  const own = c.importances(est);
  if (own !== undefined) return own;
  throw c.refuse(est, "feature_importances_", "they are computed by the library and are not in the file", "Fit the model on the selected columns only, and leave the selector out.");
}

/** AdaBoost: the mean over its estimators by their weights. */
function weighted(est: Estimator, c: Conversion): Float64Array {
  const weights = est.vector("estimator_weights_");
  const parts = est.list("estimators_").map((v, i) => treeImportances(toEstimator(v, `${est.path}.estimators_[${i}]`), c));
  const total = weights.reduce((a, b) => a + b, 0);
  const sum = new Float64Array(parts[0]?.length ?? 0);
  parts.forEach((part, i) => part.forEach((v, j) => (sum[j]! += weights[i]! * v)));
  return sum.map((v) => v / total);
}

/** Mean over the trees that have a split, then divided by its sum. */
function average(est: Estimator, c: Conversion, trees: readonly PyValue[], normalize: boolean): Float64Array {
  const relevant: Float64Array[] = [];
  let width = 0;
  trees.forEach((v, i) => {
    const one = impurityDecrease(toEstimator(v, `${est.path}.estimators_[${i}]`), c, normalize);
    width = one.importances.length;
    if (one.nodes > 1) relevant.push(one.importances);
  });
  const sum = new Float64Array(width);
  for (const importances of relevant) {
    if (importances.length !== width) throw c.malformed(est, "its trees have different numbers of features");
    importances.forEach((v, j) => (sum[j]! += v));
  }
  if (relevant.length === 0) return sum;
  const mean = sum.map((v) => v / relevant.length);
  const total = numpySum(mean);
  return mean.map((v) => v / total);
}

/** sklearn.tree._tree.Tree.compute_feature_importances. */
function impurityDecrease(est: Estimator, c: Conversion, normalize: boolean): { importances: Float64Array; nodes: number } {
  const tree = est.estimator("tree_");
  const nodes = tree.need("nodes");
  if (!(nodes instanceof NumpyArray) || nodes.shape.length !== 1) throw c.malformed(est, "tree_ has no nodes");
  const count = nodes.shape[0]!;
  const features = Number(tree.object.args.items[0] ?? 0n);
  if (!Number.isInteger(features) || features < 1 || features > 10_000_000) throw c.malformed(est, "tree_ does not say how many features it has");
  const [left, right, feature] = [int32Column(nodes, "left_child"), int32Column(nodes, "right_child"), int32Column(nodes, "feature")];
  const [impurity, weight] = [float64Column(nodes, "impurity"), float64Column(nodes, "weighted_n_node_samples")];
  const importances = new Float64Array(features);
  for (let i = 0; i < count; i++) {
    const [l, r, f] = [left[i]!, right[i]!, feature[i]!];
    if (l === -1) continue;
    if (l < 0 || r < 0 || l >= count || r >= count || f < 0 || f >= features) throw c.malformed(est, `node ${i} of tree_ is out of range`);
    importances[f]! += weight[i]! * impurity[i]! - weight[l]! * impurity[l]! - weight[r]! * impurity[r]!;
  }
  const scaled = importances.map((v) => v / weight[0]!);
  const total = numpySum(scaled);
  return { importances: normalize && total > 0 ? scaled.map((v) => v / total) : scaled, nodes: count };
}
