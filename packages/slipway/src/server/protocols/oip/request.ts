// An inference request of the Open Inference Protocol v2 over REST, with the binary tensor extension
// (https://github.com/kserve/open-inference-protocol, Triton's extension_binary_data.md): JSON, then the binary inputs'
// bytes in the inputs' order. `Inference-Header-Content-Length` is the JSON's length; 0 means that the body is raw data.

import { parseJson, readNumbersJson } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";
import { DATATYPES, isDatatype, readByteStrings, readFixed, type Datatype } from "./datatype.ts";

export interface InputTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Row-major; null where JSON had null. */
  readonly data: ArrayLike<unknown>;
}
export interface RequestedOutput {
  readonly name: string;
  readonly binary: boolean;
  /** So many of the highest values in its place (see classification.ts). */
  readonly classes?: number;
}
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly InputTensor[];
  /** undefined: all. */
  readonly outputs: readonly RequestedOutput[] | undefined;
  /** For outputs that say nothing themselves. */
  readonly binaryOutput: boolean;
  /** Microseconds that the request has, from when it came. */
  readonly timeoutUs?: number;
  /** 1 is first. */
  readonly priority?: number;
}
/** A body without JSON. */
export interface RawRequest {
  readonly raw: Uint8Array;
}

const MAX_INPUTS = 100_000;
const MAX_RANK = 16;
const MAX_ELEMENTS = 2 ** 28;

const bad = (message: string, hint?: string): Error => serverError("tensor-invalid", message, { hint });

export function readInferRequest(body: Uint8Array, headerLength: string | undefined, decode: (bytes: Uint8Array) => string): InferRequest | RawRequest {
  let jsonLength = body.length;
  if (headerLength !== undefined) {
    const length = /^\d{1,15}$/.test(headerLength.trim()) ? Number(headerLength) : NaN;
    if (!(length <= body.length)) {
      throw bad(`Inference-Header-Content-Length is ${JSON.stringify(headerLength.slice(0, 40))}, the body has ${body.length} bytes`, "It is the number of bytes of JSON before the binary data, counted after decompression.");
    }
    if (length === 0) return { raw: body };
    jsonLength = length;
  }
  const text = body.subarray(0, jsonLength);
  const json = readNumbersJson(text) ?? parseJson(decode(text));
  if (!isObject(json)) throw bad("the request is not a JSON object");
  if (json["id"] !== undefined && typeof json["id"] !== "string") throw bad('"id" is not a string');
  const parameters = readParameters(json["parameters"], "the request");
  const inputs = json["inputs"];
  if (!Array.isArray(inputs) || inputs.length === 0) throw bad('the request has no "inputs"', "They are a list of {name, shape, datatype, data}.");
  if (inputs.length > MAX_INPUTS) throw bad(`the request has ${inputs.length} inputs`);
  const binary = new BinaryPart(body.subarray(jsonLength));
  const seen = new Set<string>();
  const tensors = inputs.map((input: unknown, i) => {
    const tensor = readTensor(input, i, binary, decode);
    if (seen.has(tensor.name)) throw bad(`the input ${JSON.stringify(tensor.name)} is there twice`);
    seen.add(tensor.name);
    return tensor;
  });
  if (binary.left > 0) throw bad(`${binary.left} bytes follow the last binary input`, "The inputs' binary_data_size add up to the bytes after the JSON.");
  return { id: json["id"] as string | undefined, inputs: tensors, outputs: readOutputs(json["outputs"], parameters["binary_data_output"] === true), binaryOutput: parameters["binary_data_output"] === true, ...readSchedule(parameters) };
}

class BinaryPart {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  take(count: number): Uint8Array | undefined {
    if (count > this.left) return undefined;
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

function readTensor(input: unknown, i: number, binary: BinaryPart, decode: (bytes: Uint8Array) => string): InputTensor {
  if (!isObject(input)) throw bad(`input ${i} is not an object`);
  const name = input["name"];
  if (typeof name !== "string" || name === "") throw bad(`input ${i} has no "name"`);
  const label = `input ${JSON.stringify(name.slice(0, 200))}`;
  const datatype = input["datatype"];
  if (!isDatatype(datatype)) throw bad(`${label}: "datatype" is ${JSON.stringify(datatype)?.slice(0, 60) ?? "missing"}`, `It is one of ${Object.keys(DATATYPES).join(", ")}.`);
  const shape = readShape(input["shape"], label);
  const count = shape.reduce((n, d) => n * d, 1);
  const parameters = readParameters(input["parameters"], label);
  if (parameters["shared_memory_region"] !== undefined) throw bad(`${label}: shared memory is not offered`, "Send the data in the request.");
  const size = parameters["binary_data_size"];
  if (size === undefined) {
    if (input["data"] === undefined) throw bad(`${label} has no "data"`, "It is a list, or comes as binary data with the parameter binary_data_size.");
    return { name, datatype, shape, data: readJsonData(input["data"], datatype, count, shape, label) };
  }
  if (input["data"] !== undefined) throw bad(`${label} has both "data" and binary data`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw bad(`${label}: binary_data_size is ${JSON.stringify(size)}`);
  const bytes = binary.take(size);
  if (bytes === undefined) throw bad(`${label}: binary_data_size is ${size}, but ${binary.left} bytes are left in the body`);
  return { name, datatype, shape, data: readBinaryData(bytes, datatype, count, shape, label, decode) };
}

export function readBinaryData(bytes: Uint8Array, datatype: Datatype, count: number, shape: readonly number[], label: string, decode: (bytes: Uint8Array) => string): ArrayLike<unknown> {
  if (datatype === "BYTES") {
    const elements = readByteStrings(bytes, count);
    if (elements === undefined) throw bad(`${label}: its ${bytes.length} bytes are not ${count} texts, each after its length as a little-endian 32-bit number`);
    return elements.map(decode);
  }
  const expected = count * DATATYPES[datatype].size;
  if (bytes.length !== expected) throw bad(`${label}: shape [${shape.join(", ")}] of ${datatype} takes ${expected} bytes, found ${bytes.length}`);
  return readFixed(bytes, datatype);
}

export function readShape(value: unknown, label: string): number[] {
  if (!Array.isArray(value) || value.length > MAX_RANK) throw bad(`${label}: "shape" is ${value === undefined ? "missing" : "not a list of up to 16 sizes"}`);
  let count = 1;
  for (const d of value as unknown[]) {
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 0) throw bad(`${label}: "shape" holds ${JSON.stringify(d)}; sizes are whole numbers from 0`);
    count *= d;
    // Also when another size is 0: a product that overflows is nonsense whatever it is multiplied with.
    if (d > MAX_ELEMENTS || count > MAX_ELEMENTS) throw bad(`${label}: shape [${value.join(", ")}] is too large`);
  }
  return value as number[];
}

function readJsonData(data: unknown, datatype: Datatype, count: number, shape: readonly number[], label: string): ArrayLike<unknown> {
  if (!isList(data)) throw bad(`${label}: "data" is not a list`);
  if (datatype === "FP16" || datatype === "BF16") throw bad(`${label}: ${datatype} cannot be written in JSON`, "Send it as binary data, or as FP32.");
  const flat = Array.isArray(data) && data.some(isList) ? flatten(data, label) : data;
  if (flat.length !== count) throw bad(`${label}: shape [${shape.join(", ")}] takes ${count} values, "data" has ${flat.length}`);
  const { range } = DATATYPES[datatype];
  if (flat instanceof Float64Array && range === undefined && datatype !== "BOOL") return flat;
  for (let i = 0; i < flat.length; i++) {
    const value: unknown = flat[i];
    if (value === null) continue;
    // Numbers among BYTES are left to the model: some text columns take whole numbers as well.
    const fits = datatype === "BYTES" ? typeof value === "string" || typeof value === "number"
      : datatype === "BOOL" ? typeof value === "boolean" || value === 0 || value === 1
      : typeof value === "boolean" ? true
      : range === undefined ? typeof value === "number" || value === "NaN" || value === "Infinity" || value === "-Infinity"
      : typeof value === "number" && Number.isInteger(value) && value >= range[0] && value <= range[1];
    if (!fits) throw bad(`${label}: value ${i} is ${JSON.stringify(value)?.slice(0, 60)}, which is no ${datatype}${range === undefined || datatype.endsWith("64") ? "" : ` (${range[0]} to ${range[1]})`}`);
  }
  return flat;
}

/** Nested lists of any depth that the reader lets through (64), row-major. */
function flatten(data: ArrayLike<unknown>, label: string): unknown[] {
  const out: unknown[] = [];
  const walk = (list: ArrayLike<unknown>, depth: number): void => {
    if (depth > MAX_RANK) throw bad(`${label}: "data" is nested too deeply`);
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (isList(value)) walk(value, depth + 1);
      else out.push(value);
    }
  };
  walk(data, 1);
  return out;
}

function isList(value: unknown): value is unknown[] | Float64Array {
  return Array.isArray(value) || value instanceof Float64Array;
}

function readOutputs(value: unknown, binaryDefault: boolean): RequestedOutput[] | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  if (!Array.isArray(value) || value.length > MAX_INPUTS) throw bad('"outputs" is not a list of {name}');
  return value.map((output: unknown, i) => {
    if (!isObject(output) || typeof output["name"] !== "string") throw bad(`output ${i} has no "name"`);
    const parameters = readParameters(output["parameters"], `output ${JSON.stringify(output["name"].slice(0, 200))}`);
    if (parameters["shared_memory_region"] !== undefined) throw bad(`output ${JSON.stringify(output["name"])}: shared memory is not offered`, "Ask for the output itself.");
    const { binary_data: binary, classification = 0 } = parameters;
    if (!Number.isInteger(classification) || (classification as number) < 0) throw bad(`output ${JSON.stringify(output["name"])}: classification is not a number of classes`);
    return { name: output["name"], binary: typeof binary === "boolean" ? binary : binaryDefault, ...(classification === 0 ? {} : { classes: classification as number }) };
  });
}

/** `timeout`, in microseconds, and `priority`, of which 0 says nothing. */
export function readSchedule({ timeout, priority }: Readonly<Record<string, unknown>>): Pick<InferRequest, "timeoutUs" | "priority"> {
  if (timeout !== undefined && !isCount(timeout)) throw bad(`"timeout" is ${JSON.stringify(timeout)?.slice(0, 60)}`, "It is a whole number of microseconds.");
  if (priority !== undefined && !isCount(priority)) throw bad(`"priority" is ${JSON.stringify(priority)?.slice(0, 60)}`, "It is a whole number; 1 is first.");
  return { ...(timeout === undefined || timeout === 0 ? {} : { timeoutUs: timeout }), ...(priority === undefined || priority === 0 ? {} : { priority }) };
}
function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readParameters(value: unknown, label: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw bad(`${label}: "parameters" is not an object`);
  return value;
}
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
