// Labelled data: rows with the columns the model takes, and a column with what was true.

import { nearest } from "@slipway/core/base";
import type { CheckRow, Output, Scalar, Signature } from "@slipway/core/package";
import type { Model } from "../runtime/index.ts";
import type { RowStream } from "../tables/index.ts";
import type { Row } from "./context.ts";
import { gateError } from "./errors.ts";
import { predictEach } from "./predictions.ts";
import { Reservoir } from "./reservoir.ts";

export interface LabelledData {
  readonly file: string;
  readonly target: string;
  /** Rows that have a target and that the model answers, its columns only: all of them, or a fair sample of a large file. */
  readonly rows: readonly Row[];
  /** The same rows with every column of the file, as texts or JSON values. */
  readonly whole: readonly CheckRow[];
  readonly truth: Truth;
  /** The file is CSV, whose fields are all texts. */
  readonly csv: boolean;
  /** Of every row, or of a sample that is larger by far: what was true and what the model answered. */
  readonly judged: JudgedRows;
  /** Rows of the file that have a target. */
  readonly count: number;
  readonly unlabelled: number;
  readonly order: RowOrder;
  /** Rows the model refuses, and why the first ones. */
  readonly refused: number;
  readonly refusals: readonly { readonly row: number; readonly message: string }[];
}
/** Columns that say what rows belong together, and in which order, as the configuration names them. */
export interface RowOrder {
  readonly group?: string | undefined;
  readonly time?: string | undefined;
  readonly series?: string | undefined;
  readonly season: number;
}
export interface JudgedRows {
  readonly truth: Truth;
  readonly outputs: readonly GivenOutput[];
  /** Values of the columns that slices, groups and times are taken from, by name. */
  readonly columns: ReadonlyMap<string, readonly CheckRow[string][]>;
}
/** An output of the model's: `width` values a row. */
export interface GivenOutput {
  readonly output: Output;
  readonly width: number;
  readonly data: ArrayLike<number | bigint | string>;
}
export type Truth =
  | { readonly kind: "classes"; readonly classes: readonly string[]; readonly values: Int32Array }
  | { readonly kind: "numbers"; readonly values: Float64Array };

const SHOWN = 5;
/** Whole rows that are kept, where so many values fit. */
const KEPT_ROWS = 20_000;
const KEPT_CELLS = 2e6;
/** Rows of which only truth and answer are kept. */
const JUDGED_ROWS = 500_000;
const JUDGED_CELLS = 1e7;

/**
 * Reads the rows as they come: memory does not grow with the file.
 * @param columns slices, groups and the like
 * @throws gate-data, and what reading the rows throws
 */
export async function readLabelled(rows: RowStream, file: string, target: string, columns: readonly string[], model: Model, seed: number, order: RowOrder = { season: 1 }): Promise<LabelledData> {
  const { signature } = model;
  if (signature.layout === "tensors") throw gateError("gate-data", "labelled data is a table of columns, and this model takes tensors", { hint: "Leave out --data." });
  const judgedNames = new Set(Object.values(judgedOutputs(signature)).map((o) => o?.name));
  const kept: { row: Row; whole: CheckRow; truth: Scalar }[] = [];
  const truths: Scalar[] = [];
  const values = new Map(columns.map((name) => [name, [] as CheckRow[string][]]));
  const answers = new Map<string, { output: Output; width: number; data: (number | bigint | string)[] }>();
  const refusals: { row: number; message: string }[] = [];
  let [sample, all]: (Reservoir | undefined)[] = [];
  let [count, unlabelled, refused] = [0, 0, 0];
  let csv = false;
  for await (const batch of rows) {
    csv = batch.texts;
    if (sample === undefined) checkNames(batch.rows[0] ?? {}, [target, ...columns], file);
    const width = Object.keys(batch.rows[0] ?? {}).length + 1;
    sample ??= new Reservoir(Math.min(KEPT_ROWS, Math.max(1000, Math.floor(KEPT_CELLS / width))), seed);
    const labelled = batch.rows.filter((row) => row[target] !== null && row[target] !== "" && row[target] !== undefined);
    unlabelled += batch.rows.length - labelled.length;
    if (labelled.length === 0) continue;
    const typed = rowsFor({ whole: labelled, csv, target }, signature);
    const { prediction, placeOf } = await predictEach(model, typed);
    for (const [i, row] of typed.entries()) {
      count++;
      const place = placeOf(i);
      if (place === undefined) {
        refused++;
        if (refusals.length < SHOWN) refusals.push({ row: count, message: await refusalOf(model, row) });
        continue;
      }
      const at = sample.place();
      const truth = labelled[i]![target]!;
      if (at !== undefined) kept[at] = { row, whole: labelled[i]!, truth };
      all ??= new Reservoir(Math.min(JUDGED_ROWS, Math.floor(JUDGED_CELLS / prediction.outputs.filter((o) => judgedNames.has(o.output.name)).reduce((n, o) => n + o.width, 1))), seed + 1);
      const where = all.place();
      if (where === undefined) continue;
      truths[where] = truth;
      for (const [name, list] of values) list[where] = labelled[i]![name] ?? null;
      for (const { output, width: w, data } of prediction.outputs) {
        if (!judgedNames.has(output.name)) continue;
        const into = answers.get(output.name) ?? { output, width: w, data: [] };
        answers.set(output.name, into);
        for (let j = 0; j < w; j++) into.data[where * w + j] = data[place * w + j]!;
      }
    }
  }
  if (sample === undefined || truths.length === 0) {
    throw gateError("gate-data", sample === undefined ? "the labelled data has no rows" : count === 0 ? `no row has a value in ${JSON.stringify(target)}` : "the model refuses every row of the labelled data", { where: file, hint: refusals[0]?.message });
  }
  const truth = readTruth(truths, signature, file, target);
  return {
    file, target, csv, count, unlabelled, refused, refusals, order,
    rows: kept.map((k) => k.row), whole: kept.map((k) => k.whole), truth: sample.seen === kept.length && truths.length === kept.length ? truth : readTruth(kept.map((k) => k.truth), signature, file, target, truth),
    judged: { truth, outputs: [...answers.values()], columns: values },
  };
}

function checkNames(row: CheckRow, wanted: readonly string[], file: string): void {
  const names = Object.keys(row);
  for (const column of wanted) {
    if (names.includes(column)) continue;
    const near = nearest(column, names);
    throw gateError("gate-data", `the labelled data has no column ${JSON.stringify(column.slice(0, 100))}`, { where: file, hint: near === undefined ? `Its columns: ${names.slice(0, 40).join(", ")}.` : `Did you mean ${near}?` });
  }
}

/** The rows as this model takes them: its own columns of the file, never the target. */
export function rowsFor({ whole, csv, target }: Pick<LabelledData, "whole" | "csv" | "target">, signature: Signature): Row[] {
  const columns = signature.columns.filter((c) => c.used && c.name !== target && whole[0] !== undefined && Object.hasOwn(whole[0], c.name));
  return whole.map((row) => Object.fromEntries(columns.map((c) => [c.name, csv ? fromCsv(row[c.name] ?? null, c.type) : row[c.name]])));
}

/** The rows at these places. */
export function subsetOf(labelled: LabelledData, places: readonly number[]): LabelledData {
  const { rows, whole, truth } = labelled;
  return {
    ...labelled, rows: places.map((i) => rows[i]!), whole: places.map((i) => whole[i]!),
    truth: truth.kind === "classes" ? { ...truth, values: Int32Array.from(places, (i) => truth.values[i]!) } : { ...truth, values: Float64Array.from(places, (i) => truth.values[i]!) },
  };
}

/** A number of a CSV is a text; one that cannot be read stays one, and the model says what it expected. */
function fromCsv(value: CheckRow[string], type: string): unknown {
  if (typeof value !== "string" || type === "string") return value;
  const text = value.trim();
  if (text === "" || /^nan$/i.test(text)) return null;
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return type === "boolean" ? Number(text) === 1 : Number(text);
  return value;
}

async function refusalOf(model: Model, row: Row): Promise<string> {
  return model.predict([row]).then(() => "", (error: Error) => error.message);
}

/** The output that a target is compared with: the label, else what has classes, else the one number. */
export function judgedOutputs(signature: Signature): { readonly label?: Output; readonly probabilities?: Output; readonly value?: Output } {
  const of = (kind: Output["kind"]): Output | undefined => signature.outputs.find((o) => o.kind === kind);
  const label = of("label");
  const found = of("probabilities");
  const probabilities = found?.columns !== undefined && found.rowShape.length === 1 ? found : undefined;
  const value = signature.outputs.find((o) => o.kind === "value" && o.type !== "string" && (o.rowShape.length === 0 || (o.rowShape.length === 1 && o.rowShape[0] === 1)));
  return { ...(label === undefined || label.rowShape.length > 0 ? {} : { label }), ...(probabilities === undefined ? {} : { probabilities }), ...(value === undefined ? {} : { value }) };
}

/** One way to write a label: "1", 1, 1n, "1.0" and true of a model with whole-number labels are the same. */
export function labelKey(value: unknown, type: Output["type"]): string {
  if (type === "string") return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
  const text = String(value).trim();
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true" ? "1" : "0";
  return text !== "" && Number.isFinite(Number(text)) ? (/^[+-]?\d{16,}$/.test(text) ? String(BigInt(text)) : String(Number(text))) : text;
}

/** @param like of more rows: the classes are those */
function readTruth(values: readonly (string | number | boolean)[], signature: Signature, file: string, target: string, like?: Truth): Truth {
  const { label, probabilities, value } = judgedOutputs(signature);
  const classed = label ?? probabilities;
  if (classed !== undefined) {
    const type = label?.type ?? (probabilities!.columns!.every((c) => typeof c === "number") ? "int64" : "string");
    const known = (probabilities?.columns ?? label?.classes ?? []).map((c) => labelKey(c, type));
    const keys = values.map((v) => labelKey(v, type));
    const classes = known.length > 0 ? known : like?.kind === "classes" ? like.classes : [...new Set(keys)].sort();
    const places = new Map(classes.map((c, i) => [c, i]));
    const stranger = keys.findIndex((k) => !places.has(k));
    if (stranger >= 0) {
      throw gateError("gate-data", `${JSON.stringify(target)} holds ${JSON.stringify(keys[stranger]!.slice(0, 100))}, which is none of the model's classes`, { where: file, hint: `They are ${classes.slice(0, 20).join(", ")}.` });
    }
    return { kind: "classes", classes, values: Int32Array.from(keys, (k) => places.get(k)!) };
  }
  if (value === undefined) throw gateError("gate-data", "the model gives neither a label nor one number a row to compare with a target", { hint: "Leave out --data." });
  const numbers = Float64Array.from(values, Number);
  const bad = numbers.findIndex((n) => !Number.isFinite(n));
  if (bad >= 0) throw gateError("gate-data", `${JSON.stringify(target)} holds ${JSON.stringify(String(values[bad]).slice(0, 100))}, and the model predicts a number`, { where: file });
  return { kind: "numbers", values: numbers };
}
