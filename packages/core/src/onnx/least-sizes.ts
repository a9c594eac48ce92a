// The least sizes of a model's open dimensions: below them a convolution, a pooling or a padding would be left with a
// window that does not fit, where libraries refuse and engines fail or answer something. Found by following shapes
// through the graph with one dimension set and the others open, and halving.

import { InferenceError, tensorContent, WindowError, type Known } from "./infer/context.ts";
import { inferOutputs } from "./infer/infer.ts";
import type { Graph, Model } from "./model.ts";
import { findSchema } from "./schema.ts";
import type { Dim } from "./value.ts";

/** No least size is looked for beyond this. */
const MOST = 2 ** 14;
/** Nodes times tries: more is not followed. */
const MAX_STEPS = 2_000_000;
/** Of operators whose inputs or attributes changed, other versions than the newest are not followed. */
const AS_EVER = /^(Conv|ConvTranspose|ConvInteger|MaxPool|AveragePool|Transpose|Relu|LeakyRelu|PRelu|Sigmoid|Tanh|Add|Sub|Mul|Div|Max|Min|Clip|BatchNormalization|Identity|Concat|Cast|Elu|Selu|Neg|Abs|Exp|Sqrt|Pow|Erf|HardSigmoid|HardSwish|Softplus|Softmax|Shape|Gather)$/;

/** By input: the least size of each of its dimensions, 0 where there is none to tell. Inputs without any are left out. */
export function leastSizes(model: Model): ReadonlyMap<string, readonly number[]> {
  const { graph } = model;
  const found = new Map<string, readonly number[]>();
  const windows = graph.nodes.some((n) => /^(Conv|ConvTranspose|ConvInteger|QLinearConv|MaxPool|AveragePool|LpPool|Pad)$/.test(n.opType));
  if (!windows) return found;
  const given = new Set(graph.initializers.map((i) => i.name));
  const version = model.opsets.find((o) => o.domain === "" || o.domain === "ai.onnx")?.version ?? 1;
  const constants = knownConstants(graph);
  let steps = 0;
  for (const { name, shape } of graph.inputs) {
    if (given.has(name) || shape === null) continue;
    const least = shape.map((d, axis) => {
      if (typeof d === "number") return 0;
      const fits = (size: number): boolean => {
        steps += graph.nodes.length;
        return follows(graph, constants, version, name, shape.map((open, i) => (i === axis ? size : typeof open === "number" ? open : null)));
      };
      if (steps > MAX_STEPS || fits(1) || !fits(MOST)) return 0;
      let [low, high] = [1, MOST];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (fits(middle)) high = middle;
        else low = middle;
      }
      return high;
    });
    if (least.some((n) => n > 1)) found.set(name, least);
  }
  return found;
}

function knownConstants(graph: Graph): ReadonlyMap<string, Known> {
  return new Map(graph.initializers.map(({ name, tensor }) => [name, { type: tensor.type, shape: tensor.shape, constant: tensor, content: tensorContent(tensor) }]));
}

/** Whether every window fits; what cannot be inferred is of unknown shape. */
function follows(graph: Graph, constants: ReadonlyMap<string, Known>, version: number, input: string, shape: readonly Dim[]): boolean {
  const values = new Map<string, Known>(constants);
  for (const info of graph.inputs) {
    if (info.type !== null && !values.has(info.name)) values.set(info.name, { type: info.type, shape: info.name === input ? shape : info.shape?.map((d) => (typeof d === "number" ? d : null)) ?? null });
  }
  for (const node of graph.nodes) {
    const schema = node.domain === "" || node.domain === "ai.onnx" ? findSchema(node.opType) : undefined;
    if (!schema || schema.domain !== "" || (version < schema.since && !AS_EVER.test(node.opType))) continue;
    const inputs = node.inputs.map((name) => values.get(name) ?? null);
    if (inputs.some((v, i) => v === null && node.inputs[i] !== "") || [...node.attributes.values()].some((a) => "graph" in a)) continue;
    try {
      inferOutputs(schema, inputs, node.attributes, node.outputs.length).forEach((out, i) => {
        const name = node.outputs[i];
        if (name) values.set(name, out);
      });
    } catch (error) {
      if (error instanceof WindowError) return false;
      if (!(error instanceof InferenceError)) throw error;
    }
  }
  return true;
}
