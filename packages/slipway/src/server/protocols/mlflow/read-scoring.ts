// MLflow's scoring requests as JSON: exactly one of dataframe_split, dataframe_records, instances and inputs, beside
// params. https://mlflow.org/docs/latest/genai/serving/ and mlflow/pyfunc/scoring_server/__init__.py of 3.18
// Texts also come as {"prompt" | "input": text}, which is answered without the key `predictions`.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError, readInput } from "../../../runtime/index.ts";
import { decodeB64 } from "../tfs/decode-b64.ts";
import { isObject, readInputs, readInstances } from "../tfs/read-predict.ts";
import { chosenOutputs } from "../shared/chosen-outputs.ts";

export interface ScoringRequest {
  readonly input: ModelInput;
  readonly outputs: readonly string[] | undefined;
  /** The answer is the predictions alone. */
  readonly bare: boolean;
}

const FORMS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

const bad = (message: string, hint?: string): Error => predictError("request-shape", message, { hint });

/** undefined: not MLflow's form. @throws SlipwayError request-shape */
export function readScoringRequest(body: unknown, signature: Signature): ScoringRequest | undefined {
  if (!isObject(body)) return undefined;
  const names = new Set(signature.columns.map((c) => c.name));
  const given = FORMS.filter((form) => Object.hasOwn(body, form) && !names.has(form));
  if (given.length === 0) return readUnified(body, signature, names);
  const [form] = given;
  if (form === undefined || given.length > 1) throw bad(`the request has ${given.map((g) => JSON.stringify(g)).join(" and ")}`, `It has exactly one of ${FORMS.join(", ")}.`);
  if (body["signature_name"] !== undefined) throw bad('"signature_name" is not understood here', 'Choose outputs by {"params": {"outputs": [...]}}.');
  return { input: readForm(form, body[form], signature), outputs: chosenOutputs(body["params"], "params"), bare: false };
}

function readForm(form: (typeof FORMS)[number], value: unknown, signature: Signature): ModelInput {
  switch (form) {
    case "dataframe_split": return readSplit(value, signature);
    case "dataframe_records":
      if (!Array.isArray(value) || !value.every(isObject)) throw bad('"dataframe_records" is no list of objects');
      if (value.length === 0) throw bad('"dataframe_records" is empty');
      return { kind: "records", records: value };
    case "instances": return readInstances(decodeB64(value), signature);
    case "inputs": {
      const inputs = decodeB64(value);
      if (Array.isArray(inputs) && inputs.length > 0 && inputs.every(isObject)) return readInstances(inputs, signature);
      if (typeof inputs === "string") return readInput(inputs, signature);
      return readInputs(inputs, signature);
    }
  }
}

/** pandas' `split` orientation; without columns the values stand in the model's order. */
export function readSplit(value: unknown, signature: Signature): ModelInput {
  if (!isObject(value)) throw bad('"dataframe_split" is no object', 'It is {"columns": [...], "data": [[...], ...]}.');
  const strange = Object.keys(value).find((key) => !["columns", "index", "data"].includes(key));
  if (strange !== undefined) throw bad(`"dataframe_split" has the key ${JSON.stringify(strange.slice(0, 100))}`, "It has only columns, index and data.");
  const { columns, data } = value;
  if (!Array.isArray(data) || !data.every(Array.isArray)) throw bad('"data" in "dataframe_split" is no list of rows');
  if (data.length === 0) throw bad('"data" in "dataframe_split" is empty');
  const rows = data as readonly (readonly unknown[])[];
  if (columns === undefined || isRange(columns)) return signature.layout === "text" ? { kind: "texts", texts: rows.map((r) => r[0]) } : { kind: "rows", rows };
  if (!Array.isArray(columns) || !columns.every((c) => typeof c === "string")) throw bad('"columns" in "dataframe_split" is no list of names');
  const twice = columns.find((c, i) => columns.indexOf(c) !== i);
  if (twice !== undefined) throw bad(`"dataframe_split" names the column ${JSON.stringify(twice)} twice`);
  const uneven = rows.findIndex((row) => row.length !== columns.length);
  if (uneven >= 0) throw bad(`row ${uneven + 1} of "dataframe_split" has ${rows[uneven]!.length} values for ${columns.length} columns`);
  const byName = Object.create(null) as Record<string, unknown[]>;
  columns.forEach((name, j) => (byName[name as string] = rows.map((row) => row[j])));
  return { kind: "columns", columns: byName };
}

/** 0, 1, 2 ...: how pandas names columns that have no names. */
function isRange(columns: unknown): boolean {
  return Array.isArray(columns) && columns.length > 0 && columns.every((c, i) => c === i);
}

function readUnified(body: Readonly<Record<string, unknown>>, signature: Signature, names: ReadonlySet<string>): ScoringRequest | undefined {
  const key = ["prompt", "input"].find((k) => Object.hasOwn(body, k) && !names.has(k));
  if (Object.hasOwn(body, "messages") && !names.has("messages")) throw bad("the model does not chat", `Send rows as one of ${FORMS.join(", ")}.`);
  if (key === undefined || signature.layout !== "text") return undefined;
  const value = body[key];
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((t) => typeof t === "string")) throw bad(`${JSON.stringify(key)} is no text`);
  return { input: { kind: "texts", texts }, outputs: undefined, bare: true };
}
