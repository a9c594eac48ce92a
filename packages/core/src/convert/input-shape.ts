// What a fitted model expects as its input: named columns, a matrix of so many columns, or a sequence of texts.
// Found by following the input side of the estimator (a pipeline's first step, a search's best estimator ...).

import { NumpyArray, NumpyScalar, PyGlobal, PyList, PyObject, PyTuple, SparseMatrix, arrayStrings, indexValues, type PyValue } from "../pickle/index.ts";
import type { InputShape } from "./conversion/contract.ts";
import { convertError } from "./conversion/errors.ts";
import { dictKeys } from "./sklearn/dict-keys.ts";
import { Estimator } from "./conversion/estimator.ts";
import { converters } from "./registry.ts";

export type { InputShape };

const TEXT = new Set(["CountVectorizer", "TfidfVectorizer", "HashingVectorizer"]);
/** Attributes that hold the estimator which sees the same input, in the order to try. */
const SAME_INPUT = ["best_estimator_", "regressor_", "estimator_", "base_estimator_", "estimators_", "calibrated_classifiers_", "estimator", "base_estimator", "final_estimator_"];
const MAX_DEPTH = 12;
/** The widest matrix, and the widest that needs no array of that length in the file: a column costs some kilobytes here. */
const MAX_WIDTH = 262_144;
const MAX_BARE_WIDTH = 65_536;

/** undefined when nothing in the file says. */
export function findInputShape(est: Estimator, depth = 0, seen: Set<PyObject> = new Set()): InputShape | undefined {
  // An object that was looked into before said nothing; a file can make it a part of itself.
  if (depth > MAX_DEPTH || seen.has(est.object)) return undefined;
  seen.add(est.object);
  if (TEXT.has(est.className)) return { kind: "text" };
  if (est.className === "DictVectorizer") return { kind: "columns", names: dictKeys(est).keys };
  const names = inputNames(est);
  if (names) return { kind: "columns", names };
  const own = converters.get(est.key)?.inputShape?.(est);
  if (own) return own;
  const inner = innerShape(est, depth, seen);
  if (inner?.kind === "columns" || inner?.kind === "text") return inner;
  for (const attribute of ["n_features_in_", "n_features_", "_n_features", "_dim"]) {
    const n = est.raw(attribute);
    if (typeof n === "bigint" && n > 0n) return { kind: "matrix", width: boundedWidth(est, n) };
  }
  return inner ?? coefficientWidth(est);
}

function inputNames(est: Estimator): readonly string[] | undefined {
  for (const attribute of ["feature_names_in_", "_feature_names_in", "_df_columns"]) {
    const v = est.raw(attribute);
    if (v instanceof NumpyArray && v.shape.length === 1 && (v.dtype.kind === "O" || v.dtype.kind === "U")) return arrayStrings(v);
    // category_encoders keeps a list.
    if (v instanceof PyList && v.items.length > 0 && v.items.every((x) => typeof x === "string")) return v.items as string[];
    if (v instanceof PyObject) {
      const values = indexValues(v);
      if (values?.every((x) => typeof x === "string")) return values;
    }
  }
  return undefined;
}

function innerShape(est: Estimator, depth: number, seen: Set<PyObject>): InputShape | undefined {
  if (est.has("steps") || est.has("transformer_list")) {
    const list = est.raw(est.has("steps") ? "steps" : "transformer_list");
    for (const step of list instanceof PyList ? list.items : []) {
      const child = step instanceof PyTuple ? step.items[1] : undefined;
      const found = child === undefined ? undefined : childShape(child, est.path, depth, seen);
      if (found) return found;
    }
    return undefined;
  }
  for (const attribute of SAME_INPUT) {
    const v = est.raw(attribute);
    const first = v instanceof PyList || v instanceof PyTuple ? v.items[0] : v instanceof NumpyArray ? v.objects?.[0] : v;
    const found = first === undefined ? undefined : childShape(first, `${est.path}.${attribute}`, depth, seen);
    if (found) return found;
  }
  return undefined;
}

function childShape(v: PyValue, path: string, depth: number, seen: Set<PyObject>): InputShape | undefined {
  const object = v instanceof NumpyScalar || v instanceof PyGlobal ? undefined : v;
  if (!(object instanceof PyObject) || !object.attributes) return undefined;
  return findInputShape(new Estimator(object, path), depth + 1, seen);
}

/** Very old files have no n_features_in_: the coefficients tell. */
function coefficientWidth(est: Estimator): InputShape | undefined {
  // IsotonicRegression takes one column and says nothing of it.
  if (est.has("X_thresholds_")) return { kind: "matrix", width: 1 };
  // A support vector machine with a kernel of its own has no n_features_in_, but the shape it was fitted on.
  const fitted = est.raw("shape_fit_");
  const columns = fitted instanceof PyTuple ? fitted.items[1] : undefined;
  if (typeof columns === "bigint" && columns > 0n) return { kind: "matrix", width: boundedWidth(est, columns) };
  for (const attribute of ["coef_", "cluster_centers_", "components_", "mean_", "scale_", "theta_", "dictionary"]) {
    const v = est.raw(attribute);
    const width = v instanceof NumpyArray ? v.shape.at(-1) : undefined;
    if (width !== undefined && width > 0) return { kind: "matrix", width: boundedWidth(est, width) };
  }
  return undefined;
}

function boundedWidth(est: Estimator, width: bigint | number): number {
  if (width > MAX_WIDTH) {
    throw convertError("unsupported-option", `${est.className} takes ${width} columns; at most ${MAX_WIDTH} are compiled`, {
      where: est.path, hint: "If the columns are made by another step (a text vectorizer, say), save the two together in one Pipeline." });
  }
  if (width > MAX_BARE_WIDTH && !hasSide(est.object, Number(width))) {
    throw convertError("malformed-model", `${est.className} says it takes ${width} columns, but holds no array of that length`, { where: est.path });
  }
  return Number(width);
}

/** Whether the object, or one in it, holds an array with a side of at least this length. */
function hasSide(object: PyObject, length: number): boolean {
  const queue: PyValue[] = [object];
  for (let i = 0; i < Math.min(queue.length, 1000); i++) {
    const v = queue[i]!;
    if (v instanceof NumpyArray) {
      if (v.shape.some((side) => side >= length)) return true;
      queue.push(...(v.objects ?? []).slice(0, 10));
    } else if (v instanceof SparseMatrix) {
      if (v.shape[1] >= length && v.parts["data"] !== undefined) return true;
    } else if (v instanceof PyList || v instanceof PyTuple) queue.push(...v.items.slice(0, 10));
    else if (v instanceof PyObject && v.attributes) for (const [, child] of v.attributes.entries()) queue.push(child);
  }
  return false;
}
