// sklearn.impute.SimpleImputer and MissingIndicator, scikit-learn 1.0 to 1.9. What a column is imputed with tells whether it
// holds text or numbers; both may stand in one imputer. `missing_values` nan, None and pandas.NA all mean a missing value.

import type { Value } from "../../../onnx/index.ts";
import { MISSING_STRING } from "../../../package/index.ts";
import { NumpyArray, NumpyDType, NumpyScalar, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { Frame, mapFeature, mixFlows, type Block, type Feature } from "../../conversion/frame.ts";
import { isPandasNA } from "../preprocess/categories.ts";

/** What counts as missing: a missing value itself (null), or a number or text that stands for one. */
type Marker = null | number | string;

export function missingMarker(est: Estimator, c: Conversion): Marker {
  const raw = est.raw("missing_values");
  if (raw === undefined || raw === null || isPandasNA(raw)) return null;
  if (typeof raw === "number") return Number.isNaN(raw) ? null : raw;
  if (typeof raw === "bigint" || typeof raw === "boolean") return Number(raw);
  if (typeof raw === "string") return raw === "NaN" || raw === "nan" ? null : raw;
  throw c.malformed(est, `missing_values is ${describe(raw)}`);
}

type Fill = { readonly kind: "number"; readonly value: number } | { readonly kind: "string"; readonly value: string };

export const simpleImputer: EstimatorConverter = defineEstimator({
  names: ["sklearn.SimpleImputer"],
  convert(est, X, c) {
    const marker = missingMarker(est, c);
    const object = fitKind(est) === "O";
    const input = c.checkArray(X, est, { missing: marker === null ? "allowed" : "refused", infinite: object ? "allowed" : "refused" });
    const statistics = est.list("statistics_").map((v) => (v instanceof NumpyScalar ? v.value : v));
    if (statistics.length !== X.width) throw c.malformed(est, `it was fitted on ${statistics.length} columns, the step before it gives ${X.width}`);
    const keepEmpty = est.bool("keep_empty_features", false) || (est.raw("strategy") === "constant" && !dropsEmptyConstants(est));
    const kept = statistics.flatMap((v, j) => (keepEmpty || !isNaNValue(v) ? [j] : []));
    const indicated = indicatedColumns(est, c, X.width);
    return {
      kind: "transformer",
      transform: memo(() => {
        const kinds = statistics.map((v, j) => columnKind(est, input, c, v, j));
        const blocks: Block[] = [];
        for (let i = 0; i < kept.length; ) {
          const kind = kinds[kept[i]!]!;
          let k = i;
          while (k < kept.length && kinds[kept[k]!] === kind) k++;
          blocks.push(imputed(est, input, c, kept.slice(i, k), kind, statistics, marker));
          i = k;
        }
        if (indicated.length > 0) blocks.push(...indicatorFrame(input, c, indicated, marker, (j) => kinds[j]!).blocks);
        return new Frame(blocks);
      }),
    };
  },
});

export const missingIndicator: EstimatorConverter = defineEstimator({
  names: ["sklearn.MissingIndicator"],
  convert(est, X, c) {
    const marker = missingMarker(est, c);
    const input = c.checkArray(X, est, { missing: marker === null ? "allowed" : "refused" });
    const columns = featureIndices(est, c, X.width);
    // missing-only with error_on_new refuses missing values where there were none while fitting.
    if (est.string("features", "missing-only") === "missing-only" && est.bool("error_on_new", true) && marker === null) {
      const known = new Set(columns);
      X.features.forEach((_, j) => {
        if (!known.has(j)) c.refuseMissing(X, j, `${est.className} saw no missing values there while fitting`);
      });
    }
    const kindOf = (j: number): "number" | "string" => {
      const kind = c.kindOf(input, j);
      return kind === "raw" ? (typeof marker === "string" ? "string" : "number") : kind;
    };
    // Columns that are not told of are looked at all the same.
    const numbers = X.features.flatMap((_, j) => (typeof marker === "number" && kindOf(j) === "number" ? [j] : []));
    return {
      kind: "transformer",
      transform: memo(() => {
        if (numbers.length > 0) c.numbers(c.select(input, numbers));
        return indicatorFrame(input, c, columns, marker, kindOf);
      }),
    };
  },
});

/** The columns of an imputer's `indicator_`, or none. */
export function indicatedColumns(est: Estimator, c: Conversion, width: number): number[] {
  return est.bool("add_indicator", false) && !est.isNone("indicator_") ? featureIndices(est.estimator("indicator_"), c, width) : [];
}

function featureIndices(est: Estimator, c: Conversion, width: number): number[] {
  const columns = Array.from(est.ints("features_"), Number);
  if (columns.some((j) => j < 0 || j >= width)) throw c.malformed(est, "features_ is out of range");
  return columns;
}

/** [N, columns]: 1 where the value is missing. */
export function indicatorFrame(X: Frame, c: Conversion, columns: readonly number[], marker: Marker, kindOf: (j: number) => "number" | "string"): Frame {
  const blocks: Block[] = [];
  for (let i = 0; i < columns.length; ) {
    const kind = kindOf(columns[i]!);
    let k = i;
    while (k < columns.length && kindOf(columns[k]!) === kind) k++;
    const part = columns.slice(i, k);
    const selected = c.select(X, part);
    const mask = isMissing(c, kind === "string" ? c.stringMatrix(selected) : c.numbers(selected), marker);
    const features = part.map((j): Feature => {
      const { name } = X.features[j]!;
      return { name: name === null ? null : `missingindicator_${name}`, flows: mixFlows([X.features[j]!], { clearMissing: true, clearInfinite: true }) };
    });
    blocks.push(...c.frame(c.o.cast(mask, "double"), features).blocks);
    i = k;
  }
  return new Frame(blocks);
}

function isMissing(c: Conversion, x: Value, marker: Marker): Value {
  if (x.type === "string") return c.o.equal(x, c.o.strings([typeof marker === "string" ? marker : MISSING_STRING], []));
  if (marker === null) return c.o.isNaN(x);
  // Text never equals a number.
  return c.o.equal(x, typeof marker === "string" ? NaN : marker);
}

function imputed(est: Estimator, X: Frame, c: Conversion, columns: readonly number[], kind: "number" | "string", statistics: readonly PyValue[], marker: Marker): Block {
  const selected = c.select(X, columns);
  const fills = columns.map((j) => fillOf(est, c, statistics[j]!));
  const value = kind === "string" ? c.stringMatrix(selected) : c.numbers(selected);
  const constant = kind === "string"
    ? c.o.strings(fills.map((f) => String(f.value)), [1, fills.length])
    : c.o.doubles(fills.map((f) => Number(f.value)), [1, fills.length]);
  const filled = c.o.where(isMissing(c, value, marker), constant, value);
  const features = columns.map((j, i) => {
    const clear = !(fills[i]!.kind === "number" && Number.isNaN(fills[i]!.value));
    // Still the column itself where it is there: an encoder after this one may name its categories.
    return mapFeature(X.features[j]!, { clearMissing: clear, ...(clear ? { replaced: { from: marker, to: fills[i]!.value } } : {}) });
  });
  return { kind, value: filled, features };
}

function fillOf(est: Estimator, c: Conversion, v: PyValue): Fill {
  if (typeof v === "string") return { kind: "string", value: v };
  if (typeof v === "number" || typeof v === "bigint" || typeof v === "boolean") return { kind: "number", value: Number(v) };
  throw c.refuse(est, `statistics_ of ${describe(v)}`, "only text and numbers can be imputed");
}

function isNaNValue(v: PyValue): boolean {
  return typeof v === "number" && Number.isNaN(v);
}

/** What the column holds: its statistic tells, or (where there is none) what is known of the column. */
function columnKind(est: Estimator, X: Frame, c: Conversion, statistic: PyValue, j: number): "number" | "string" {
  const known = c.kindOf(X, j);
  if (isNaNValue(statistic) || statistic === null) return known === "string" ? "string" : "number";
  const kind = fillOf(est, c, statistic).kind;
  // Number columns of an object array that are filled with text, or the other way round, would hold both.
  if (known !== "raw" && known !== kind) throw c.refuse(est, `a ${kind === "string" ? "text" : "number"} for column ${j}`, `the column holds ${known === "string" ? "text" : "numbers"}, and would hold both`);
  return kind;
}

/** The kind of array it was fitted on: "O" for objects (text), else numbers. */
function fitKind(est: Estimator): string {
  const dtype = est.raw("_fit_dtype");
  if (dtype instanceof NumpyDType) return dtype.kind;
  const statistics = est.raw("statistics_");
  return statistics instanceof NumpyArray ? statistics.dtype.kind : "f";
}

/** strategy="constant" keeps columns that were all missing, until 1.8 made keep_empty_features apply to it too. */
function dropsEmptyConstants(est: Estimator): boolean {
  return est.versionAtLeast(1, 8);
}

