// A TensorFlow Serving predict request -> the runtime's input. `instances` (row format): a list of values, lists or
// objects; `inputs` (columnar format): a list, or an object of whole inputs. Exactly one of them.
// https://www.tensorflow.org/tfx/serving/api_rest and tensorflow_serving/util/json_tensor.cc

import type { Signature } from "@slipway/core/package";
import { type ModelInput, parseJson, predictError, readInput, usedColumns } from "../../../runtime/index.ts";
import { decodeB64 } from "./decode-b64.ts";

export interface PredictRequest {
  readonly input: ModelInput;
  readonly format: "row" | "columnar";
  readonly signatureName: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

export function bad(message: string, hint?: string): Error {
  return predictError("request-shape", message, { hint });
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The request's object as it was sent. @throws SlipwayError request-json, request-shape */
export function readRequestObject(text: string): Json {
  const body = parseJson(text);
  if (!isObject(body)) throw bad("the request is no JSON object", 'Send {"instances": [...]}.');
  return body;
}

export function readSignatureName(body: Json): string | undefined {
  const name = body["signature_name"];
  if (name !== undefined && typeof name !== "string") throw bad('"signature_name" is no text');
  return name === "" ? undefined : name;
}

/** @throws SlipwayError request-shape, request-limit */
export function readPredictRequest(given: Json, signature: Signature): PredictRequest {
  const body = decodeB64(given) as Json;
  const signatureName = readSignatureName(body);
  const { instances, inputs } = body;
  if (instances !== undefined && inputs !== undefined) throw bad('the request has both "instances" and "inputs"', 'Send rows as "instances", or whole inputs as "inputs".');
  if (instances !== undefined) return { input: readInstances(instances, signature), format: "row", signatureName };
  if (inputs !== undefined) return { input: readInputs(inputs, signature), format: "columnar", signatureName };
  throw bad('the request has neither "instances" nor "inputs"', 'Send {"instances": [...]}, one entry a row.');
}

/** One entry a row: objects by input name, lists, or bare values. */
export function readInstances(instances: unknown, signature: Signature): ModelInput {
  if (!Array.isArray(instances)) throw bad('"instances" is no list', "It has one entry a row.");
  if (instances.length === 0) throw bad('"instances" is empty', "It has one entry a row.");
  const list = instances as readonly unknown[];
  const objects = isObject(list[0]);
  const mixed = list.findIndex((v) => isObject(v) !== objects);
  if (mixed >= 0) throw bad(`"instances" mixes objects with values: entry ${mixed} is ${objects ? "no object" : "an object"} and entry 0 is ${objects ? "one" : "none"}`);
  if (!objects) return readList(list, signature);
  const records = list as readonly Json[];
  if (signature.layout === "tensors") return { kind: "records", records };
  const { matrixName } = signature;
  if (signature.layout === "matrix" && matrixName !== undefined && records.every((r) => Array.isArray(r[matrixName]))) return { kind: "rows", rows: records.map((r) => r[matrixName]) };
  return { kind: "records", records: records.map(unwrapRecord) };
}

/** Values of shape [1], as a tensor [N, 1] has them, for values. */
function unwrapRecord(record: Json): Json {
  if (!Object.values(record).some(isSingle)) return record;
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(record)) plain[name] = unwrap(value);
  return plain;
}
function isSingle(value: unknown): value is readonly [unknown] {
  return Array.isArray(value) && value.length === 1;
}
function unwrap(value: unknown): unknown {
  return isSingle(value) ? value[0] : value;
}

function readList(list: readonly unknown[], signature: Signature): ModelInput {
  switch (signature.layout) {
    case "tensors": return { kind: "rows", rows: list };
    case "text": return { kind: "texts", texts: list.map(unwrap) };
    case "matrix":
    case "columns": {
      if (list.some(Array.isArray)) return { kind: "rows", rows: list };
      const [only, second] = usedColumns(signature);
      if (only === undefined || second !== undefined) throw bad(`a row is ${signature.columns.length} values, and "instances" holds single ones`, "Send a list, or an object with one value a column, for every row.");
      return { kind: "columns", columns: { [only.name]: list } };
    }
  }
}

/** Whole inputs: an object by name, or, of a model with one input, its rows. */
export function readInputs(inputs: unknown, signature: Signature): ModelInput {
  if (!isObject(inputs)) {
    if (!Array.isArray(inputs)) throw bad('"inputs" is neither an object nor a list');
    if (inputs.length === 0) throw bad('"inputs" is empty');
    return readList(inputs, signature);
  }
  if (signature.layout === "tensors") return readInput({ inputs }, signature);
  const names = Object.keys(inputs);
  if (names.length === 0) throw bad('"inputs" is empty');
  const { matrixName } = signature;
  if (signature.layout === "matrix" && names.length === 1 && matrixName !== undefined && Object.hasOwn(inputs, matrixName)) return readInputs(inputs[matrixName], signature);
  const columns = Object.create(null) as Record<string, readonly unknown[]>;
  for (const name of names) {
    const values = inputs[name];
    if (!Array.isArray(values)) throw bad(`the input ${JSON.stringify(name.slice(0, 100))} is no list`, "Every input has one value a row.");
    columns[name] = values.map(unwrap);
  }
  return { kind: "columns", columns };
}
