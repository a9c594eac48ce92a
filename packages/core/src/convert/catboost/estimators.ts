// catboost.CatBoostClassifier, CatBoostRegressor, CatBoostRanker and CatBoost (1.0 to 1.2), in pickles; and model files,
// which say by their loss what they are. Outputs as `predict` of the Python package gives them: labels by the largest raw
// value or the probability threshold, probabilities, and raw values (RawFormulaVal) as the score.

import type { Value } from "../../onnx/index.ts";
import { PyByteArray, PyBytes, PyObject } from "../../pickle/index.ts";
import { faultsOf, type Faults } from "../boosted/faults.ts";
import { bothClasses, flat } from "../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type InputShape, type Labels } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import { convertError } from "../conversion/errors.ts";
import type { Estimator } from "../conversion/estimator.ts";
import type { Frame } from "../conversion/frame.ts";
import type { CatboostModel } from "./model.ts";
import { readCatboostBinary } from "./read-binary.ts";
import { readCatboostJson } from "./read-json.ts";
import { splitsOf } from "./splits.ts";
import { rawValues } from "./trees.ts";

const read = new WeakMap<PyObject, CatboostModel>();

function modelOf(est: Estimator): CatboostModel {
  const known = read.get(est.object);
  if (known) return known;
  const saved = est.raw("__model");
  if (!(saved instanceof PyBytes) && !(saved instanceof PyByteArray)) {
    throw convertError("not-fitted", `${est.className} was saved before it was fitted`, { where: est.path, hint: "Call fit on the estimator, then save it again." });
  }
  const faults = faultsOf(est.className, est.path);
  const binary = String.fromCharCode(...saved.bytes.subarray(0, 4)) === "CBM1";
  const model = binary ? readCatboostBinary(saved.bytes, faults) : readCatboostJson(saved.bytes, faults);
  for (const kind of model.refused) {
    throw faults.refuse(`${kind} features`, `CatBoost computes features from ${kind === "text" ? "texts" : "embeddings"} that are not compiled`, `Fit without ${kind}_features.`);
  }
  read.set(est.object, model);
  return model;
}

/** Every column costs a kilobyte, and a file of a hundred bytes can name any number. */
const MOST_COLUMNS = 262_144;

function inputShape(est: Estimator): InputShape | undefined {
  const model = modelOf(est);
  const features = [...model.floats, ...model.categorical];
  const width = features.reduce((most, f) => Math.max(most, f.flatIndex + 1), 0);
  if (width === 0 || width > MOST_COLUMNS) return undefined;
  const names = Array.from({ length: width }, (_, i) => `x${i}`);
  let named = false;
  for (const { flatIndex, name } of features) {
    if (name === "" || name === String(flatIndex) || flatIndex < 0) continue;
    names[flatIndex] = name;
    named = true;
  }
  return named ? { kind: "columns", names } : { kind: "matrix", width };
}

export const CLASSIFICATION: ReadonlySet<string> = new Set(["Logloss", "CrossEntropy", "Focal", "MultiClass", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy"]);
export const MULTILABEL: ReadonlySet<string> = new Set(["MultiLogloss", "MultiCrossEntropy"]);

function convert(est: Estimator, X: Frame, c: Conversion): Fitted {
  const faults = faultsOf(est.className, est.path);
  const model = modelOf(est);
  const loss = lossOf(model);
  const raw = memo(() => rawValues(est, c, model, splitsOf(est, X, c, model, faults), faults));
  const fromFile = est.raw("saved_file") === true;
  const classifier = est.className === "CatBoostClassifier" || (fromFile && CLASSIFICATION.has(loss));
  const margin = memo(() => (model.dimension === 1 ? flat(c, raw()) : raw()));
  if (!classifier) {
    // CatBoost itself, which is no regressor, gives raw values. A file does not say which class has saved it.
    if (isIdentity(loss) || (est.className === "CatBoost" && !fromFile)) return { kind: "regressor", predict: margin };
    return { kind: "regressor", predict: memo(() => (model.dimension === 1 ? flat(c, regression(c, raw(), loss)) : regression(c, raw(), loss))), margin };
  }
  if (MULTILABEL.has(loss) && model.dimension > 1) return { ...multilabel(c, raw, model), margin };
  // A single label among several possible ones is asked yes or no.
  const labels: Labels = MULTILABEL.has(loss) ? { type: "int64", values: [0n, 1n] } : labelsOf(model, loss, faults);
  if (model.dimension === 1) {
    const border = thresholdOf(model);
    return {
      kind: "classifier", classes: [labels], margin,
      predict: memo(() => c.o.cast(c.o.greater(margin(), border), "int64")),
      predictProba: memo(() => [bothClasses(c, c.o.sigmoid(margin()))]),
    };
  }
  return {
    kind: "classifier", classes: [labels], margin,
    predict: memo(() => c.o.argmax(raw(), 1)),
    predictProba: memo(() => [loss === "MultiClassOneVsAll" ? c.o.sigmoid(raw()) : c.o.softmax(raw(), 1)]),
  };
}

export const EXPONENTIAL: ReadonlySet<string> = new Set(["Poisson", "Tweedie"]);

function isIdentity(loss: string): boolean {
  return !EXPONENTIAL.has(loss) && loss !== "RMSEWithUncertainty";
}
function regression(c: Conversion, raw: Value, loss: string): Value {
  if (EXPONENTIAL.has(loss)) return c.o.exp(raw);
  if (loss === "RMSEWithUncertainty") {
    // The mean, and the variance, of which the model holds the logarithm of the root.
    return c.o.concat([c.o.columns(raw, [0]), c.o.exp(c.o.mul(c.o.columns(raw, [1]), 2))]);
  }
  return raw;
}

/** One yes or no a label: CatBoost says yes above one half. */
function multilabel(c: Conversion, raw: () => Value, model: CatboostModel): Fitted {
  const two: Labels = { type: "int64", values: [0n, 1n] };
  return {
    kind: "classifier", classes: Array.from({ length: model.dimension }, () => two),
    predict: memo(() => c.o.cast(c.o.greater(raw(), 0), "int64")),
    predictProba: memo(() => [c.o.sigmoid(raw())]),
  };
}

function json(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
function field(value: unknown, ...path: string[]): unknown {
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function lossOf(model: CatboostModel): string {
  const found = field(json(model.info.get("params")), "loss_function", "type") ?? field(json(model.info.get("loss_function")), "type");
  return typeof found === "string" ? found : "";
}

/** TFullModel::GetModelClassLabels. */
function labelsOf(model: CatboostModel, loss: string, faults: Faults): Labels {
  const count = model.dimension === 1 ? 2 : model.dimension;
  const options = json(model.info.get("class_params") ?? model.info.get("multiclass_params"));
  const names = field(options, "class_names");
  const total = field(options, "classes_count");
  const toLabel = field(options, "class_to_label");
  const old = field(json(model.info.get("params")), "data_processing_options", "class_names");
  const list = [names, typeof total === "number" && total > 0 ? sequence(total) : undefined, toLabel, old].find((v) => Array.isArray(v) && v.length > 0) as unknown[] | undefined;
  const labels = list ?? sequence(count);
  if (labels.length !== count) throw faults.malformed(`there are ${labels.length} class labels for ${count} classes (${loss || "no loss"})`);
  if (labels.every((v) => typeof v === "number" && Number.isSafeInteger(v)) && field(options, "class_label_type") !== "Float") return { type: "int64", values: (labels as number[]).map(BigInt) };
  if (labels.every((v) => typeof v === "number")) return { type: "double", values: labels as number[] };
  if (labels.every((v) => typeof v === "boolean")) return { type: "bool", values: labels as boolean[] };
  return { type: "string", values: labels.map(String) };
}
function sequence(count: number): number[] {
  return Array.from({ length: Math.min(count, 1_000_000) }, (_, i) => i);
}

/** The raw value above which the second class is given. */
function thresholdOf(model: CatboostModel): number {
  const p = Number(model.info.get("binclass_probability_threshold") ?? 0.5);
  return p > 0 && p < 1 ? -Math.log(1 / p - 1) : 0;
}

export const catboostConverters: readonly EstimatorConverter[] = [
  defineEstimator({ names: ["catboost.CatBoost", "catboost.CatBoostClassifier", "catboost.CatBoostRegressor", "catboost.CatBoostRanker"], inputShape, convert }),
];
