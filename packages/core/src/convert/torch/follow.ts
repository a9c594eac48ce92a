// From inputs and a way to follow the model to a graph with its signature. An input whose shape the file does not tell is
// followed as such until an operator tells it; then everything begins again.

import { GraphBuilder, serializeModel, type Dim } from "../../onnx/index.ts";
import type { Output, Signature, TensorRows } from "../../package/index.ts";
import type { ImportedGraph } from "../imported.ts";
import { torchError } from "./errors.ts";
import { ShapeFound, TorchContext, type OpenShape } from "./operator.ts";
import { torchOperators } from "./registry.ts";
import { describeValue, DictValue, ListValue, OpenInput, TensorValue, type TorchValue } from "./values.ts";

export interface ModelInput {
  readonly name: string;
  /** undefined: the file does not tell. */
  readonly open: OpenShape | undefined;
}
export type FollowedModel = ImportedGraph;
export type Follow = (inputs: readonly TorchValue[], c: TorchContext) => TorchValue;

const MAX_INPUTS = 100;
const MAX_OUTPUTS = 1_000;

export function followModel(inputs: readonly ModelInput[], follow: Follow, className: string): FollowedModel {
  if (inputs.length === 0 || inputs.length > MAX_INPUTS) throw torchError("torch-operator", `the model takes ${inputs.length} tensors`, { hint: "Export a model that takes its data as tensors." });
  const shapes = inputs.map((i) => i.open);
  for (;;) {
    const graph = new GraphBuilder();
    const c = new TorchContext(graph, torchOperators);
    const values = inputs.map(({ name }, i) => {
      const known = shapes[i];
      return known ? new TensorValue(graph.input(name, known.type, known.shape)) : new OpenInput(i);
    });
    let result: TorchValue;
    try {
      result = follow(values, c);
    } catch (error) {
      if (!(error instanceof ShapeFound) || shapes[error.index]) throw error;
      shapes[error.index] = error.found;
      continue;
    }
    return finish(graph, inputs, shapes, result, className);
  }
}

function finish(graph: GraphBuilder, inputs: readonly ModelInput[], shapes: readonly (OpenShape | undefined)[], result: TorchValue, className: string): FollowedModel {
  const known = shapes.map((s, i): OpenShape => {
    if (!s) throw torchError("torch-operator", `no operator of the model tells the shape of its input ${inputs[i]!.name}`, { hint: "Trace the model with an example, or export it with torch.export." });
    return s;
  });
  const taken = new Set(inputs.map((i) => i.name));
  const named = outputsOf(result);
  const rows = rowsOf(known, named.map(([, v]) => v.value.shape));
  const outputs = named.map(([name, v]): Output => {
    const graphName = taken.has(name) ? `${name}/output` : name;
    graph.output(graphName, graph.op("Identity", [v.value]));
    const shape = v.value.shape ?? [null];
    return { name, graphName, kind: "value", type: v.value.type, rowShape: (rows === "none" ? shape : shape.slice(1)).map((d) => (typeof d === "number" ? d : -1)) };
  });
  const signature: Signature = {
    layout: "tensors", columns: [], extraColumns: "refused", tensorRows: rows, outputs,
    tensors: inputs.map((i, k) => ({ name: i.name, type: known[k]!.type, shape: known[k]!.shape.map((d) => d ?? -1) })),
  };
  const model = graph.finish();
  return { model: serializeModel(model), signature, opsets: Object.fromEntries(model.opsets.map((o) => [o.domain, o.version])), className, warnings: [] };
}

/** Rows may depend on each other in what a graph does: they are kept together. */
function rowsOf(inputs: readonly OpenShape[], outputs: readonly (readonly Dim[] | null)[]): TensorRows {
  const free = (shape: readonly Dim[] | null): boolean => shape !== null && shape[0] === "N";
  return inputs.every((i) => i.shape[0] === "N") && outputs.every(free) ? "together" : "none";
}

/** One tensor is "output"; of several, each has its number or, in a dict, its key. */
function outputsOf(result: TorchValue): [string, TensorValue][] {
  if (result instanceof TensorValue) return [["output", result]];
  if (result instanceof DictValue) return checked([...result.entries].map(([k, v]) => [k === "" ? "output" : k, v]));
  if (!(result instanceof ListValue)) throw torchError("torch-operator", `the model gives ${describeValue(result)} instead of tensors`, { hint: "Export a model that gives tensors." });
  const parts = flat(result, 0).filter((v) => v !== null);
  return parts.length === 1 ? checked([["output", parts[0]!]]) : checked(parts.map((v, i) => [`output_${i}`, v]));
}
function flat(list: ListValue, depth: number): TorchValue[] {
  if (depth > 10) throw torchError("torch-limit", "the model's outputs are nested too deep");
  return list.items.flatMap((v) => (v instanceof ListValue ? flat(v, depth + 1) : [v]));
}
function checked(outputs: [string, TorchValue][]): [string, TensorValue][] {
  if (outputs.length === 0 || outputs.length > MAX_OUTPUTS) throw torchError("torch-operator", `the model gives ${outputs.length} outputs`);
  return outputs.map(([name, v]) => {
    if (!(v instanceof TensorValue)) throw torchError("torch-operator", `the model gives ${describeValue(v)} instead of a tensor`, { hint: "Export a model that gives tensors." });
    return [name, v];
  });
}
