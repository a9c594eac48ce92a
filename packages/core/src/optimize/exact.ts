// Changes that change no answer: outputs that nobody asks for, nodes that pass their input on, the same thing computed or
// kept twice.

import type { Attribute, Graph, Initializer, Model, Node } from "../onnx/index.ts";

/** With these outputs only, and nothing that they do not need. Inputs stay, so that requests stay as they are. */
export function keepOutputs(model: Model, names: readonly string[]): Model {
  const wanted = new Set(names);
  return { ...model, graph: live({ ...model.graph, outputs: model.graph.outputs.filter((o) => wanted.has(o.name)) }) };
}

/** Identities are taken out, Constant nodes become constants of the graph; nodes and constants that are there twice become one; what nothing needs is left out. */
export function tidy(model: Model): Model {
  const { graph } = model;
  const same = new Map<string, string>();
  const resolve = (name: string): string => same.get(name) ?? name;
  const outputs = new Set(graph.outputs.map((o) => o.name));

  const initializers: Initializer[] = [];
  const constants = new Map<string, Initializer[]>();
  // A constant that a subgraph names by itself cannot be renamed here.
  const inner = namesInside(graph);
  const asConstant = (node: Node): Initializer[] => (outputs.has(node.outputs[0] ?? "") ? [] : constantOf(node));
  for (const one of [...graph.initializers, ...graph.nodes.flatMap(asConstant)]) {
    const key = `${one.tensor.type} ${one.tensor.shape.join()}`;
    const twin = inner.has(one.name) || outputs.has(one.name) ? undefined : constants.get(key)?.find((other) => equalData(other.tensor.data, one.tensor.data));
    if (twin !== undefined) {
      same.set(one.name, twin.name);
      continue;
    }
    initializers.push(one);
    constants.set(key, [...(constants.get(key) ?? []), one]);
  }

  const nodes: Node[] = [];
  const known = new Map<string, Node>();
  for (const given of graph.nodes) {
    if (asConstant(given).length > 0) continue;
    const node = { ...given, inputs: given.inputs.map(resolve) };
    const [output] = node.outputs;
    const renamable = node.outputs.every((name) => !outputs.has(name) && !inner.has(name));
    if (node.opType === "Identity" && node.domain === "" && renamable) {
      same.set(output!, node.inputs[0]!);
      continue;
    }
    const key = renamable ? keyOf(node) : undefined;
    const twin = key === undefined ? undefined : known.get(key);
    if (twin !== undefined) {
      node.outputs.forEach((name, i) => name !== "" && same.set(name, twin.outputs[i]!));
      continue;
    }
    if (key !== undefined) known.set(key, node);
    nodes.push(node);
  }
  return { ...model, graph: live({ ...graph, nodes, initializers }) };
}

/** A Constant node says what an initializer says. */
function constantOf({ opType, domain, attributes, outputs }: Node): Initializer[] {
  const value = opType === "Constant" && domain === "" ? attributes.get("value") : undefined;
  return value !== undefined && "tensor" in value ? [{ name: outputs[0]!, tensor: value.tensor }] : [];
}

function live(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((o) => o.name));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
    for (const attribute of node.attributes.values()) if ("graph" in attribute) for (const name of namesOf(attribute.graph)) needed.add(name);
  }
  return { ...graph, nodes: nodes.reverse(), initializers: graph.initializers.filter((i) => needed.has(i.name)), ...(graph.values === undefined ? {} : { values: graph.values.filter((v) => needed.has(v.name)) }) };
}

/** Every name that is used within a graph, and within those in it. */
function* namesOf(graph: Graph): Generator<string> {
  for (const o of graph.outputs) yield o.name;
  for (const node of graph.nodes) {
    yield* node.inputs;
    for (const a of node.attributes.values()) if ("graph" in a) yield* namesOf(a.graph);
  }
}
function namesInside(graph: Graph): Set<string> {
  const names = new Set<string>();
  for (const node of graph.nodes) for (const a of node.attributes.values()) if ("graph" in a) for (const name of namesOf(a.graph)) names.add(name);
  return names;
}

/** Nodes that draw at random are not the same twice; nodes with graphs or tensors in them are left alone. */
const RANDOM = /^(?:Random|Multinomial|Bernoulli|Dropout)/;
function keyOf(node: Node): string | undefined {
  if (RANDOM.test(node.opType)) return undefined;
  const attributes: string[] = [];
  for (const [name, a] of [...node.attributes].sort(([x], [y]) => (x < y ? -1 : 1))) {
    if ("graph" in a || "tensor" in a) return undefined;
    attributes.push(`${name}=${textOf(a)}`);
  }
  return [node.domain, node.opType, node.inputs.join(","), node.outputs.map((o) => (o === "" ? 0 : 1)).join(""), ...attributes].join("|");
}
function textOf(a: Exclude<Attribute, { graph: unknown } | { tensor: unknown }>): string {
  const [kind, value] = Object.entries(a)[0]!;
  return `${kind}:${typeof value === "object" ? Array.from(value as ArrayLike<unknown>, String).join() : String(value)}`;
}

function equalData(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
