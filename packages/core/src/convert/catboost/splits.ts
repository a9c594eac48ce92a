// The answers to a CatBoost model's splits as one float matrix: split s of the model is `values[:, column[s]] > threshold[s]`.
// Columns are the float features that some split asks for, single categories as 0 and 1, and statistics of categories.
// Follows BinarizeFeatures in catboost/libs/model/cpu/quantization.h: features are rounded to float32 first.

import type { Value } from "../../onnx/index.ts";
import { floats, int64s, strings, type Tensor } from "../../tensor/index.ts";
import type { Faults } from "../boosted/faults.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import type { Frame } from "../conversion/frame.ts";
import { categoryHashes, ctrValues } from "./ctr.ts";
import type { CatboostModel, OneHotFeature } from "./model.ts";

export interface Splits {
  /** [N, W] float; missing values are NaN, which is above nothing. */
  readonly values: Value;
  readonly column: Int32Array;
  readonly threshold: Float32Array;
}

const MISSING = "CatBoost does not accept missing categories: they have to be texts of their own";

export function splitsOf(est: Estimator, X: Frame, c: Conversion, model: CatboostModel, faults: Faults): Splits {
  const column: number[] = [];
  const threshold: number[] = [];
  const parts: Value[] = [];
  let width = 0;
  const add = (part: Value, count: number): number => {
    parts.push(part);
    width += count;
    return width - count;
  };
  const place = (flatIndex: number, name: string): number => {
    if (!(flatIndex >= 0 && flatIndex < X.width)) throw faults.malformed(`the feature ${JSON.stringify(name)} is column ${flatIndex} of ${X.width}`);
    return flatIndex;
  };

  const used = model.floats.filter((f) => f.borders.length > 0);
  const floatColumns = new Map<number, number>();
  let numbers: Value | undefined;
  if (used.length > 0) {
    numbers = c.o.cast(c.numbers(c.select(X, used.map((f) => place(f.flatIndex, f.name)))), "float");
    const high: Tensor = { type: "bool", shape: [1, used.length], data: Uint8Array.from(used, (f) => Number(f.hasMissing && f.missing === "AsTrue")) };
    if (high.data.includes(1 as never)) numbers = c.o.where(c.o.and(c.o.isNaN(numbers), c.graph.constant(high)), floats([Infinity], []), numbers);
    add(numbers, used.length);
    used.forEach((f, i) => {
      floatColumns.set(f.index, i);
      for (const border of f.borders) {
        column.push(i);
        threshold.push(border);
      }
    });
  }

  const flatOf = new Map(model.categorical.map((f) => [f.index, place(f.flatIndex, f.name)]));
  const inCtr = new Set(model.ctrs.flatMap((ctr) => [...ctr.projection.categorical, ...ctr.projection.oneHot.map(([f]) => f)]));
  for (const index of new Set([...model.oneHot.map((f) => f.categorical), ...inCtr])) {
    const at = flatOf.get(index);
    if (at === undefined) throw faults.malformed(`there is no categorical feature ${index}`);
  }
  const named = (f: OneHotFeature): boolean => f.texts.length === f.values.length && f.values.length > 0 && !inCtr.has(f.categorical);
  const hashed = new Set([...inCtr, ...model.oneHot.filter((f) => f.values.length > 0 && !named(f)).map((f) => f.categorical)]);
  for (const [index, at] of flatOf) {
    c.refuseMissing(X, at, MISSING);
    const [block] = X.locate(at);
    // Also of features that no tree asks for: CatBoost refuses a missing category before it looks at the trees.
    if (block.kind === "raw" && !c.callerInputs && !hashed.has(index)) c.stringColumn(X, at);
    takeWholeNumbers(c, X, at);
  }
  const hashes = categoryHashes(est, X, c, (index) => flatOf.get(index)!, faults);
  for (const feature of model.oneHot) {
    const at = flatOf.get(feature.categorical)!;
    // Where the texts are known, no hash is needed, and any runtime can run the graph.
    if (feature.values.length === 0) continue;
    const equal = named(feature)
      ? c.o.equal(c.stringColumn(X, at), strings(feature.texts, [1, feature.texts.length]))
      : c.o.equal(hashes(feature.categorical), int64s(Array.from(feature.values), [1, feature.values.length]));
    if (named(feature)) c.declareCategories(X, at, feature.texts, "allowed");
    const from = add(c.o.cast(equal, "float"), feature.values.length);
    feature.values.forEach((_, i) => {
      column.push(from + i);
      threshold.push(0.5);
    });
  }

  if (model.ctrs.length > 0) {
    const answers = {
      hash: hashes,
      above: (feature: number, border: number): Value => {
        const at = floatColumns.get(feature);
        if (at === undefined || !numbers) throw faults.malformed(`a combination asks for the float feature ${feature}, which no split uses`);
        return c.o.greater(c.o.columns(numbers, [at]), floats([border], []));
      },
    };
    const from = add(ctrValues(c, model, answers, X, faults), model.ctrs.length);
    model.ctrs.forEach((ctr, i) => {
      for (const border of ctr.borders) {
        column.push(from + i);
        threshold.push(border);
      }
    });
  }
  // A model of constant trees asks nothing; its rows still have to be counted.
  if (parts.length === 0) add(c.o.cast(c.numbers(c.select(X, [0])), "float"), 1);
  return { values: c.o.concat(parts), column: Int32Array.from(column), threshold: Float32Array.from(threshold) };
}

/** CatBoost takes integers for categories and turns them into texts. */
function takeWholeNumbers(c: Conversion, X: Frame, at: number): void {
  const [block] = X.locate(at);
  if (block.kind === "raw") c.columns[block.column]!.wholeNumbers = true;
}
