// A model's answers to labelled rows, ready to be judged: predicted classes or numbers, probabilities, and the metrics.

import type { CheckRow, Scalar, Signature } from "@slipway/core/package";
import { classificationMetrics, forecastMetrics, rankingMetrics, regressionMetrics, type Metric } from "@slipway/core/stats";
import type { Model } from "../runtime/index.ts";
import { gateError } from "./errors.ts";
import { judgedOutputs, labelKey, type GivenOutput, type JudgedRows, type LabelledData, type Truth } from "./labelled-data.ts";
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

/** Of every row there is, or of most. @throws gate-data as judged */
export function judgedAll(model: Model, labelled: LabelledData): Judged {
  return judgedFrom(model.signature, labelled.judged.outputs, { target: labelled.target, truth: labelled.judged.truth, order: labelled.order, columns: labelled.judged.columns }, `${model.name} ${model.version}`);
}

/** @throws gate-data where the model does not give what the other one is judged by */
export async function judged(model: Model, labelled: LabelledData): Promise<Judged> {
  const columns = new Map(columnNames(labelled.order).map((name) => [name, labelled.whole.map((row) => row[name] ?? null)]));
  return judgedFrom(model.signature, (await predict(model, labelled.rows)).outputs, { ...labelled, columns }, `${model.name} ${model.version}`);
}

/** The same of answers that are there already. @param who for messages @throws gate-data */
export function judgedFrom(signature: Signature, outputs: readonly GivenOutput[], labelled: Pick<LabelledData, "target" | "truth" | "order"> & { readonly columns?: JudgedRows["columns"] }, who: string): Judged {
  const { truth } = labelled;
  const { label, probabilities, value } = judgedOutputs(signature);
  const dataOf = (name: string | undefined): GivenOutput | undefined => outputs.find((o) => o.output.name === name);
  const n = truth.values.length;
  if (truth.kind === "numbers") {
    const given = dataOf(value?.name);
    if (given === undefined) throw gateError("gate-data", `${who} gives no number to compare with ${labelled.target}`);
    const predicted = Float64Array.from({ length: n }, (_, i) => Number(given.data[i]));
    return { truth, classes: [], predicted, metrics: [...regressionMetrics(truth.values, predicted), ...more(truth, predicted, labelled)] };
  }
  const { classes } = truth;
  const place = new Map(classes.map((c, i) => [c, i]));
  const type = label?.type ?? (probabilities?.columns?.every((c) => typeof c === "number") === true ? "int64" : "string");
  const table = tableOf(dataOf(probabilities?.name), n, classes.length, (c) => place.get(labelKey(c, type)));
  const labels = dataOf(label?.name);
  if (labels === undefined && table === undefined) throw gateError("gate-data", `${who} predicts none of the classes of ${labelled.target}`);
  const predicted = Int32Array.from({ length: n }, (_, i) => (labels === undefined ? largest(table!, i, classes.length) : place.get(labelKey(cellOf(labels, i), type)) ?? classes.length));
  return {
    truth, classes, predicted, ...(table === undefined ? {} : { probabilities: table }),
    metrics: [
      ...classificationMetrics({ classes: classes.length, truth: truth.values, predicted, ...(table === undefined ? {} : { probabilities: table }) }),
      // Two classes are ranked by how likely the second is.
      ...(table === undefined || classes.length !== 2 ? [] : more(truth, Float64Array.from({ length: n }, (_, i) => table[2 * i + 1]!), labelled)),
    ],
  };
}

function columnNames({ group, time, series }: LabelledData["order"]): string[] {
  return [group, time, series].filter((name) => name !== undefined);
}

/** Figures of rankings and forecasts, where the configuration names their columns. */
function more(truth: Truth, predicted: ArrayLike<number>, { order, columns }: { readonly order: LabelledData["order"]; readonly columns?: JudgedRows["columns"] }): Metric[] {
  const of = (name: string | undefined): readonly CheckRow[string][] | undefined => (name === undefined ? undefined : columns?.get(name));
  const [groups, times, series] = [of(order.group), of(order.time), of(order.series)];
  return [
    ...(groups === undefined ? [] : rankingMetrics(truth.values, predicted, groups)),
    ...(times === undefined || truth.kind === "classes" ? [] : forecastMetrics(truth.values, predicted, { time: times.map(timeOf), series, season: order.season })),
  ];
}

/** Milliseconds or a number of any kind; NaN where it is no time. */
export function timeOf(value: CheckRow[string]): number {
  return typeof value === "number" ? value : typeof value !== "string" || value === "" ? NaN : /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : Date.parse(value);
}

/** [rows, classes] in the order of the truth's classes; undefined where the output names others. */
function tableOf(given: GivenOutput | undefined, rows: number, classes: number, placeOf: (name: Scalar) => number | undefined): Float64Array | undefined {
  const places = given?.output.columns?.map(placeOf);
  if (given === undefined || places?.length !== classes || given.width !== classes || places.includes(undefined)) return undefined;
  const table = new Float64Array(rows * classes);
  for (let i = 0; i < rows; i++) for (const [j, p] of places.entries()) table[i * classes + p!] = Number(given.data[i * classes + j]);
  return table;
}

function largest(table: Float64Array, row: number, width: number): number {
  let top = 0;
  for (let c = 1; c < width; c++) if (table[row * width + c]! > table[row * width + top]!) top = c;
  return top;
}
