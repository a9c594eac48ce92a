// xgboost.Booster and the scikit-learn wrappers XGBClassifier, XGBRegressor, XGBRanker and their random forests (1.0 to 3.4).
//
// The wrappers stop at best_iteration, turn `missing` into NaN and take infinity (inplace_predict); a Booster uses all
// rounds and refuses infinity (DMatrix, from 1.4). A file of a wrapper's save_model is loaded as the wrapper.

import type { Value } from "../../onnx/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import { readJsonDocument, type Document } from "../../formats/index.ts";
import { PyByteArray, PyBytes, PyList, PyObject } from "../../pickle/index.ts";
import { isFields, type Fields } from "../boosted/document-fields.ts";
import { faultsOf, type Faults } from "../boosted/faults.ts";
import { float32 } from "../boosted/float-sums.ts";
import { bothClasses, flat } from "../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type InputShape, type Labels } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import { convertError } from "../conversion/errors.ts";
import type { Estimator } from "../conversion/estimator.ts";
import type { Frame } from "../conversion/frame.ts";
import { categoryTable, type Categories } from "../sklearn/preprocess/categories.ts";
import { baseMargins, isIdentity, objectiveOf, rawPrediction, scipySoftmax, transformed } from "./forest.ts";
import { featureScores } from "./importances.ts";
import { isBefore, type MarginRounds, type XgboostModel } from "./model.ts";
import { readXgboostModel } from "./read-model.ts";

/** How the library asks the model: as the Booster itself, or as one of the wrappers. */
type Role = "booster" | "classifier" | "regressor";

function boosterOf(est: Estimator): Estimator {
  if (est.className === "Booster") return est;
  const inner = est.raw("_Booster");
  if (!(inner instanceof PyObject) || !inner.attributes) {
    throw convertError("not-fitted", `${est.className} was saved before it was fitted`, { where: est.path, hint: "Call fit on the estimator, then save it again." });
  }
  return est.child(inner, "_Booster");
}
function modelOf(est: Estimator): XgboostModel {
  const booster = boosterOf(est);
  const handle = booster.raw("handle");
  const faults = faultsOf(est.className, est.path);
  if (!(handle instanceof PyBytes) && !(handle instanceof PyByteArray)) throw faults.malformed("its Booster holds no model");
  return readXgboostModel(handle.bytes, faults);
}

function inputShape(est: Estimator): InputShape | undefined {
  // The unfitted copy that a meta-estimator keeps.
  if (est.className !== "Booster" && est.isNone("_Booster")) return undefined;
  const model = modelOf(est);
  const names = model.featureNames ?? namesInPickle(boosterOf(est));
  if (names && names.length === model.features) return { kind: "columns", names };
  return model.features > 0 ? { kind: "matrix", width: model.features } : undefined;
}

/** Before 1.4 the Booster of Python knew the names, not the model; of a matrix they were f0, f1 and so on. */
function namesInPickle(booster: Estimator): string[] | undefined {
  if (!(booster.raw("feature_names") instanceof PyList)) return undefined;
  const names = booster.list("feature_names").map(String);
  return names.every((name, i) => name === `f${i}`) ? undefined : names;
}

function roleOf(est: Estimator, model: XgboostModel): Role {
  if (est.className !== "Booster") return est.className.endsWith("Classifier") ? "classifier" : "regressor";
  // A Booster in a pickle is one; a file says which wrapper has saved it, if any.
  const saved = est.raw("saved_by_wrapper") === true ? wrapperSettings(model) : undefined;
  const type = saved?.["_estimator_type"] ?? saved?.["type"];
  if (typeof type !== "string") return "booster";
  return /classifier/i.test(type) ? "classifier" : "regressor";
}
/** What wrappers write into the model's attributes as JSON. */
function wrapperSettings(model: XgboostModel): Fields | undefined {
  const text = model.attributes.get("scikit_learn");
  if (text === undefined || text.length > 10_000_000) return undefined;
  let value = settings.get(model);
  if (value === undefined) {
    // Python's json writes NaN.
    value = readJsonDocument(new TextEncoder().encode(text), 64);
    settings.set(model, value);
  }
  return isFields(value) ? value : undefined;
}
const settings = new WeakMap<XgboostModel, Document>();

function importances(est: Estimator): Float32Array | undefined {
  return est.className === "Booster" ? undefined : featureScores(modelOf(est), est.isNone("importance_type") ? "gain" : est.string("importance_type"));
}

function convert(est: Estimator, X: Frame, c: Conversion): Fitted {
  const faults = faultsOf(est.className, est.path);
  const model = modelOf(est);
  const role = roleOf(est, model);
  const objective = objectiveOf(model, faults);
  if (X.width !== model.features) throw faults.malformed(`it was fitted on ${model.features} features, the step before it gives ${X.width}`);
  // gblinear cannot predict in place.
  const inPlace = role !== "booster" && model.booster.kind === "trees";
  const matrix = inputs(est, X, c, model, role, inPlace, faults);
  const base = baseMargins(model, objective, faults);
  const rounds = role === "booster" || model.booster.kind === "linear" ? undefined : bestRounds(model, faults);
  const margins = memo(() => rawPrediction(c, matrix(), model, { rounds, base, inPlace: inPlace && !isBefore(model, 1, 4) && isBefore(model, 3, 3) }, faults));
  const values = memo(() => transformed(c, margins(), objective, model.outputs));
  const single = model.outputs === 1 || objective === "multi:softmax";
  const doubles = (v: Value): Value => c.o.cast(v, "double");
  const margin = role !== "classifier" && isIdentity(objective, model.outputs) ? {} : { margin: memo(() => doubles(model.outputs === 1 ? flat(c, margins()) : margins())) };
  if (role !== "classifier") return { kind: "regressor", predict: memo(() => doubles(single ? flat(c, values()) : values())), ...margin };
  return { ...classifier(est, c, model, objective, single, margins, values, faults), ...margin };
}

/** As XGBClassifier.predict and predict_proba turn the Booster's numbers into labels and probabilities. */
function classifier(est: Estimator, c: Conversion, model: XgboostModel, objective: string, single: boolean, margins: () => Value, values: () => Value, faults: Faults): Fitted {
  const count = classCount(est, model);
  const doubles = (v: Value): Value => c.o.cast(v, "double");
  const above = (v: Value): Value => c.o.cast(c.o.greater(v, float32(c, 0.5)), "int64");
  if (model.outputs > 1 && !objective.startsWith("multi:") || (model.outputs > 1 && count === 2)) {
    // Several labels at once.
    const classes = Array.from({ length: model.outputs }, (): Labels => ({ type: "int64", values: [0n, 1n] }));
    return { kind: "classifier", classes, predictProba: memo(() => [doubles(values())]), predict: memo(() => above(values())) };
  }
  const classes = labelsOf(est, model, count, faults);
  if (model.outputs > 1) {
    if (model.outputs !== count) throw faults.malformed(`it has ${count} classes and ${model.outputs} outputs`);
    const proba = memo(() => (objective === "multi:softmax" ? scipySoftmax(c, margins(), count) : values()));
    return { kind: "classifier", classes: [classes], predictProba: memo(() => [doubles(proba())]), predict: memo(() => c.o.argmax(single ? margins() : proba(), 1)) };
  }
  if (count !== 2) throw faults.malformed(`it has ${count} classes and one output`);
  const positive = memo(() => flat(c, values()));
  return { kind: "classifier", classes: [classes], predictProba: memo(() => [doubles(bothClasses(c, positive()))]), predict: memo(() => above(positive())) };
}

function classCount(est: Estimator, model: XgboostModel): number {
  const own = est.raw("n_classes_");
  const saved = est.className === "Booster" ? wrapperSettings(model)?.["n_classes_"] : undefined;
  if (typeof saved === "number") return saved;
  return typeof own === "bigint" ? Number(own) : Math.max(model.classes, 2);
}
/** predict gives numbers of classes, except up to 1.5, where the wrapper had a label encoder of its own (`_le`). */
function labelsOf(est: Estimator, model: XgboostModel, count: number, faults: Faults): Labels {
  const own = est.raw("_le");
  let labels: Labels | undefined;
  if (own instanceof PyObject && own.attributes) labels = est.child(own, "_le").labels();
  const encoder = est.className === "Booster" ? wrapperSettings(model)?.["_le"] : undefined;
  const saved: unknown = isFields(encoder) ? encoder["classes_"] : undefined;
  if (Array.isArray(saved) && saved.length > 0) {
    if (saved.every((v) => typeof v === "string")) labels = { type: "string", values: saved };
    else if (saved.every((v) => Number.isSafeInteger(v))) labels = { type: "int64", values: saved.map((v) => BigInt(v as number)) };
    else if (saved.every((v) => typeof v === "number")) labels = { type: "double", values: saved };
  }
  if (labels && labels.values.length !== count) throw faults.malformed(`it has ${count} classes and ${labels.values.length} labels`);
  return labels ?? { type: "int64", values: Array.from({ length: count }, (_, i) => BigInt(i)) };
}

/** The wrappers predict with the rounds up to the best one, where training was stopped early. */
function bestRounds(model: XgboostModel, faults: Faults): MarginRounds | undefined {
  const attribute = (name: string): number | undefined => {
    const text = model.attributes.get(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,9}$/.test(text)) throw faults.malformed(`${name} is ${JSON.stringify(text.slice(0, 40))}`);
    return Number(text);
  };
  const best = attribute("best_iteration");
  return best === undefined ? undefined : { rounds: best + 1, trees: attribute("best_ntree_limit") };
}

/** [N, F] double of float32 numbers, NaN where missing; categories as their codes. */
function inputs(est: Estimator, X: Frame, c: Conversion, model: XgboostModel, role: Role, inPlace: boolean, faults: Faults): () => Value {
  const named = Array.from({ length: X.width }, (_, j) => model.categories[j]);
  if (named.some((categories) => categories?.some((v) => typeof v === "number" && Number.isNaN(v)))) throw faults.malformed("a category is not a number");
  const texts = named.flatMap((categories, j) => (categories ? [j] : []));
  const numbers = named.flatMap((categories, j) => (categories ? [] : [j]));
  const columns: Categories[] = texts.map((j) => namedCategories(named[j]!));
  texts.forEach((j) => c.declareCategories(X, j, named[j]!, "refused"));
  model.featureTypes?.forEach((type, j) => {
    if (type === "c" && !named[j]) c.warnings.push(`feature ${model.featureNames?.[j] ?? j} is categorical, and the file does not name its categories: send their codes, as numbers`);
  });
  const sentinel = missingOf(est, role, model);
  const checked = numbers.length === 0 ? undefined : c.checkArray(c.select(X, numbers), est, inPlace || isBefore(model, 1, 4) ? { missing: "allowed", infinite: "allowed" } : { missing: "allowed", dtype: "float32" });
  return memo(() => {
    const parts: Value[] = [];
    if (checked) parts.push(c.o.cast(c.numbers(checked), "float"));
    if (columns.length > 0) {
      const codes = categoryTable(c.select(X, texts), c, columns, (j, k) => (k === named[texts[j]!]!.length ? NaN : k), () => -1);
      parts.push(c.o.cast(codes, "float"));
    }
    let x = c.o.concat(parts);
    if (columns.length > 0) {
      const order = [...numbers, ...texts];
      x = c.o.columns(x, named.map((_, j) => order.indexOf(j)));
    }
    // Of a sparse matrix only what is stored is there.
    if (c.sparse.has(X)) x = c.o.where(c.o.equal(x, float32(c, 0)), float32(c, NaN), x);
    if (!Number.isNaN(sentinel)) x = c.o.where(c.o.equal(x, float32(c, sentinel)), float32(c, NaN), x);
    return c.o.cast(x, "double");
  });
}
/** Known values in the order of their codes, then the missing one. */
function namedCategories(values: readonly (string | number)[]): Categories {
  const numeric = values.every((v) => typeof v === "number");
  const missing = numeric ? NaN : MISSING_STRING;
  return {
    kind: numeric ? "number" : "string", object: true, keys: [...values, missing], missing: values.length, missingIsNone: false,
    declared: values, texts: values.map(String),
  };
}
/** Files of 1.x hold the wrapper's settings. */
function missingOf(est: Estimator, role: Role, model: XgboostModel): number {
  if (est.className === "Booster") {
    const saved = role === "booster" ? undefined : wrapperSettings(model)?.["missing"];
    return typeof saved === "number" ? saved : NaN;
  }
  return est.isNone("missing") ? NaN : est.number("missing");
}

export const xgboostConverters: readonly EstimatorConverter[] = [
  defineEstimator({
    names: ["xgboost.Booster", "xgboost.XGBClassifier", "xgboost.XGBRFClassifier", "xgboost.XGBRegressor", "xgboost.XGBRFRegressor", "xgboost.XGBRanker", "xgboost.XGBModel"],
    inputShape, convert, importances,
  }),
];
