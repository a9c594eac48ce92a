// An inference request over gRPC: tensors as raw bytes, one for each input in the inputs' order, or as typed contents.
// Triton's rules: all raw or all typed, INT8 and INT16 in int_contents, no typed form of 16-bit floats.

import { serverError } from "../../errors.ts";
import { DATATYPES, isDatatype, type Datatype } from "../../protocols/oip/datatype.ts";
import { readBinaryData, readSchedule, readShape, type InferRequest, type InputTensor, type RequestedOutput } from "../../protocols/oip/request.ts";
import type { Contents, ModelInferRequest, Parameter, Parameters } from "./messages.ts";

const bad = (message: string, hint?: string): Error => serverError("tensor-invalid", message, { hint });
const MAX_INPUTS = 100_000;

const MEMBER: Readonly<Record<Datatype, keyof Contents | undefined>> = {
  BOOL: "bool_contents", INT8: "int_contents", INT16: "int_contents", INT32: "int_contents", INT64: "int64_contents",
  UINT8: "uint_contents", UINT16: "uint_contents", UINT32: "uint_contents", UINT64: "uint64_contents",
  FP32: "fp32_contents", FP64: "fp64_contents", BYTES: "bytes_contents", FP16: undefined, BF16: undefined,
};
const MEMBERS = [...new Set(Object.values(MEMBER))].filter((m) => m !== undefined);

export function memberOf(datatype: Datatype): keyof Contents | undefined {
  return MEMBER[datatype];
}

/** @throws SlipwayError tensor-invalid, not-offered */
export function readGrpcRequest(request: ModelInferRequest, decode: (bytes: Uint8Array) => string): InferRequest {
  const { inputs, raw_input_contents: raw } = request;
  if (inputs.length === 0) throw bad("the request has no inputs", "ModelMetadata lists those of a model.");
  if (inputs.length > MAX_INPUTS) throw bad(`the request has ${inputs.length} inputs`);
  if (raw.length > 0 && raw.length !== inputs.length) throw bad(`the request has ${inputs.length} inputs and ${raw.length} raw_input_contents`, "Raw contents are one for each input, in the inputs' order.");
  const seen = new Set<string>();
  const tensors = inputs.map((input, i): InputTensor => {
    const { name, datatype } = input;
    if (name === "") throw bad(`input ${i} has no name`);
    const label = `input ${JSON.stringify(name.slice(0, 200))}`;
    if (seen.has(name)) throw bad(`the ${label} is there twice`);
    seen.add(name);
    if (!isDatatype(datatype)) throw bad(`${label}: the datatype is ${JSON.stringify(datatype.slice(0, 60))}`, `It is one of ${Object.keys(DATATYPES).join(", ")}.`);
    refuseSharedMemory(input.parameters, label);
    const shape = readShape(Array.from(input.shape), label);
    const count = shape.reduce((n, d) => n * d, 1);
    const given = input.contents === undefined ? [] : MEMBERS.filter((m) => input.contents![m].length > 0);
    if (raw.length > 0) {
      if (given.length > 0) throw bad(`${label} has contents, and the request has raw_input_contents`, "Send all inputs raw, or all with contents.");
      return { name, datatype, shape, data: readBinaryData(raw[i]!, datatype, count, shape, label, decode) };
    }
    return { name, datatype, shape, data: readContents(input.contents, given, datatype, count, shape, label, decode) };
  });
  const { parameters } = request;
  return { id: request.id, inputs: tensors, outputs: readOutputs(request), binaryOutput: true, ...(parameters.size === 0 ? {} : readSchedule({ timeout: numberOf(parameters.get("timeout")), priority: numberOf(parameters.get("priority")) })) };
}

function readContents(contents: Contents | undefined, given: readonly (keyof Contents)[], datatype: Datatype, count: number, shape: readonly number[], label: string, decode: (bytes: Uint8Array) => string): ArrayLike<unknown> {
  const member = MEMBER[datatype];
  if (member === undefined) throw bad(`${label}: ${datatype} has no typed contents`, "Send it in raw_input_contents, or as FP32.");
  const other = given.find((m) => m !== member);
  if (other !== undefined) throw bad(`${label} is ${datatype} and its values are in ${other}`, `They belong into ${member}.`);
  const values = contents?.[member] ?? [];
  if (values.length !== count) throw bad(`${label}: shape [${shape.join(", ")}] takes ${count} values, ${values.length === 0 ? "none came" : `${member} has ${values.length}`}`);
  if (member === "bytes_contents") return (values as readonly Uint8Array[]).map(decode);
  const { range } = DATATYPES[datatype];
  if (range !== undefined && DATATYPES[datatype].size < 4) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value < range[0] || value > range[1]) throw bad(`${label}: value ${i} is ${value}, which is no ${datatype} (${range[0]} to ${range[1]})`);
    }
  }
  return values;
}

function readOutputs({ outputs }: ModelInferRequest): RequestedOutput[] | undefined {
  if (outputs.length === 0) return undefined;
  return outputs.map((output, i) => {
    if (output.name === "") throw bad(`output ${i} has no name`);
    const label = `output ${JSON.stringify(output.name.slice(0, 200))}`;
    refuseSharedMemory(output.parameters, label);
    const classes = output.parameters.get("classification");
    if (classes === undefined) return { name: output.name, binary: true };
    const count = numberOf(classes);
    if (count === undefined || !Number.isInteger(count) || count < 0) throw bad(`${label}: classification is not a number of classes`);
    return { name: output.name, binary: true, ...(count === 0 ? {} : { classes: count }) };
  });
}

function refuseSharedMemory(parameters: Parameters, label: string): void {
  if (parameters.has("shared_memory_region")) throw serverError("not-offered", `${label}: shared memory is not offered`, { hint: "Send the data in the request." });
}

/** Of a parameter that is a number. */
function numberOf(parameter: Parameter | undefined): number | undefined {
  const value = parameter?.int64_param ?? parameter?.uint64_param ?? parameter?.double_param;
  return value === undefined ? undefined : Number(value);
}
