// The signature of a graph that is served as it is: its inputs as tensors, its outputs by their names in the file, and
// what the first dimension of all of them is.

import type { Dim, Graph, ValueInfo } from "../../onnx/index.ts";
import { onnxError } from "../../onnx/index.ts";
import type { Output, Signature, TensorInput, TensorRows } from "../../package/index.ts";
import type { Meanings } from "./classifiers.ts";

/** `inputs` without the initializers that old files list among them. */
export function tensorSignature(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[], meanings: Meanings): Signature {
  const tensors = inputs.map(tensorInput);
  const tensorRows = rowsOf(inputs, outputs);
  return {
    layout: "tensors", tensors, tensorRows, columns: [], extraColumns: "refused",
    outputs: outputs.map((info) => output(info, tensorRows, meanings)),
  };
}

function tensorInput(info: ValueInfo): TensorInput {
  const where = { where: `input ${JSON.stringify(info.name)}` };
  if (info.type === null) throw onnxError("onnx-unsupported", `the model takes ${info.typeText ?? "a value without a type"} as ${JSON.stringify(info.name)}; tensors are taken, but no maps, sequences or optional values`, { ...where, hint: "Export the model so that its inputs are tensors." });
  if (info.shape === null) throw onnxError("onnx-unsupported", `the model does not say how many dimensions its input ${JSON.stringify(info.name)} has`, { ...where, hint: "Export the model with the shapes of its inputs; sizes may stay open." });
  return { name: info.name, type: info.type, shape: info.shape.map((d) => d ?? -1) };
}

/**
 * Rows, where every input begins with one open dimension of the same name, or without names, and no output begins with
 * a fixed one. One row a call, where all of them begin with 1.
 */
export function rowsOf(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): TensorRows {
  const first = (info: ValueInfo): Dim | undefined => info.shape![0];
  const begins = inputs.map(first);
  const ends = outputs.filter((o) => o.shape !== null).map(first);
  if (begins.length === 0 || begins.includes(undefined) || ends.includes(undefined)) return "none";
  if (begins.every((d) => d === 1)) return ends.every((d) => d === 1 || typeof d !== "number") ? "one" : "none";
  if (begins.some((d) => typeof d === "number") || ends.some((d) => typeof d === "number")) return "none";
  return new Set(begins.filter((d) => d !== null)).size <= 1 ? "together" : "none";
}

function output(info: ValueInfo, rows: TensorRows, meanings: Meanings): Output {
  const type = info.type!;
  const sizes = info.shape === null ? [-1] : (rows === "none" ? info.shape : info.shape.slice(1)).map((d) => (typeof d === "number" ? d : -1));
  const { kind, classes } = meanings.of(info.name);
  const width = sizes.length === 1 ? sizes[0]! : undefined;
  const isLabel = kind === "label" && rows !== "none" && sizes.length <= 1;
  const names = (kind === "probabilities" || kind === "score") && classes !== undefined && width !== undefined && (width === -1 || width === classes.length);
  const rowShape = names ? [classes.length] : isLabel && width === 1 ? [] : sizes;
  return {
    name: info.name, graphName: info.name, kind: kind === "label" && !isLabel ? "value" : kind, type, rowShape,
    ...(names ? { columns: classes } : {}),
    ...(isLabel && classes !== undefined ? { classes } : {}),
  };
}

/** The inputs that have to be given: before IR version 4 every initializer is listed among them as well. */
export function givenInputs(graph: Graph): ValueInfo[] {
  const initialized = new Set(graph.initializers.map((i) => i.name));
  return graph.inputs.filter((i) => !initialized.has(i.name));
}
