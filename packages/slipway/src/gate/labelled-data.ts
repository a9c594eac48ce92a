// Labelled data: rows with the columns the model takes, and a column with what was true.

import { nearest } from "@slipway/core/base";
import type { CheckRow, Output, Signature } from "@slipway/core/package";
import { readCheckRows, type Model } from "../runtime/index.ts";
import type { Row } from "./context.ts";
import { gateError } from "./errors.ts";
import { predictEach } from "./predictions.ts";

export interface LabelledData {
  readonly file: string;
  readonly target: string;
  /** The rows that have a target and that the model answers: its columns only. */
  readonly rows: readonly Row[];
  /** The same rows with every column of the file, as texts or JSON values. */
  readonly whole: readonly CheckRow[];
  readonly truth: Truth;
  /** The file is CSV, whose fields are all texts. */
  readonly csv: boolean;
  readonly unlabelled: number;
  /** Rows the model refuses, and why the first ones. */
  readonly refused: number;
  readonly refusals: readonly { readonly row: number; readonly message: string }[];
}
export type Truth =
  | { readonly kind: "classes"; readonly classes: readonly string[]; readonly values: Int32Array }
  | { readonly kind: "numbers"; readonly values: Float64Array };

const SHOWN = 5;

/** @throws gate-data, and what readCheckRows throws */
export async function readLabelled(text: string, file: string, target: string, slices: readonly string[], model: Model): Promise<LabelledData> {
  const { signature } = model;
  if (signature.layout === "tensors") throw gateError("gate-data", "labelled data is a table of columns, and this model takes tensors", { hint: "Leave out --data." });
  const given = readCheckRows(text);
  const names = Object.keys(given[0] ?? {});
  for (const column of [target, ...slices]) {
    if (names.includes(column)) continue;
    const near = nearest(column, names);
    throw gateError("gate-data", `the labelled data has no column ${JSON.stringify(column.slice(0, 100))}`, { where: file, hint: near === undefined ? `Its columns: ${names.slice(0, 40).join(", ")}.` : `Did you mean ${near}?` });
  }
  const labelled = given.filter((row) => row[target] !== null && row[target] !== "" && row[target] !== undefined);
  const isCsv = !/^\s*[[{]/.test(text);
  const rows = rowsFor({ whole: labelled, csv: isCsv, target }, signature);
  const { placeOf } = rows.length === 0 ? { placeOf: () => undefined } : await predictEach(model, rows);
  const kept = rows.flatMap((_, i) => (placeOf(i) === undefined ? [] : [i]));
  const refusals: { row: number; message: string }[] = [];
  for (let i = 0; i < rows.length && refusals.length < SHOWN; i++) if (placeOf(i) === undefined) refusals.push({ row: i + 1, message: await refusalOf(model, rows[i]!) });
  if (kept.length === 0) {
    throw gateError("gate-data", labelled.length === 0 ? `no row has a value in ${JSON.stringify(target)}` : "the model refuses every row of the labelled data", { where: file, hint: refusals[0]?.message });
  }
  return {
    file, target, rows: kept.map((i) => rows[i]!), whole: kept.map((i) => labelled[i]!),
    truth: readTruth(kept.map((i) => labelled[i]![target]!), signature, file, target),
    csv: isCsv, unlabelled: given.length - labelled.length, refused: rows.length - kept.length, refusals,
  };
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

function readTruth(values: readonly (string | number | boolean)[], signature: Signature, file: string, target: string): Truth {
  const { label, probabilities, value } = judgedOutputs(signature);
  const classed = label ?? probabilities;
  if (classed !== undefined) {
    const type = label?.type ?? (probabilities!.columns!.every((c) => typeof c === "number") ? "int64" : "string");
    const known = (probabilities?.columns ?? label?.classes ?? []).map((c) => labelKey(c, type));
    const keys = values.map((v) => labelKey(v, type));
    const classes = known.length > 0 ? known : [...new Set(keys)].sort();
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
