// The least sizes of a model's open dimensions: below them a convolution, a pooling or a padding would be left with a
// window that does not fit, where libraries refuse and engines fail or answer something. Found by following shapes
// through the graph with one dimension set and the others open, and halving.

import { InferenceError, tensorContent, WindowError, type Known } from "./infer/context.ts";
import { inferOutputs } from "./infer/infer.ts";
import type { Graph, Model, Node } from "./model.ts";
import { findSchema } from "./schema.ts";
import type { Dim } from "./value.ts";

/** No least size is looked for beyond this. */
const MOST = 2 ** 14;
/** Nodes times tries: more is not followed. */
const MAX_STEPS = 2_000_000;
/** Of operators whose inputs or attributes changed, other versions than the newest are not followed. */
const AS_EVER = /^(Conv|ConvTranspose|ConvInteger|MaxPool|AveragePool|Transpose|Relu|LeakyRelu|PRelu|Sigmoid|Tanh|Add|Sub|Mul|Div|Max|Min|Clip|BatchNormalization|Identity|Concat|Cast|Elu|Selu|Neg|Abs|Exp|Sqrt|Pow|Erf|HardSigmoid|HardSwish|Softplus|Softmax|Shape|Gather)$/;

/** What does not take a window of nothing. */
const WINDOWS = /^(Conv|ConvTranspose|ConvInteger|QLinearConv|MaxPool|AveragePool|LpPool|Pad|GlobalAveragePool|GlobalMaxPool)$/;

/**
 * By input: the least size of each of its dimensions, 0 where there is none to tell. Inputs without any are left out.
 * `nothing`: other operators that the model's library refuses to run over no elements (Scan, LSTM, GRU, RNN: no steps).
 */
export function leastSizes(model: Model, nothing: ReadonlySet<string> = new Set()): ReadonlyMap<string, readonly number[]> {
  const { graph } = model;
  const found = new Map<string, readonly number[]>();
  if (!graph.nodes.some((n) => WINDOWS.test(n.opType) || nothing.has(n.opType))) return found;
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
        return follows(graph, { constants, version, nothing }, name, shape.map((open, i) => (i === axis ? size : typeof open === "number" ? open : null)));
      };
      if (steps > MAX_STEPS || fits(0) || !fits(MOST)) return 0;
      let [low, high] = [0, MOST];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (fits(middle)) high = middle;
        else low = middle;
      }
      return high;
    });
    if (least.some((n) => n > 0)) found.set(name, least);
  }
  return found;
}

function knownConstants(graph: Graph): ReadonlyMap<string, Known> {
  return new Map(graph.initializers.map(({ name, tensor }) => [name, { type: tensor.type, shape: tensor.shape, constant: tensor, content: tensorContent(tensor) }]));
}

/** How many steps a recurrent operator takes; undefined for others. */
function stepsOf(node: Node, inputs: readonly (Known | null)[]): Dim | undefined {
  if (/^(LSTM|GRU|RNN)$/.test(node.opType)) return inputs[0]?.shape?.[0];
  const count = node.attributes.get("num_scan_inputs");
  return node.opType === "Scan" && count && "int" in count ? inputs.at(-Number(count.int))?.shape?.[0] : undefined;
}

interface Given {
  readonly constants: ReadonlyMap<string, Known>;
  readonly version: number;
  readonly nothing: ReadonlySet<string>;
}
/** Whether every window fits; what cannot be inferred is of unknown shape. */
function follows(graph: Graph, { constants, version, nothing }: Given, input: string, shape: readonly Dim[]): boolean {
  const values = new Map<string, Known>(constants);
  for (const info of graph.inputs) {
    if (info.type !== null && !values.has(info.name)) values.set(info.name, { type: info.type, shape: info.name === input ? shape : info.shape?.map((d) => (typeof d === "number" ? d : null)) ?? null });
  }
  for (const node of graph.nodes) {
    const schema = node.domain === "" || node.domain === "ai.onnx" ? findSchema(node.opType) : undefined;
    if (!schema || schema.domain !== "" || (version < schema.since && !AS_EVER.test(node.opType))) continue;
    const inputs = node.inputs.map((name) => values.get(name) ?? null);
    if (nothing.has(node.opType) && stepsOf(node, inputs) === 0) return false;
    if (inputs.some((v, i) => v === null && node.inputs[i] !== "") || [...node.attributes.values()].some((a) => "graph" in a)) continue;
    try {
      inferOutputs(schema, inputs, node.attributes, node.outputs.length).forEach((out, i) => {
        const name = node.outputs[i];
        if (i === 0 && /^(Reduce|Arg)/.test(node.opType) && nothing.has(node.opType) && inputs[0]?.shape?.includes(0) && out.shape?.includes(0) === false) throw new WindowError("an extreme of nothing");
        if (name) values.set(name, out);
      });
    } catch (error) {
      if (error instanceof WindowError) return false;
      if (!(error instanceof InferenceError)) throw error;
    }
  }
  return true;
}
