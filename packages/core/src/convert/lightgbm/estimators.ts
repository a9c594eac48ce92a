// lightgbm.Booster and the scikit-learn wrappers LGBMClassifier, LGBMRegressor, LGBMRanker (3.0 to 4.7).
//
// A data frame's columns of type category arrive as their values and are coded here as LightGBM codes them; a value that
// training did not see counts as missing. Missing values and infinity are taken.

import type { Value } from "../../onnx/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import { PyByteArray, PyBytes, PyObject } from "../../pickle/index.ts";
import { faultsOf, type Faults } from "../boosted/faults.ts";
import { bothClasses, flat } from "../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type InputShape } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import { convertError } from "../conversion/errors.ts";
import type { Estimator } from "../conversion/estimator.ts";
import type { Frame } from "../conversion/frame.ts";
import { categoryTable, type Categories } from "../sklearn/preprocess/categories.ts";
import { converted, isIdentity, rawScores } from "./forest.ts";
import type { LightgbmModel } from "./model.ts";
import { placeCategories } from "./pandas-categories.ts";
import { readLightgbmJson } from "./read-json.ts";
import { readLightgbmText } from "./read-text.ts";

const MOST_FEATURES = 1_000_000;
const read = new WeakMap<PyObject, LightgbmModel>();

function boosterOf(est: Estimator): Estimator {
  if (est.className === "Booster") return est;
  const inner = est.raw("_Booster");
  if (!(inner instanceof PyObject) || !inner.attributes) {
    throw convertError("not-fitted", `${est.className} was saved before it was fitted`, { where: est.path, hint: "Call fit on the estimator, then save it again." });
  }
  return est.child(inner, "_Booster");
}
function modelOf(est: Estimator): LightgbmModel {
  const booster = boosterOf(est);
  const known = read.get(booster.object);
  if (known) return known;
  const faults = faultsOf(est.className, est.path);
  const handle = booster.rawOf("_handle", "handle", "model_str");
  let model: LightgbmModel;
  if (typeof handle === "string") model = readLightgbmText(new TextEncoder().encode(handle), faults);
  else if (handle instanceof PyBytes || handle instanceof PyByteArray) model = readFile(handle.bytes, faults);
  else throw faults.malformed("its Booster holds no model");
  if (model.features > MOST_FEATURES) throw faults.refuse(`${model.features} features`, `more than ${MOST_FEATURES} cannot be asked one by one`);
  read.set(booster.object, model);
  return model;
}
function readFile(bytes: Uint8Array, faults: Faults): LightgbmModel {
  if (/^[\s\ufeff]*\{/.test(String.fromCharCode(...bytes.subarray(0, 64)))) return readLightgbmJson(bytes, faults);
  return readLightgbmText(bytes, faults);
}

function inputShape(est: Estimator): InputShape | undefined {
  // The unfitted copy that a meta-estimator keeps.
  if (est.className !== "Booster" && est.isNone("_Booster")) return undefined;
  const model = modelOf(est);
  const named = model.names.length > 0 && !model.names.every((name, i) => name === `Column_${i}`);
  return named ? { kind: "columns", names: model.names } : { kind: "matrix", width: model.features };
}

/** GBDT::FeatureImportance up to the best iteration: how often a feature splits with a gain, or the sum of its gains. */
function importances(est: Estimator): Float64Array | undefined {
  const model = modelOf(est);
  const type = est.string("importance_type", "split");
  const best = bestIteration(est);
  const trees = model.trees.slice(0, best === undefined ? undefined : best * model.treesPerIteration);
  if (trees.some((tree) => tree.gains === undefined) || (type !== "split" && type !== "gain")) return undefined;
  const sums = new Float64Array(model.features);
  for (const { feature, gains } of trees) gains!.forEach((gain, i) => (sums[feature[i]!]! += gain > 0 ? (type === "split" ? 1 : gain) : 0));
  return sums;
}

function convert(est: Estimator, X: Frame, c: Conversion): Fitted {
  const faults = faultsOf(est.className, est.path);
  const model = modelOf(est);
  if (X.width !== model.features) throw faults.malformed(`it was fitted on ${model.features} features, the step before it gives ${X.width}`);
  const matrix = inputs(est, X, c, model, faults);
  const forest = memo(() => rawScores(c, matrix(), model, bestIteration(est), faults));
  // Only predictions of random forests are means, not their raw scores.
  const scores = memo(() => (model.average ? c.o.div(forest().sums, forest().iterations) : forest().sums));
  const custom = isCustom(est, model);
  const values = memo(() => (custom ? scores() : converted(c, scores(), model.objective, faults)));
  const single = model.treesPerIteration === 1;
  const predict = memo(() => (single ? flat(c, values()) : values()));
  const score = memo(() => (single ? flat(c, forest().sums) : forest().sums));
  const margin = (custom || isIdentity(model.objective)) && !model.average ? {} : { margin: score };
  if (!est.className.endsWith("Classifier") || custom) {
    const probable = !custom && PROBABLE.has(model.objective[0] ?? "");
    return { kind: "regressor", predict, ...(probable ? { predictName: single ? "probability" : "probabilities" } as const : {}), ...margin };
  }
  const encoder = est.raw("_le");
  const classes = encoder instanceof PyObject && encoder.attributes ? est.child(encoder, "_le").labels() : est.labels(est.has("_classes") ? "_classes" : "classes_");
  const count = classes.values.length;
  // One class alone is binary with a constant answer.
  if (count !== (single ? 2 : model.treesPerIteration) && !(single && count === 1)) throw faults.malformed(`it has ${count} classes and ${model.treesPerIteration} trees in each iteration`);
  const proba = memo(() => (single ? bothClasses(c, predict()) : predict()));
  // From 4.7, whose wrappers are told by this attribute.
  const decision = est.has("_fitted_with_feature_names") ? { decisionFunction: score } : margin;
  return { kind: "classifier", classes: [classes], predictProba: memo(() => [proba()]), predict: memo(() => c.o.argmax(proba(), 1)), ...decision };
}

/** Objectives whose predictions are probabilities. */
const PROBABLE: ReadonlySet<string> = new Set(["binary", "multiclass", "multiclassova", "xentropy", "cross_entropy"]);

/** With an objective of one's own the wrapper gives raw scores. */
function isCustom(est: Estimator, model: LightgbmModel): boolean {
  const own = est.className === "Booster" ? undefined : est.rawOf("_objective", "objective");
  return (own !== undefined && own !== null && typeof own !== "string") || model.objective.length === 0;
}
/** predict stops at the best iteration, where training was stopped early. It is not in files, only in pickles. */
function bestIteration(est: Estimator): number | undefined {
  const best = boosterOf(est).raw("best_iteration");
  const n = typeof best === "bigint" || typeof best === "number" ? Number(best) : 0;
  return n > 0 ? n : undefined;
}

/** [N, F] double, categories as their codes. */
function inputs(est: Estimator, X: Frame, c: Conversion, model: LightgbmModel, faults: Faults): () => Value {
  const named = placeCategories(model, faults);
  const coded = named.flatMap((categories, j) => (categories ? [j] : []));
  const numbers = named.flatMap((categories, j) => (categories ? [] : [j]));
  coded.forEach((j) => c.declareCategories(X, j, named[j]!, "allowed"));
  const checked = numbers.length === 0 ? undefined : c.checkArray(c.select(X, numbers), est, { missing: "allowed", infinite: "allowed" });
  return memo(() => {
    const parts: Value[] = checked ? [c.numbers(checked)] : [];
    if (coded.length > 0) {
      const columns = coded.map((j) => categoriesOf(named[j]!));
      parts.push(categoryTable(c.select(X, coded), c, columns, (_, k) => k, () => NaN));
    }
    const order = [...numbers, ...coded];
    const x = c.o.concat(parts);
    return coded.length === 0 ? x : c.o.columns(x, named.map((_, j) => order.indexOf(j)));
  });
}
function categoriesOf(values: readonly (string | number | boolean)[]): Categories {
  const text = values.length > 0 && values.every((v) => typeof v === "string");
  return {
    kind: text ? "string" : "number", object: true, keys: text ? (values as string[]) : values.map(Number), missing: -1, missingIsNone: false,
    declared: values, texts: values.map((v) => (v === MISSING_STRING ? "" : String(v))),
  };
}

export const lightgbmConverters: readonly EstimatorConverter[] = [
  defineEstimator({
    names: ["lightgbm.Booster", "lightgbm.LGBMClassifier", "lightgbm.LGBMRegressor", "lightgbm.LGBMRanker", "lightgbm.LGBMModel"],
    inputShape, convert, importances,
  }),
];
