// Statistics of categories (CTRs): for every combination of categories that training saw, a table has counts of the
// target's classes, or of rows, or a sum; a feature's value is (count + prior) / (total + prior's denominator), scaled.
// Follows TStaticCtrProvider::CalcCtrs and TModelCtr::Calc (catboost/libs/model), which compute in float32. All of it
// depends on the combination alone, so the graph only finds the combination's row in a table of finished values.

import type { Value } from "../../onnx/index.ts";
import { floats, int64s } from "../../tensor/index.ts";
import type { Faults } from "../boosted/faults.ts";
import { repeatedRow } from "../conversion/algebra.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import type { Frame } from "../conversion/frame.ts";
import type { CatboostModel, CtrFeature, CtrTable, Projection } from "./model.ts";

/** catboost/libs/model/hash.h, in 64-bit integers that wrap around. */
const MAGIC = BigInt.asIntN(64, 0x4906ba494954cb65n);
/** Numbers in one table of finished values. */
const MOST_CELLS = 2 ** 27;
const { fround } = Math;

export interface Answers {
  /** A categorical feature's hash, int64 [N, 1]. */
  readonly hash: (categorical: number) => Value;
  /** Whether a float feature is above a border, bool [N, 1]. */
  readonly above: (feature: number, border: number) => Value;
}

/** Hashes by categorical feature, each made once. */
export function categoryHashes(est: Estimator, X: Frame, c: Conversion, flatIndex: (categorical: number) => number, faults: Faults): (categorical: number) => Value {
  const made = new Map<number, Value>();
  return (categorical) => {
    const known = made.get(categorical);
    if (known) return known;
    const at = flatIndex(categorical);
    const [block] = X.locate(at);
    if (block.kind !== "raw") {
      throw faults.refuse("categories that another step has made", "CatBoost knows its categories by a hash of their text, which ONNX cannot compute inside the model", "Let CatBoost have the categorical columns as they come.");
    }
    if (c.callerInputs) {
      throw faults.refuse("hashed categories", "the graph's inputs are given by the caller, and ONNX cannot compute the hash of a text by which CatBoost knows its categories", "Serve or pack the model with Slipway, whose runtime does, or fit with a larger one_hot_max_size.");
    }
    const value = c.o.cast(c.textColumn(X, at, ["catboost_hash"], est), "int64");
    made.set(categorical, value);
    return value;
  };
}

/** [N, number of features] float. */
export function ctrValues(c: Conversion, model: CatboostModel, answers: Answers, X: Frame, faults: Faults): Value {
  const combined = new Map<string, Value>();
  const columns = new Array<Value>(model.ctrs.length);
  const byTable = new Map<string, number[]>();
  model.ctrs.forEach((ctr, i) => {
    const members = byTable.get(ctr.table);
    if (members) members.push(i);
    else byTable.set(ctr.table, [i]);
  });
  for (const [key, members] of byTable) {
    const table = model.tables.get(key);
    if (!table) throw faults.malformed("a table of categories that a split needs is not in the file");
    const features = members.map((i) => model.ctrs[i]!);
    const { projection } = features[0]!;
    const name = JSON.stringify(projection);
    const hash = combined.get(name) ?? combine(c, projection, answers);
    combined.set(name, hash);
    const rows = tableRows(c, hash, table, features, X, faults);
    members.forEach((i, k) => (columns[i] = features.length === 1 ? rows : c.o.columns(rows, [k])));
  }
  return c.o.concat(columns);
}

function combine(c: Conversion, projection: Projection, answers: Answers): Value {
  const { o } = c;
  const steps = [
    ...projection.categorical.map((f) => answers.hash(f)),
    ...projection.floats.map(([f, border]) => o.cast(answers.above(f, border), "int64")),
    ...projection.oneHot.map(([f, value]) => o.cast(o.equal(answers.hash(f), int64s([value], [])), "int64")),
  ];
  const magic = c.graph.constant(int64s([MAGIC], []));
  return steps.reduce((hash, step) => o.mul(magic, o.add(hash, o.mul(magic, step))), o.scalar(0, "int64"));
}

/** [N, features]: the row of each combination, or the last one, of those never seen. */
function tableRows(c: Conversion, hash: Value, table: CtrTable, features: readonly CtrFeature[], X: Frame, faults: Faults): Value {
  const count = table.hashes.length;
  const width = features.length;
  if ((count + 1) * width > MOST_CELLS) throw faults.malformed(`${width} statistics ask one table of ${count} combinations`);
  const data = new Float32Array((count + 1) * width);
  features.forEach((feature, k) => {
    const value = calculator(feature, table, faults);
    for (let i = 0; i <= count; i++) data[i * width + k] = value(i < count ? i : undefined);
  });
  // The result of `combine` has no rows where nothing is combined, and LabelEncoder takes no empty table.
  if (count === 0) return repeatedRow(c, c.numbers(c.select(X, [0])), c.graph.constant(floats(data, [width])), width);
  const place = c.graph.op("LabelEncoder", [hash], {
    keys_int64s: table.hashes, values_int64s: BigInt64Array.from({ length: count }, (_, i) => BigInt(i)), default_int64: count,
  });
  return c.o.gather(c.graph.constant(floats(data, [count + 1, width])), c.o.reshape(place, [-1]), 0);
}

function calculator(feature: CtrFeature, table: CtrTable, faults: Faults): (row: number | undefined) => number {
  const { counts, width, denominator } = table;
  const { priorNumerator, priorDenominator, shift, scale, type, targetBorder } = feature;
  const finish = (good: number, total: number): number => {
    const ratio = fround(fround(fround(good) + priorNumerator) / fround(fround(total) + priorDenominator));
    return fround(fround(ratio + shift) * scale);
  };
  const wanted = type === "BinarizedTargetMeanValue" || type === "FloatTargetMeanValue" ? 2 : type === "Counter" || type === "FeatureFreq" ? 1 : undefined;
  if (wanted !== undefined && width !== wanted) throw faults.malformed(`a table of ${type} has ${width} numbers a row`);
  switch (type) {
    case "Counter": case "FeatureFreq": return (row) => finish(row === undefined ? 0 : counts[row]!, denominator);
    case "BinarizedTargetMeanValue": case "FloatTargetMeanValue": return (row) => (row === undefined ? finish(0, 0) : finish(counts[row * 2]!, counts[row * 2 + 1]!));
    case "Buckets": case "Borders": {
      if (!(targetBorder >= 0 && targetBorder < width)) throw faults.malformed(`a statistic asks for class ${targetBorder} of ${width}`);
      return (row) => {
        if (row === undefined) return finish(0, 0);
        let good = 0;
        let total = 0;
        for (let k = 0; k < width; k++) {
          const n = counts[row * width + k]!;
          total += n;
          // Two classes: the second one, whatever the border.
          if (type === "Buckets" ? k === targetBorder : width === 2 ? k === 1 : k > targetBorder) good += n;
        }
        return finish(good, total);
      };
    }
  }
}
