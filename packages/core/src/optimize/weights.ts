// The weights of networks: constants of floats that a multiplication or a convolution takes.

import type { Model, Node } from "../onnx/index.ts";
import type { Tensor } from "../tensor/index.ts";

export interface Weight {
  readonly node: Node;
  readonly place: number;
  readonly name: string;
  readonly tensor: Tensor<"float">;
  /** Along which each entry has a scale of its own: the channels that come out. */
  readonly axis: number;
}

/** Smaller ones cost more in nodes than they save. */
const LEAST = 64;

/** Of Conv, MatMul and Gemm, where the weight is a constant that nothing else uses otherwise. */
export function weightsOf({ graph }: Model): Weight[] {
  const constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
  const uses = new Map<string, number>();
  for (const node of graph.nodes) for (const name of node.inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  return graph.nodes.flatMap((node, place): Weight[] => {
    const name = node.inputs[1];
    const tensor = name === undefined ? undefined : constants.get(name);
    const axis = tensor === undefined ? undefined : channelAxis(node, tensor.shape.length);
    if (name === undefined || tensor?.type !== "float" || axis === undefined || tensor.data.length < LEAST || uses.get(name) !== 1) return [];
    return [{ node, place, name, tensor: tensor as Tensor<"float">, axis }];
  });
}

function channelAxis(node: Node, rank: number): number | undefined {
  if (node.domain !== "") return undefined;
  const attribute = (name: string, missing: number): number => {
    const a = node.attributes.get(name);
    return a === undefined ? missing : "int" in a ? Number(a.int) : "float" in a ? a.float : NaN;
  };
  switch (node.opType) {
    case "Conv": return 0;
    case "MatMul": return rank === 2 ? 1 : undefined;
    case "Gemm": return rank === 2 && attribute("transA", 0) === 0 && attribute("alpha", 1) === 1 && attribute("beta", 1) === 1 ? (attribute("transB", 0) === 1 ? 0 : 1) : undefined;
    default: return undefined;
  }
}

/** Symmetric int8, from -127 on, with a scale for each channel. */
export function quantizeWeight({ tensor: { data, shape }, axis }: Pick<Weight, "tensor" | "axis">): { readonly values: Int8Array; readonly scales: Float32Array } {
  const channels = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const scales = new Float32Array(channels);
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  for (let i = 0; i < data.length; i++) scales[channelOf(i)] = Math.max(scales[channelOf(i)]!, Math.abs(data[i]!));
  for (let c = 0; c < channels; c++) scales[c] = (scales[c] || 127) / 127;
  const values = Int8Array.from(data, (v, i) => Math.max(-127, Math.min(127, Math.round(v / scales[channelOf(i)]!))));
  return { values, scales };
}

/** Adds to a graph: names that are not taken, nodes in front of a place, constants. */
export class Rewriter {
  readonly #model: Model;
  readonly #taken: Set<string>;
  readonly #before = new Map<number, Node[]>();
  readonly #instead = new Map<number, Node[]>();
  readonly #initializers = new Map<string, Tensor>();
  constructor(model: Model) {
    this.#model = model;
    this.#taken = new Set([...model.graph.inputs.map((i) => i.name), ...model.graph.initializers.map((i) => i.name), ...model.graph.nodes.flatMap((n) => n.outputs)]);
    for (const { name, tensor } of model.graph.initializers) this.#initializers.set(name, tensor);
  }
  name(wish: string): string {
    let name = wish;
    for (let i = 2; this.#taken.has(name); i++) name = `${wish}.${i}`;
    this.#taken.add(name);
    return name;
  }
  constant(wish: string, tensor: Tensor): string {
    const name = this.name(wish);
    this.#initializers.set(name, tensor);
    return name;
  }
  drop(name: string): void {
    this.#initializers.delete(name);
  }
  before(place: number, node: Node): void {
    this.#before.set(place, [...(this.#before.get(place) ?? []), node]);
  }
  instead(place: number, nodes: readonly Node[]): void {
    this.#instead.set(place, [...nodes]);
  }
  finish(): Model {
    const { graph } = this.#model;
    const nodes = graph.nodes.flatMap((node, i) => [...(this.#before.get(i) ?? []), ...(this.#instead.get(i) ?? [node])]);
    return { ...this.#model, graph: { ...graph, nodes, initializers: [...this.#initializers].map(([name, tensor]) => ({ name, tensor })) } };
  }
}

export function makeNode(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Node["attributes"] = new Map()): Node {
  return { name: `optimised/${outputs[0]!}`, opType, domain: "", inputs, outputs, attributes };
}
