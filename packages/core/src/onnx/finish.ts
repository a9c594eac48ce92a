// Turns a built graph into a Model: resolves lazy constants and entries, drops what is dead or does nothing, gives names.

import type { Tensor } from "../tensor/index.ts";
import { inferNode, type BuiltNode, type BuiltValue, type Entry, type EntrySource } from "./built.ts";
import { checkModel } from "./check.ts";
import { onnxError } from "./errors.ts";
import { tensorContent } from "./infer/context.ts";
import type { Initializer, Model, Node, ValueInfo } from "./model.ts";
import { ONNX_TYPE } from "./ops.ts";
import { OPSETS } from "./schema.ts";
import type { Attribute } from "./value.ts";

export interface FinishOptions {
  readonly name?: string;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Named {
  readonly name: string;
  readonly value: BuiltValue;
}
export interface BuiltGraph {
  readonly inputs: readonly Named[];
  readonly entries: readonly Entry[];
  readonly nodes: readonly BuiltNode[];
  readonly outputs: readonly Named[];
}

export const PRODUCER = "slipway";
export const PRODUCER_VERSION = "0.1.0";
const IR_VERSION = 10;

export function finishGraph(graph: BuiltGraph, options: FinishOptions): Model {
  for (const v of findLive(graph.nodes, graph.outputs).values) if (v.make) resolveLazy(v);
  for (const node of graph.nodes) sharpen(node);
  const simplified = simplify(graph);
  const live = findLive(simplified.nodes, simplified.outputs);
  return emit({ ...graph, ...simplified, nodes: simplified.nodes.filter((n) => live.nodes.has(n)) }, live.values, options);
}

function resolveLazy(v: BuiltValue): void {
  const tensor = v.make!();
  if (tensor.type !== v.type || tensor.shape.join() !== v.shape?.join()) {
    throw onnxError("onnx-internal", `a lazy constant ${v.type}[${v.shape?.join()}] became ${tensor.type}[${tensor.shape.join()}]`);
  }
  v.constant = tensor;
  v.content = tensorContent(tensor);
  v.make = undefined;
}

/** Infers once more, now that entries and lazy constants are known. */
function sharpen(node: BuiltNode): void {
  if (node.inputs.some((v) => v?.make)) return;
  inferNode(node.schema, node.inputs, node.attributes, node.outputs.length).forEach((o, i) => {
    node.outputs[i]!.shape = o.shape;
    node.outputs[i]!.content = o.content;
  });
}

function findLive(nodes: readonly BuiltNode[], outputs: readonly Named[]): { nodes: Set<BuiltNode>; values: Set<BuiltValue> } {
  const values = new Set<BuiltValue>(outputs.map((o) => o.value));
  const live = new Set<BuiltNode>();
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!node.outputs.some((v) => values.has(v))) continue;
    live.add(node);
    for (const v of node.inputs) if (v) values.add(v);
  }
  return { nodes: live, values };
}

/** Removes nodes that pass their first input on unchanged. */
function simplify({ nodes, outputs }: BuiltGraph): { nodes: BuiltNode[]; outputs: Named[] } {
  const same = new Map<BuiltValue, BuiltValue>();
  const resolve = (v: BuiltValue): BuiltValue => same.get(v) ?? v;
  const kept: BuiltNode[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((v) => v && resolve(v));
    if (passesThrough(node, inputs)) same.set(node.outputs[0]!, inputs[0]!);
    else kept.push({ ...node, inputs });
  }
  return { nodes: kept, outputs: outputs.map((o) => ({ name: o.name, value: resolve(o.value) })) };
}

function passesThrough(node: BuiltNode, inputs: readonly (BuiltValue | null)[]): boolean {
  const data = inputs[0];
  if (!data) return false;
  switch (node.schema.name) {
    case "Identity": return true;
    case "Cast": return data.type === node.outputs[0]!.type;
    case "Gather": {
      const axis = node.attributes.get("axis");
      const at = axis && "int" in axis ? Number(axis.int) : 0;
      const indices = inputs[1]?.constant;
      const rank = data.shape?.length ?? 0;
      const width = data.shape?.[at < 0 ? at + rank : at];
      if (indices?.shape.length !== 1 || indices.data.length !== width) return false;
      return (indices.data as ArrayLike<number | bigint> & Iterable<number | bigint>) && everyIndex(indices);
    }
    default: return false;
  }
}
function everyIndex(indices: Tensor): boolean {
  const data = indices.data as ArrayLike<number | bigint>;
  for (let i = 0; i < data.length; i++) if (Number(data[i]) !== i) return false;
  return true;
}

/** Gives every value its final name and lists the parts of the graph. */
function emit(graph: BuiltGraph, live: ReadonlySet<BuiltValue>, options: FinishOptions): Model {
  const names = new Map<BuiltValue, string>();
  const taken = new Set<string>();
  const take = (name: string, what: string): string => {
    if (name === "") throw onnxError("onnx-internal", `${what} has no name`);
    if (taken.has(name)) throw onnxError("onnx-internal", `the name ${JSON.stringify(name)} is given twice: ${what}`);
    taken.add(name);
    return name;
  };
  const fresh = (base: string): string => {
    let name = base;
    for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
    taken.add(name);
    return name;
  };
  const metadata: Record<string, string> = { ...options.metadata };
  const inputs: ValueInfo[] = [];
  const addInput = (name: string, value: BuiltValue): void => {
    names.set(value, take(name, "an input"));
    inputs.push({ name, type: value.type, shape: value.shape });
  };
  for (const { name, value } of graph.inputs) addInput(name, value);
  const bound: { entry: Entry; sources: readonly EntrySource[] }[] = [];
  for (const entry of graph.entries) {
    const { binding, value } = entry;
    if (!binding) {
      if (live.has(value)) throw onnxError("onnx-internal", `entry ${entry.name} is used but never bound`);
    } else if (binding.kind === "input") addInput(binding.name, value);
    else {
      for (const { name, type } of binding.sources) inputs.push({ name: take(name, "an input"), type, shape: ["N", 1] });
      bound.push({ entry, sources: binding.sources });
    }
  }
  // Output names are taken before any name is generated; an output that is not a node's result of its own gets an Identity.
  const outputs: ValueInfo[] = [];
  const identities: { from: BuiltValue; name: string }[] = [];
  for (const { name, value } of graph.outputs) {
    take(name, "an output");
    outputs.push({ name, type: value.type, shape: value.shape });
    if (value.origin === "node" && !names.has(value)) names.set(value, name);
    else identities.push({ from: value, name });
  }
  for (const { entry, sources } of bound) {
    names.set(entry.value, fresh(entry.name));
    if (names.get(entry.value) !== entry.name) throw onnxError("onnx-internal", `the name ${entry.name} is given twice: an entry`);
    metadata[entry.name] = JSON.stringify(sources.map((s) => s.name));
  }
  const nodes: Node[] = bound.flatMap(({ entry, sources }) => headNodes(entry, sources, fresh));
  const nodeNames = new Set(nodes.map((n) => n.name));
  const initializers: Initializer[] = [];
  const nameOf = (v: BuiltValue): string => {
    let name = names.get(v);
    if (name === undefined) {
      if (!v.constant) throw onnxError("onnx-internal", `value ${v.name} is used before it is made`);
      name = fresh(`c${initializers.length}`);
      names.set(v, name);
      initializers.push({ name, tensor: v.constant });
    }
    return name;
  };
  const addNode = (base: string, opType: string, domain: string, ins: string[], outs: string[], attributes: ReadonlyMap<string, Attribute>): void => {
    let name = base;
    for (let i = 1; nodeNames.has(name); i++) name = `${base}_${i}`;
    nodeNames.add(name);
    nodes.push({ name, opType, domain, inputs: ins, outputs: outs, attributes });
  };
  graph.nodes.forEach((node, i) => {
    const base = `${node.schema.name}_${i}`;
    const ins = node.inputs.map((v) => (v ? nameOf(v) : ""));
    const outs = node.outputs.map((v, k) => {
      const name = names.get(v) ?? fresh(k === 0 ? base : `${base}.${k}`);
      names.set(v, name);
      return name;
    });
    addNode(base, node.schema.name, node.schema.domain, ins, outs, node.attributes);
  });
  identities.forEach(({ from, name }, i) => addNode(`output_${i}`, "Identity", "", [nameOf(from)], [name], new Map()));
  const domains = new Set(["", ...nodes.map((n) => n.domain)]);
  const model: Model = {
    irVersion: IR_VERSION,
    opsets: Object.entries(OPSETS).filter(([domain]) => domains.has(domain)).map(([domain, version]) => ({ domain, version })),
    producerName: PRODUCER,
    producerVersion: PRODUCER_VERSION,
    ...(options.docString === undefined ? {} : { docString: options.docString }),
    graph: { name: options.name ?? "slipway", inputs, outputs, nodes, initializers },
    metadata,
  };
  checkModel(model);
  return model;
}

/** Joins the columns of an entry, casting those of another type. */
function headNodes(entry: Entry, sources: readonly EntrySource[], fresh: (base: string) => string): Node[] {
  const to = entry.value.type;
  const one = sources.length === 1;
  const nodes: Node[] = [];
  const node = (part: string, opType: string, inputs: readonly string[], output: string, attributes: [string, Attribute][] = []): void => {
    nodes.push({ name: `head/${entry.name}/${part}`, opType, domain: "", inputs, outputs: [output], attributes: new Map(attributes) });
  };
  const columns = sources.map(({ name, type }, i) => {
    if (type === to) return name;
    const output = one ? entry.name : fresh(`head/${entry.name}/${i}`);
    node(`cast_${i}`, "Cast", [name], output, [["to", { int: ONNX_TYPE[to] }]]);
    return output;
  });
  if (!one) node("join", "Concat", columns, entry.name, [["axis", { int: 1 }]]);
  else if (columns[0] !== entry.name) node("join", "Identity", columns, entry.name);
  return nodes;
}
