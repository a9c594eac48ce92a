// The model in what was saved: the estimator itself, or an estimator inside a dict, tuple or list beside other things.

import { NumpyArray, NumpyScalar, PyDict, PyList, PyObject, PyTuple, type PyValue } from "../pickle/index.ts";
import { convertError } from "./conversion/errors.ts";
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

const PREFERRED = /^(best_?)?(model|pipeline|pipe|clf|classifier|regressor|estimator|predictor)$/i;

/**
 * @param entry the place that the user asked for, where the file holds several models
 * @throws not-a-model when there is none
 */
export function findModel(value: PyValue, isEstimator: (object: PyObject) => boolean, entry?: string): FoundModel {
  if (value instanceof PyObject && isEstimator(value)) return { estimator: new Estimator(value, value.classGlobal?.name ?? "model"), place: "", others: [] };
  const entries = container(value);
  if (!entries) {
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
    ? models.find(([p]) => p === entry || p === `['${entry}']` || p === `[${entry}]`)
    : pool.length === 1 ? pool[0] : pool.find(([p]) => PREFERRED.test(p.replace(/^\['|'\]$/g, "")));
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

function container(value: PyValue): [string, PyValue][] | undefined {
  if (value instanceof PyDict) return [...value.entries()].slice(0, 1000).map(([k, v]) => [`['${typeof k === "string" ? k : describe(k)}']`, v]);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.slice(0, 1000).map((v, i) => [`[${i}]`, v]);
  if (value instanceof NumpyArray && value.objects) return value.objects.slice(0, 1000).map((v, i) => [`[${i}]`, v]);
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
