// Which of the understood forms a decoded request has.

import type { Signature } from "../package/index.ts";
import { nearest } from "../base/index.ts";
import type { ModelInput } from "./encode.ts";
import { predictError } from "./errors.ts";
import { exampleRequest } from "./example.ts";
import { preview } from "./problems.ts";
import { flatten, isList, onlyInput, type GivenTensor } from "./tensors.ts";

const WRAPPERS = ["records", "rows", "columns", "texts"] as const;

/**
 * - a list of objects: records; of lists: rows; of texts: texts; of numbers: one row of a matrix model
 * - `{"records": [...]}`, `{"rows": [[...]]}`, `{"columns": {name: [...]}}`, `{"texts": [...]}`
 * - an object whose values are all lists: columns; any other object: one record; a text: one text
 * A column that happens to have a wrapper's name wins over the wrapper.
 */
export function readInput(body: unknown, signature: Signature): ModelInput {
  if (signature.layout === "tensors" || isTensors(body, signature)) return readTensors(body, signature);
  if (typeof body === "string") return { kind: "texts", texts: [body] };
  if (Array.isArray(body)) return readList(body, signature);
  if (typeof body === "object" && body !== null) return readObject(body as Record<string, unknown>, signature);
  throw notUnderstood(preview(body), signature);
}

/** `{"inputs": ...}` of a model whose columns have no such name. */
function isTensors(body: unknown, signature: Signature): body is object {
  return typeof body === "object" && body !== null && Object.hasOwn(body, "inputs") && Object.keys(body).length === 1 && !signature.columns.some((c) => c.name === "inputs");
}

/**
 * - `{"inputs": {name: nested lists}}` or `{"inputs": [{name, shape, data}]}`: whole tensors
 * - a list of objects with one nested value an input, or one such object: records
 * - a list of lists (a model with one input): rows; a list of numbers: one row
 */
function readTensors(body: unknown, signature: Signature): ModelInput {
  if (Array.isArray(body)) {
    const first: unknown = body.find((v) => v !== null);
    if (typeof first === "object" && first !== null && !isList(first)) return { kind: "records", records: body };
    const only = onlyInput(signature);
    if (only && body.length > 0) return { kind: "rows", rows: only.shape.length > 1 && !isList(first) ? [body] : body };
    throw notUnderstood(preview(body), signature);
  }
  if (typeof body !== "object" || body === null) throw notUnderstood(preview(body), signature);
  const object = body as Readonly<Record<string, unknown>>;
  const isInput = (name: string): boolean => signature.tensors?.some((t) => t.name === name) ?? false;
  for (const wrapper of ["records", "rows"] as const) {
    const given = object[wrapper];
    const list = given instanceof Float64Array ? Array.from(given) : given;
    if (Array.isArray(list) && !isInput(wrapper)) return wrapper === "records" ? { kind: "records", records: list } : { kind: "rows", rows: list };
  }
  const { columns } = object;
  if (typeof columns === "object" && columns !== null && !Array.isArray(columns) && !isInput("columns")) {
    return { kind: "tensors", tensors: Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, flatten(value, `input ${JSON.stringify(name.slice(0, 100))}`, refuseFor(signature))])) };
  }
  if (!Object.hasOwn(object, "inputs") || (isInput("inputs") && !isProtocol(object["inputs"]))) return { kind: "records", records: [object] };
  const { inputs } = object;
  const refuse = refuseFor(signature);
  if (Array.isArray(inputs)) return { kind: "tensors", tensors: Object.fromEntries(inputs.map((t) => protocolTensor(t, refuse))) };
  if (typeof inputs !== "object" || inputs === null) throw notUnderstood(`"inputs" with ${preview(inputs)}`, signature);
  return { kind: "tensors", tensors: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, flatten(value, `input ${JSON.stringify(name.slice(0, 100))}`, refuse)])) };
}

/** A model whose input is called "inputs", as Keras calls it, takes [{name, data}] of the protocol all the same: values are no objects. */
function isProtocol(inputs: unknown): boolean {
  return Array.isArray(inputs) && inputs.length > 0 && inputs.every((t) => typeof t === "object" && t !== null && Object.hasOwn(t, "name") && Object.hasOwn(t, "data"));
}

function refuseFor(signature: Signature): (message: string, where?: string) => Error {
  return (message, where) => predictError("request-invalid", message, { ...(where === undefined ? {} : { where }), hint: "data.example is a valid request.", data: { example: exampleRequest(signature) } });
}

/** {name, shape, data} of the Open Inference Protocol; the data may be flat or nested. */
function protocolTensor(tensor: unknown, refuse: (message: string, where?: string) => Error): [string, GivenTensor] {
  const { name, shape, data } = (typeof tensor === "object" && tensor !== null ? tensor : {}) as Readonly<Record<string, unknown>>;
  if (typeof name !== "string" || !isList(data)) throw refuse('an input in "inputs" has no "name" or no list of "data"');
  const where = `input ${JSON.stringify(name.slice(0, 100))}`;
  const flat = flatten(data, where, refuse);
  if (shape === undefined) return [name, flat];
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0) || shape.reduce((n: number, d: number) => n * d, 1) !== flat.data.length) throw refuse(`${where}: shape ${JSON.stringify(shape).slice(0, 100)} does not hold ${flat.data.length} values`, where);
  return [name, { shape: shape as number[], data: flat.data }];
}

function readList(list: readonly unknown[], signature: Signature): ModelInput {
  const first = list.find((v) => v !== null && v !== undefined);
  if (Array.isArray(first)) return { kind: "rows", rows: list };
  if (typeof first === "string" && signature.layout === "text") return { kind: "texts", texts: list };
  if (typeof first === "string" && signature.layout === "columns" && signature.columns.filter((c) => c.used).length === 1) return { kind: "texts", texts: list };
  if (typeof first === "number" && signature.layout === "matrix") return { kind: "rows", rows: [list] };
  if (list.length === 0) throw notUnderstood("an empty list", signature);
  return { kind: "records", records: list };
}

function readObject(object: Readonly<Record<string, unknown>>, signature: Signature): ModelInput {
  const names = new Set(signature.columns.map((c) => c.name));
  const keys = Object.keys(object);
  for (const wrapper of WRAPPERS) {
    if (!Object.hasOwn(object, wrapper) || names.has(wrapper)) continue;
    const inner = object[wrapper];
    if (keys.length > 1) {
      const others = keys.filter((k) => k !== wrapper);
      throw predictError("request-shape", `beside ${JSON.stringify(wrapper)} stands ${JSON.stringify(others[0]!.slice(0, 100))}, which is not understood there`, { hint: `Send {${JSON.stringify(wrapper)}: ...} alone.` });
    }
    if (wrapper === "columns") {
      if (typeof inner !== "object" || inner === null || Array.isArray(inner)) throw notUnderstood(`"columns" with ${preview(inner)}`, signature, 'an object of lists: {"columns": {"name": [...]}}');
      return readColumns(inner as Record<string, unknown>, signature);
    }
    if (!Array.isArray(inner)) throw notUnderstood(`${JSON.stringify(wrapper)} with ${preview(inner)}`, signature, `a list: {${JSON.stringify(wrapper)}: [...]}`);
    return wrapper === "records" ? { kind: "records", records: inner } : wrapper === "rows" ? { kind: "rows", rows: inner } : { kind: "texts", texts: inner };
  }
  const only = keys.length === 1 ? keys[0]! : undefined;
  if (only !== undefined && !names.has(only) && Array.isArray(object[only]) && signature.extraColumns === "refused") {
    const near = nearest(only, [...names]) ?? nearest(only, WRAPPERS);
    if (near !== undefined && (WRAPPERS as readonly string[]).includes(near)) throw notUnderstood(JSON.stringify(only), signature, JSON.stringify(near));
  }
  if (keys.length > 0 && keys.every((k) => Array.isArray(object[k]))) return readColumns(object, signature);
  return { kind: "records", records: [object] };
}

function readColumns(object: Readonly<Record<string, unknown>>, signature: Signature): ModelInput {
  for (const [name, values] of Object.entries(object)) {
    if (!Array.isArray(values)) throw notUnderstood(`column ${JSON.stringify(name)} with ${preview(values)}`, signature, "a list of values for every column");
  }
  return { kind: "columns", columns: object as Record<string, unknown[]> };
}

function notUnderstood(found: string, signature: Signature, expected = "one record, a list of records, or {\"records\" | \"rows\" | \"columns\": ...}"): Error {
  return predictError("request-shape", `expected ${expected}, found ${found}`, { hint: "data.example is a valid request.", data: { example: exampleRequest(signature) } });
}
