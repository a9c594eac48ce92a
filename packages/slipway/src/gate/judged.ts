// A model's answers to labelled rows, ready to be judged: predicted classes or numbers, probabilities, and the metrics.

import { classificationMetrics, regressionMetrics, type Metric } from "@slipway/core/stats";
import type { Model } from "../runtime/index.ts";
import { gateError } from "./errors.ts";
import { judgedOutputs, labelKey, type LabelledData, type Truth } from "./labelled-data.ts";
import { cellOf, predict } from "./predictions.ts";

export interface Judged {
  readonly truth: Truth;
  readonly classes: readonly string[];
  /** A class's index (`classes.length`: none of them), or the number. */
  readonly predicted: ArrayLike<number>;
  /** [rows, classes] */
  readonly probabilities?: Float64Array;
  readonly metrics: readonly Metric[];
}

/** @throws gate-data where the model does not give what the other one is judged by */
export async function judged(model: Model, labelled: LabelledData): Promise<Judged> {
  const { truth } = labelled;
  const { outputs } = await predict(model, labelled.rows);
  const { label, probabilities, value } = judgedOutputs(model.signature);
  const dataOf = (name: string | undefined): (typeof outputs)[number] | undefined => outputs.find((o) => o.output.name === name);
  const n = labelled.rows.length;
  if (truth.kind === "numbers") {
    const given = dataOf(value?.name);
    if (given === undefined) throw gateError("gate-data", `${model.name} ${model.version} gives no number to compare with ${labelled.target}`);
    const predicted = Float64Array.from({ length: n }, (_, i) => Number(given.data[i]));
    return { truth, classes: [], predicted, metrics: regressionMetrics(truth.values, predicted) };
  }
  const { classes } = truth;
  const given = dataOf(probabilities?.name);
  const type = label?.type ?? (probabilities?.columns?.every((c) => typeof c === "number") === true ? "int64" : "string");
  const place = new Map(classes.map((c, i) => [c, i]));
  let table: Float64Array | undefined;
  if (given !== undefined && given.width === probabilities!.columns!.length) {
    const places = probabilities!.columns!.map((c) => place.get(labelKey(c, type)));
    if (places.length === classes.length && places.every((p) => p !== undefined)) {
      table = new Float64Array(n * classes.length);
      for (let i = 0; i < n; i++) for (const [j, p] of places.entries()) table[i * classes.length + p] = Number(given.data[i * given.width + j]);
    }
  }
  const labels = dataOf(label?.name);
  if (labels === undefined && table === undefined) throw gateError("gate-data", `${model.name} ${model.version} predicts none of the classes of ${labelled.target}`);
  const predicted = Int32Array.from({ length: n }, (_, i) => (labels === undefined ? largest(table!, i, classes.length) : place.get(labelKey(cellOf(labels, i), type)) ?? classes.length));
  return {
    truth, classes, predicted, ...(table === undefined ? {} : { probabilities: table }),
    metrics: classificationMetrics({ classes: classes.length, truth: truth.values, predicted, ...(table === undefined ? {} : { probabilities: table }) }),
  };
}

function largest(table: Float64Array, row: number, width: number): number {
  let top = 0;
  for (let c = 1; c < width; c++) if (table[row * width + c]! > table[row * width + top]!) top = c;
  return top;
}
