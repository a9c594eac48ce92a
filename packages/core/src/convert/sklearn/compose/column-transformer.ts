// sklearn.compose.ColumnTransformer, scikit-learn 1.0 to 1.9. `transformers_` holds the fitted parts; which columns each
// takes was resolved to positions at fit (`_transformer_to_input_indices`), so selectors and callables never run here.
// The incoming frame has the columns of `feature_names_in_` in that order, so positions are safe.

import { NumpyArray, NumpyScalar, PyDict, PyList, PyObject, PyTuple, arrayValues, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { Frame, mapFeatures } from "../../conversion/frame.ts";
import { isPassthrough, namedStep, stepEstimator } from "./pipeline.ts";

export const columnTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.ColumnTransformer"],
  convert(est, X, c) {
    const width = est.int("n_features_in_", est.int("_n_features", X.width));
    if (X.width !== width) throw c.malformed(est, `it was fitted on ${width} columns, the step before it gives ${X.width}`);
    const rename = namer(est);
    const parts: (() => Frame)[] = [];
    est.list("transformers_").forEach((entry, i) => {
      const { name, value, place, rest } = namedStep(est, c, entry, `transformers_[${i}]`);
      if (value === "drop") return;
      const indices = columnIndices(est, X, c, name, rest[0] ?? null);
      if (indices.length === 0) return;
      const input = c.select(X, indices);
      const weight = weightOf(est, name);
      if (isPassthrough(value)) {
        parts.push(() => rename(name, weighted(c, input, weight)));
        return;
      }
      const fitted = c.convert(stepEstimator(est, c, value, name, place), input);
      const { transform } = fitted;
      if (!transform) throw c.malformed(est, `${place} ${JSON.stringify(name)} does not transform`);
      parts.push(() => rename(name, weighted(c, transform(), weight)));
    });
    return { kind: "transformer", transform: memo(() => Frame.concat(parts.map((part) => part()))) };
  },
});

/** `transformer_weights` multiply a part's output. */
export function weighted(c: Conversion, X: Frame, weight: number | undefined): Frame {
  if (weight === undefined || X.width === 0) return X;
  return c.frame(c.o.mul(c.numbers(X), weight), mapFeatures(X.features, { affine: [weight, 0] }));
}
export function weightOf(est: Estimator, name: string): number | undefined {
  if (est.isNone("transformer_weights")) return undefined;
  const weight = est.dict("transformer_weights").get(name);
  return weight === undefined || weight === null ? undefined : toNumber(weight, `${est.path}.transformer_weights`);
}

/** `verbose_feature_names_out`: True puts the part's name before, a format string (1.6) says how. */
function namer(est: Estimator): (part: string, X: Frame) => Frame {
  const option = est.raw("verbose_feature_names_out");
  const format = typeof option === "string" ? option : "{transformer_name}__{feature_name}";
  return (part, X) => (option === false ? X : renamed(X, (feature) => format.replaceAll("{transformer_name}", () => part).replaceAll("{feature_name}", () => feature)));
}
export function renamed(X: Frame, rename: (name: string) => string): Frame {
  return new Frame(X.blocks.map((block) => ({
    ...block,
    features: block.features.map((f) => (f.name === null ? f : { name: rename(f.name), flows: f.flows })),
  } as typeof block)));
}

function columnIndices(est: Estimator, X: Frame, c: Conversion, name: string, columns: PyValue): number[] {
  const resolved = est.raw("_transformer_to_input_indices");
  const known = resolved instanceof PyDict ? resolved.get(name) : undefined;
  return resolve(est, X, c, known ?? columns);
}

function resolve(est: Estimator, X: Frame, c: Conversion, columns: PyValue): number[] {
  const position = (v: PyValue): number => {
    const at = v instanceof NumpyScalar ? v.value : v;
    const n = typeof at === "string" ? nameIndex(est, X, c, at) : typeof at === "bigint" ? Number(at) : NaN;
    const i = n < 0 ? n + X.width : n;
    if (!Number.isInteger(i) || i < 0 || i >= X.width) throw c.malformed(est, `${describe(v)} is not one of its ${X.width} columns`);
    return i;
  };
  const list = columnList(columns);
  if (list) {
    const plain = list.map((v) => (v instanceof NumpyScalar ? v.value : v));
    if (plain.length > 0 && plain.every((v) => typeof v === "boolean")) {
      if (plain.length !== X.width) throw c.malformed(est, `a column mask of ${plain.length} for ${X.width} columns`);
      return plain.flatMap((on, i) => (on ? [i] : []));
    }
    return plain.map(position);
  }
  const slice = sliceParts(columns);
  if (slice) return sliceIndices(est, X, c, slice, position);
  if (typeof columns === "string" || typeof columns === "bigint" || columns instanceof NumpyScalar) return [position(columns)];
  throw c.refuse(est, `columns=${describe(columns)}`, "which columns it picks is not in the file", "Fit the ColumnTransformer again with scikit-learn 1.0 or later.");
}

function columnList(v: PyValue): readonly PyValue[] | undefined {
  if (v instanceof PyList || v instanceof PyTuple) return v.items;
  if (v instanceof NumpyArray && v.shape.length === 1) return arrayValues(v);
  if (!(v instanceof PyObject)) return undefined;
  if (v.listItems) return v.listItems;
  // scikit-learn 1.5's _RemainderColsList is a UserList.
  const data = v.attributes?.get("data");
  return data instanceof PyList ? data.items : undefined;
}

function sliceParts(v: PyValue): readonly PyValue[] | undefined {
  if (!(v instanceof PyObject)) return undefined;
  return /^(builtins|__builtin__)\.slice$/.test(v.className) && v.args.items.length === 3 ? v.args.items : undefined;
}

/** Slices of names take their end with them, slices of positions do not. */
function sliceIndices(est: Estimator, X: Frame, c: Conversion, [start, stop, step]: readonly PyValue[], position: (v: PyValue) => number): number[] {
  const by = step === null || step === undefined ? 1 : Number(step);
  if (!Number.isInteger(by) || by === 0) throw c.malformed(est, "a column slice with a step that is not a number");
  const byName = typeof start === "string" || typeof stop === "string";
  const clamp = (v: PyValue | undefined, otherwise: number): number => {
    if (v === null || v === undefined) return otherwise;
    const n = Number(v);
    if (!Number.isInteger(n)) throw c.malformed(est, `a column slice from ${describe(start)} to ${describe(stop)}`);
    const low = by > 0 ? 0 : -1;
    return Math.min(Math.max(n < 0 ? n + X.width : n, low), by > 0 ? X.width : X.width - 1);
  };
  const from = byName ? (typeof start === "string" ? position(start) : 0) : clamp(start, by > 0 ? 0 : X.width - 1);
  const to = byName ? (typeof stop === "string" ? position(stop) + 1 : X.width) : clamp(stop, by > 0 ? X.width : -1);
  const indices: number[] = [];
  for (let i = from; by > 0 ? i < to : i > to; i += by) indices.push(i);
  return indices;
}

function nameIndex(est: Estimator, X: Frame, c: Conversion, name: string): number {
  const names = est.featureNamesIn ?? X.features.map((f) => f.name);
  const i = names.indexOf(name);
  if (i < 0) throw c.malformed(est, `column ${JSON.stringify(name)} is not among those it was fitted on`);
  return i;
}
