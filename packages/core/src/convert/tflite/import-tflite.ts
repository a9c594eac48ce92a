// TensorFlow Lite models, as tf.lite.Interpreter() computes them: the builtin operators' arithmetic in float32, or in whole
// numbers as XNNPACK's kernels round (x86, TensorFlow 2.21), which that interpreter uses unless it is told otherwise.

import { SlipwayError } from "../../base/index.ts";
import { GraphBuilder, serializeModel, type Value } from "../../onnx/index.ts";
import type { Output, Signature, TensorInput, TensorRows } from "../../package/index.ts";
import type { ImportedModel } from "../imported.ts";
import { convertError } from "../conversion/errors.ts";
import { LiteContext } from "./context.ts";
import { tfliteError } from "./errors.ts";
import { readLiteModel, type LiteTensor } from "./model.ts";
import { runOperators } from "./run-operators.ts";

export function importTflite(bytes: Uint8Array): ImportedModel {
  try {
    return convert(bytes);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== "onnx-internal") throw error;
    throw convertError("malformed-model", `the model's operators do not fit each other: ${error.message}`, { cause: error });
  }
}

function convert(bytes: Uint8Array): ImportedModel {
  const { main: model, graphs } = readLiteModel(bytes);
  const graph = new GraphBuilder();
  const c = new LiteContext(model, graphs, graph, runOperators);
  const inputs = model.inputs.map((i) => model.tensors[i]!);
  const names = uniqueNames(inputs);
  const tensors = inputs.map((t, i): TensorInput => {
    if (t.type === "string") throw tfliteError("unsupported-operator", `the model takes texts as ${JSON.stringify(names[i])}, which is not compiled`);
    const type = t.lowered ? "uint8" : t.type;
    const value = graph.input(names[i]!, type, t.signature.map((d, k) => (d === -1 ? (k === 0 ? "N" : null) : d)));
    c.values.set(t.index, t.lowered ? moved(c, value, -128, "int8") : value);
    return { name: names[i]!, type, shape: t.signature };
  });
  runOperators(c);
  const ends = model.outputs.map((i) => model.tensors[i]!);
  const taken = new Set(names);
  const rows = rowsOf(inputs);
  const outputs = uniqueNames(ends).map((name, i): Output => {
    const made = c.values.get(ends[i]!.index);
    const value = made && ends[i]!.lowered ? moved(c, made, 128, "uint8") : made;
    if (!value) throw convertError("malformed-model", `the output ${JSON.stringify(name)} is never made`);
    const graphName = taken.has(name) ? `${name}/output` : name;
    graph.output(graphName, graph.op("Identity", [value]));
    const shape = value.shape ?? ends[i]!.signature;
    return { name, graphName, kind: "value", type: value.type, rowShape: (rows === "none" ? shape : shape.slice(1)).map((d) => (typeof d === "number" ? d : -1)) };
  });
  const signature: Signature = { layout: "tensors", columns: [], extraColumns: "refused", tensors, tensorRows: rows, outputs };
  const finished = graph.finish();
  return {
    format: "TensorFlow Lite",
    compiled: { model: serializeModel(finished), signature, opsets: Object.fromEntries(finished.opsets.map((o) => [o.domain, o.version])), className: "tflite.Model", warnings: [...c.warnings] },
    producer: {},
  };
}

/** Bytes with and without their sign. */
function moved(c: LiteContext, x: Value, by: number, to: "int8" | "uint8"): Value {
  return c.o.cast(c.o.add(c.o.cast(x, "int32"), by), to);
}

function rowsOf(inputs: readonly LiteTensor[]): TensorRows {
  const first = inputs.map((t) => t.signature[0]);
  if (first.every((d) => d === -1)) return "independent";
  return first.every((d) => d === 1) ? "one" : "none";
}

function uniqueNames(tensors: readonly LiteTensor[]): string[] {
  const used = new Set<string>();
  return tensors.map((t) => {
    let name = t.name === "" ? `tensor_${t.index}` : t.name;
    while (used.has(name)) name += "_1";
    used.add(name);
    return name;
  });
}
