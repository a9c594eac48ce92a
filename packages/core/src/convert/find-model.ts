// The model in what was saved: the estimator itself, or an estimator inside dicts, tuples or lists beside other things.

import { NumpyArray, NumpyScalar, PyDict, PyList, PyObject, PyTuple, type PyValue } from "../pickle/index.ts";
import { convertError } from "./conversion/errors.ts";
import { forecasterAdvice } from "./forecasters.ts";
import { describe, Estimator } from "./conversion/estimator.ts";

export interface FoundModel {
  readonly estimator: Estimator;
  /** Where it was: "" for the file itself, "['model']" or "[0]" inside a container. */
  readonly place: string;
  /** The other entries, described. */
  readonly others: readonly { readonly place: string; readonly what: string; readonly fittedTransformer: boolean }[];
}

/** Whether an estimator of this class predicts (true) or only transforms (false); undefined when it is not known. */
export type Predicts = (key: string) => boolean | undefined;

/** Containers in containers, and entries of all of them. */
const DEEPEST = 5;
const MOST_ENTRIES = 1000;

/** Classes whose objects are nothing but their attributes. */
const NAMESPACES: ReadonlySet<string> = new Set(["types.SimpleNamespace", "argparse.Namespace"]);

const PREFERRED = /^(best_?)?(model|pipeline|pipe|clf|classifier|regressor|estimator|predictor)$/i;

/**
 * @param entry the place that the user asked for, where the file holds several models
 * @throws not-a-model when there is none
 */
export function findModel(value: PyValue, isEstimator: (object: PyObject) => boolean, entry?: string): FoundModel {
  if (value instanceof PyObject && isEstimator(value)) return { estimator: new Estimator(value, value.classGlobal?.name ?? "model"), place: "", others: [] };
  const entries = allEntries(value, isEstimator, entry !== undefined);
  if (!entries) {
    const advice = value instanceof PyObject ? forecasterAdvice(value.classGlobal?.module ?? "") : undefined;
    if (advice !== undefined) throw convertError("unsupported-estimator", `${nameOf(value).replace(/^an object of /, "")} is a forecasting model that is not compiled`, { hint: advice });
    throw convertError("not-a-model", `the file holds ${nameOf(value)}, which is not a model`, {
      hint: "Save the fitted estimator or pipeline itself: joblib.dump(model, 'model.joblib')." });
  }
  const models = entries.filter(([, v]) => v instanceof PyObject && isEstimator(v)) as [string, PyObject][];
  if (models.length === 0) {
    throw convertError("not-a-model", `the file holds ${nameOf(value)} with no model in it (${entries.slice(0, 5).map(([p, v]) => `${p}: ${describe(v)}`).join(", ")})`, {
      hint: "Save the fitted estimator or pipeline itself: joblib.dump(model, 'model.joblib')." });
  }
  const predictors = models.filter(([, v]) => !isTransformer(v));
  const pool = predictors.length > 0 ? predictors : models;
  const chosen = entry !== undefined
    ? (models.find(([p]) => p === entry || p === `['${entry}']` || p === `[${entry}]`) ?? lone(models.filter(([p]) => lastKey(p) === entry)))
    : pool.length === 1 ? pool[0] : pool.find(([p]) => PREFERRED.test(lastKey(p)));
  if (!chosen) {
    throw convertError("not-a-model", `the file holds ${models.length} models: ${models.map(([p, v]) => `${p} (${v.classGlobal?.name})`).join(", ")}`, {
      hint: entry === undefined ? "Say which one with --entry NAME." : `There is no model at ${entry}.` });
  }
  return {
    estimator: new Estimator(chosen[1], chosen[1].classGlobal?.name ?? "model"),
    place: chosen[0],
    others: entries.filter(([p]) => p !== chosen[0]).map(([place, v]) => ({
      place, what: describe(v), fittedTransformer: v instanceof PyObject && isEstimator(v) && isTransformer(v) })),
  };
}

/** Scalers, encoders and the like, by what a fitted predictor never lacks. */
function isTransformer(object: PyObject): boolean {
  const name = object.classGlobal?.name ?? "";
  return /(Scaler|Encoder|Imputer|Vectorizer|Transformer|Normalizer|Binarizer|Discretizer|PCA|SVD|Select\w+|Features|FeatureUnion)$/.test(name) && name !== "QuantileRegressor";
}

function lone<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
/** "['artifacts']['model']" -> "model" */
function lastKey(place: string): string {
  return place.slice(place.lastIndexOf("[") + 1).replace(/^'|'?\]$/g, "");
}

/** The entries of a container, and of containers in it down to the first level with a predictor, or all; undefined where there is none. */
function allEntries(value: PyValue, isEstimator: (object: PyObject) => boolean, all: boolean): [string, PyValue][] | undefined {
  const found = container(value);
  if (!found) return undefined;
  let level = found;
  const seen = new Set<PyValue>([value]);
  for (let depth = 1; depth < DEEPEST && level.length > 0 && found.length < MOST_ENTRIES; depth++) {
    if (!all && level.some(([, v]) => v instanceof PyObject && isEstimator(v) && !isTransformer(v))) break;
    level = level.flatMap(([place, v]) => {
      if (v === null || typeof v !== "object" || seen.has(v) || (v instanceof PyObject && isEstimator(v))) return [];
      seen.add(v);
      return (container(v) ?? []).map(([inner, x]): [string, PyValue] => [place + inner, x]);
    }).slice(0, MOST_ENTRIES);
    // Of what is deep inside only models are worth a word.
    found.push(...level.filter(([, v]) => v instanceof PyObject && isEstimator(v)));
  }
  return found;
}

function container(value: PyValue): [string, PyValue][] | undefined {
  if (value instanceof PyDict) return [...value.entries()].slice(0, MOST_ENTRIES).map(([k, v]) => [`['${typeof k === "string" ? k : describe(k)}']`, v]);
  // sklearn.utils.Bunch and other kinds of dicts.
  if (value instanceof PyObject && value.dictItems && value.dictItems.size > 0) return container(value.dictItems);
  if (value instanceof PyObject && NAMESPACES.has(value.className) && value.attributes && value.attributes.size > 0) return container(value.attributes);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.slice(0, MOST_ENTRIES).map((v, i) => [`[${i}]`, v]);
  if (value instanceof NumpyArray && value.objects) return value.objects.slice(0, MOST_ENTRIES).map((v, i) => [`[${i}]`, v]);
  return undefined;
}

function nameOf(value: PyValue): string {
  if (value instanceof PyObject) {
    const [, ...rest] = value.className.split(".");
    return value.className.startsWith("pandas.") ? `a pandas ${rest.at(-1)}` : describe(value);
  }
  if (value instanceof NumpyScalar) return `a number (${value.dtype.code})`;
  return describe(value);
}
