// Tensors of a request -> the runtime's input; and the model's inputs and outputs as metadata.
// One tensor [N] or [N, 1] a column; or one tensor [N, F] of any name that holds all columns, where all are numbers.

import type { Column, Signature } from "@slipway/core/package";
import { nearest } from "@slipway/core/base";
import { exampleRequest, exampleValue, type Servable, type ModelInput } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";
import { columnDatatype, DATATYPES, elementDatatype, outputDatatype, type Datatype } from "./datatype.ts";
import { readBinaryData, type InputTensor } from "./request.ts";

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export function inputMetadata(signature: Signature): TensorMetadata[] {
  if (signature.tensors) {
    const rows = signature.tensorRows !== "none";
    return signature.tensors.map((t) => ({ name: t.name, datatype: elementDatatype(t.type), shape: t.shape.map((d, i) => (typeof d === "string" || (rows && i === 0) ? -1 : d)) }));
  }
  if (signature.layout === "matrix") return [{ name: signature.matrixName ?? "X", datatype: "FP64", shape: [-1, signature.columns.length] }];
  return signature.columns.filter((c) => c.used).map((c) => ({ name: c.name, datatype: columnDatatype(c), shape: [-1, 1] }));
}

export function outputMetadata(signature: Signature): TensorMetadata[] {
  return signature.outputs.map((o) => ({
    name: o.name, datatype: outputDatatype(o), shape: signature.tensorRows === "none" ? o.rowShape : [-1, ...o.rowShape],
    ...(o.columns !== undefined && o.columns.length <= 10_000 ? { parameters: { labels: o.columns } } : {}),
  }));
}

export function toModelInput(inputs: readonly InputTensor[], signature: Signature): ModelInput {
  if (signature.layout === "tensors") return { kind: "tensors", tensors: Object.fromEntries(inputs.map((t) => [t.name, t])) };
  const packed = packedColumns(inputs, signature);
  if (packed !== undefined) return fromMatrix(inputs[0]!, packed, signature);
  const names = new Set(signature.columns.map((c) => c.name));
  const columns = Object.create(null) as Record<string, ArrayLike<unknown>>;
  let rows: number | undefined;
  for (const tensor of inputs) {
    const label = `input ${JSON.stringify(tensor.name.slice(0, 200))}`;
    if (!names.has(tensor.name) && (signature.extraColumns === "refused" || signature.layout !== "columns")) {
      const expected = inputMetadata(signature).map((m) => m.name);
      const near = nearest(tensor.name, expected);
      throw serverError("tensor-invalid", `the model has no ${label}`, { hint: `${near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `}Its inputs: ${expected.slice(0, 40).join(", ")}${expected.length > 40 ? ", ..." : ""}.` });
    }
    const { shape } = tensor;
    if (shape.length === 0 || shape.length > 2 || (shape.length === 2 && shape[1] !== 1)) throw serverError("tensor-invalid", `${label}: expected shape [N] or [N, 1], found [${shape.join(", ")}]`);
    rows ??= shape[0]!;
    if (shape[0] !== rows) throw serverError("tensor-invalid", `${label} has ${shape[0]} rows, ${JSON.stringify(inputs[0]!.name)} has ${rows}`);
    const column = signature.columns.find((c) => c.name === tensor.name);
    if (column?.used === true) checkDatatype(tensor, column, label);
    columns[tensor.name] = tensor.data;
  }
  return { kind: "columns", columns };
}

function checkDatatype(tensor: InputTensor, column: Column, label: string): void {
  if ((tensor.datatype === "BYTES") !== (column.type === "string") && !(column.wholeNumbers === true && /^(U?INT|BOOL)/.test(tensor.datatype))) {
    throw serverError("tensor-invalid", `${label}: expected ${columnDatatype(column)}${column.type === "string" ? "" : " or another number type"}, found ${tensor.datatype}`);
  }
}

/** The columns that a single matrix stands for, or undefined when the inputs are columns. */
function packedColumns(inputs: readonly InputTensor[], signature: Signature): readonly Column[] | undefined {
  const [tensor] = inputs;
  if (inputs.length !== 1 || tensor === undefined) return undefined;
  if (signature.layout === "matrix" && tensor.name === signature.matrixName) return signature.columns;
  if (tensor.datatype === "BYTES") return undefined;
  if (signature.columns.some((c) => c.name === tensor.name) || tensor.shape.length !== 2 || tensor.shape[1]! < 2) return undefined;
  const used = signature.columns.filter((c) => c.used);
  if (used.some((c) => c.type === "string")) return undefined;
  return tensor.shape[1] === signature.columns.length ? signature.columns : used;
}

function fromMatrix(tensor: InputTensor, columns: readonly Column[], signature: Signature): ModelInput {
  const width = columns.length;
  const label = `input ${JSON.stringify(tensor.name.slice(0, 200))}`;
  if (tensor.datatype === "BYTES") throw serverError("tensor-invalid", `${label}: expected FP64 or another number type, found BYTES`);
  if (tensor.shape.length !== 2 || tensor.shape[1] !== width) {
    throw serverError("tensor-invalid", `${label}: expected shape [N, ${width}], found [${tensor.shape.join(", ")}]`, { hint: `A row is ${width} numbers: ${columns.slice(0, 30).map((c) => c.name).join(", ")}${width > 30 ? ", ..." : ""}.` });
  }
  const rows = Array.from({ length: tensor.shape[0]! }, (_, i) => sliceOf(tensor.data, i * width, (i + 1) * width));
  if (columns === signature.columns) return { kind: "rows", rows };
  const byName = Object.create(null) as Record<string, ArrayLike<unknown>>;
  columns.forEach((c, j) => (byName[c.name] = rows.map((row) => row[j])));
  return { kind: "columns", columns: byName };
}

function sliceOf(data: ArrayLike<unknown>, start: number, end: number): ArrayLike<unknown> {
  if (Array.isArray(data)) return data.slice(start, end);
  return (data as Float64Array).subarray(start, end);
}

/** A body that is nothing but one tensor's bytes: its only open size follows from the length. */
export function rawInput(raw: Uint8Array, signature: Signature, decode: (bytes: Uint8Array) => string): InputTensor {
  const inputs = inputMetadata(signature);
  const [input] = inputs;
  if (inputs.length !== 1 || input === undefined) throw serverError("tensor-invalid", `raw data needs a model with one input; this one has ${inputs.length}`, { hint: "Send JSON, or JSON and binary data." });
  if (input.datatype === "BYTES") return { ...input, shape: input.shape.map(() => 1), data: [decode(raw)] };
  const open = input.shape.indexOf(-1);
  if (open >= 0 && input.shape.includes(-1, open + 1)) throw serverError("tensor-invalid", `raw data needs an input with one open size; this one has the shape [${input.shape.join(", ")}]`, { hint: "Send JSON, or JSON and binary data." });
  const rest = input.shape.filter((_, i) => i !== open);
  const rowBytes = rest.reduce((n, d) => n * d, DATATYPES[input.datatype].size);
  if (raw.length === 0 || raw.length % rowBytes !== 0 || (open < 0 && raw.length !== rowBytes)) throw serverError("tensor-invalid", `raw data: ${open < 0 ? "the input" : "a row"} of ${input.datatype} [${rest.join(", ")}] takes ${rowBytes} bytes, the body has ${raw.length}`);
  const shape = input.shape.map((d) => (d === -1 ? raw.length / rowBytes : d));
  return { ...input, shape, data: readBinaryData(raw, input.datatype, shape.reduce((n, d) => n * d, 1), shape, "raw data", decode) };
}

/** A valid request, for error messages and documentation. */
export function exampleInferRequest(model: Servable): object {
  const { signature } = model;
  if (signature.tensors) {
    const example = exampleRequest(signature) as { readonly inputs: Readonly<Record<string, unknown>> };
    return { inputs: inputMetadata(signature).map((t) => {
      const data = [example.inputs[t.name]].flat(Infinity);
      // 16-bit floats cannot be written in JSON; 32-bit ones are taken for them.
      return { ...t, datatype: t.datatype === "FP16" ? "FP32" : t.datatype, shape: t.shape.map((d) => (d === -1 ? 1 : d)), data };
    }) };
  }
  if (signature.layout === "matrix") {
    const [input] = inputMetadata(signature);
    return { inputs: [{ ...input, shape: [1, signature.columns.length], data: signature.columns.map(exampleValue) }] };
  }
  const columns = signature.columns.filter((c) => c.used);
  return { inputs: columns.map((c) => ({ name: c.name, shape: [1, 1], datatype: columnDatatype(c), data: [exampleForDatatype(c)] })) };
}
function exampleForDatatype(column: Column): unknown {
  const value = exampleValue(column);
  return typeof value === "boolean" && columnDatatype(column) === "FP64" ? Number(value) : value;
}
