// A graph that makes columns and a graph that takes them, as one. The first keeps all its names (the head that joins
// its input columns is known by name); the values of the second get a prefix, its outputs keep theirs where they can.

import { ONNX_TYPE, type Attribute, type Graph, type Initializer, type Model, type Node, type Opset, type ValueInfo } from "../onnx/index.ts";
import { int64s } from "../tensor/index.ts";
import { liftGraph } from "./lift-opset.ts";
import { convertError } from "./conversion/errors.ts";

export interface Join {
  readonly front: Model;
  /** The front's output that is given on, [N, F]. */
  readonly from: string;
  readonly back: Model;
  /** The back's only input, [N, F]. */
  readonly to: string;
  /** The back takes one row a call: it is run once for each. */
  readonly rowByRow: boolean;
}

export interface Joined {
  readonly model: Model;
  /** The back's outputs by their old names. */
  readonly names: ReadonlyMap<string, string>;
}

/** @throws join-unsupported where the two are of operator sets that do not go together */
export function joinGraphs({ front, from, back, to, rowByRow }: Join): Joined {
  const opsets = commonOpsets(front, back);
  const lifted = liftGraph(back.graph, versionOf(back, ""), versionOf({ opsets }, ""));
  const taken = namesOf(front.graph);
  let prefix = "model/";
  while ([...taken].some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  const names = new Map<string, string>();
  for (const { name } of back.graph.outputs) {
    let chosen = name;
    for (let i = 1; taken.has(chosen) || (chosen !== name && names.has(chosen)) || chosen.startsWith(prefix); i++) chosen = i === 1 ? `${name}_out` : `${name}_out${i}`;
    taken.add(chosen);
    names.set(name, chosen);
  }
  const given = `${prefix}given`;
  const inner = `${prefix}in`;
  const source = front.graph.outputs.find((o) => o.name === from)!;
  const target = back.graph.inputs.find((i) => i.name === to)!;
  // Where rows go one by one the body's outputs are rows that Scan stacks.
  const outer = rowByRow ? new Map([...names.keys()].map((name, i) => [name, `${prefix}out/${i}`])) : names;
  const rename = (name: string): string => (name === "" ? "" : name === to ? inner : (outer.get(name) ?? `${prefix}value/${name}`));
  const body = renameGraph(lifted, rename);
  // An output that is the input itself.
  const echoed = names.has(to) ? [node("Identity", [inner], [outer.get(to)!])] : [];
  const cast = source.type === target.type ? node("Identity", [from], [given]) : node("Cast", [from], [given], [["to", { int: ONNX_TYPE[target.type!] }]]);
  const outputs = back.graph.outputs.map((o): ValueInfo => ({ ...o, name: names.get(o.name)! }));
  const nodes = rowByRow ? [cast, scan({ ...body, nodes: [...body.nodes, ...echoed] }, given, inner, target, outputs, [...outer.values()], prefix)]
    : [cast, node("Identity", [given], [inner]), ...body.nodes, ...echoed];
  const graph: Graph = {
    name: front.graph.name,
    inputs: front.graph.inputs,
    outputs: [...outputs.map((o) => (rowByRow && o.shape ? { ...o, shape: ["N", ...o.shape.slice(1)] } : o)), ...front.graph.outputs.filter((o) => o.name !== from)],
    nodes: [...front.graph.nodes, ...nodes],
    initializers: [...front.graph.initializers, ...(rowByRow ? [] : body.initializers)],
    values: [...(front.graph.values ?? []), ...(rowByRow ? [] : (body.values ?? []))],
  };
  return {
    model: { ...front, irVersion: Math.max(front.irVersion, back.irVersion), opsets, graph, metadata: { ...back.metadata, ...front.metadata } },
    names,
  };
}

/** The back's graph as the body of a Scan over the rows: a row [F] becomes [1, F], and results [1, ...] become rows. */
function scan(body: Graph, given: string, inner: string, target: ValueInfo, outputs: readonly ValueInfo[], made: readonly string[], prefix: string): Node {
  const row = `${prefix}row`;
  const axis: Initializer = { name: `${prefix}axis`, tensor: int64s([0]) };
  const rows = made.map((_, i) => `${prefix}row/${i}`);
  const graph: Graph = {
    name: "row",
    inputs: [{ name: row, type: target.type, shape: target.shape!.slice(1) }],
    outputs: outputs.map((o, i) => ({ ...o, name: rows[i]!, shape: o.shape?.slice(1) ?? null })),
    nodes: [node("Unsqueeze", [row, axis.name], [inner]), ...body.nodes, ...made.map((name, i) => node("Squeeze", [name, axis.name], [rows[i]!]))],
    initializers: [axis, ...body.initializers],
  };
  return node("Scan", [given], outputs.map((o) => o.name), [["body", { graph }], ["num_scan_inputs", { int: 1 }]]);
}

function node(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: readonly (readonly [string, Attribute])[] = []): Node {
  return { name: "", opType, domain: "", inputs, outputs, attributes: new Map(attributes) };
}

function renameGraph(graph: Graph, rename: (name: string) => string): Graph {
  const info = (v: ValueInfo): ValueInfo => ({ ...v, name: rename(v.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(info),
    outputs: graph.outputs.map(info),
    nodes: graph.nodes.map((n) => ({
      ...n, inputs: n.inputs.map(rename), outputs: n.outputs.map(rename),
      attributes: new Map([...n.attributes].map(([name, a]) => [name, "graph" in a ? { graph: renameGraph(a.graph, rename) } : a])),
    })),
    initializers: graph.initializers.map((i) => ({ ...i, name: rename(i.name) })),
    ...(graph.values ? { values: graph.values.map(info) } : {}),
  };
}

function namesOf(graph: Graph, names: Set<string> = new Set()): Set<string> {
  for (const v of [...graph.inputs, ...graph.outputs, ...graph.initializers]) names.add(v.name);
  for (const n of graph.nodes) {
    for (const name of n.outputs) names.add(name);
    for (const a of n.attributes.values()) if ("graph" in a) namesOf(a.graph, names);
  }
  return names;
}

function versionOf(model: Pick<Model, "opsets">, domain: string): number {
  return model.opsets.find((o) => o.domain === domain || (domain === "" && o.domain === "ai.onnx"))?.version ?? 0;
}

/** The oldest operator set of which a graph can be taken into a newer one as it stands, but for a few operators. */
const OLDEST = 13;

function commonOpsets(front: Model, back: Model): Opset[] {
  const domains = new Set([...front.opsets, ...back.opsets].map((o) => (o.domain === "ai.onnx" ? "" : o.domain)));
  domains.add("");
  return [...domains].map((domain) => {
    const [a, b] = [versionOf(front, domain), versionOf(back, domain)];
    const name = domain === "" ? "ai.onnx" : domain;
    if (b !== 0 && a !== 0 && a !== b && (domain === "" ? b < OLDEST : true)) {
      throw convertError("join-unsupported", `the model is of the operator set ${name} ${b}, which cannot be joined to ${a}`, {
        hint: domain === "" ? `Export it with opset ${OLDEST} or later, or: onnx.version_converter.convert_version(model, ${a}).` : `Export it with the operator set ${a} of ${name}.` });
    }
    return { domain, version: Math.max(a, b, domain === "" ? 21 : 0) };
  });
}
