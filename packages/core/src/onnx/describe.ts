// What `slipway inspect model.onnx` shows.

import { findProblems, type Problem } from "./check.ts";
import type { Graph, Opset, ValueInfo } from "./model.ts";
import { readModel, type ReadLimits } from "./read.ts";

export interface OnnxDescription {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly Opset[];
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Nodes, with those of bodies, by operator (with its domain where that is not ai.onnx), most first. */
  readonly nodes: readonly { readonly operator: string; readonly count: number }[];
  readonly nodeCount: number;
  readonly initializerCount: number;
  readonly initializerBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the checker found. */
  readonly problems: readonly Problem[];
}

/** Throws a coded error for bytes that are no readable model; an invalid graph is described with its problems. */
export function describeOnnx(bytes: Uint8Array, limits: Partial<ReadLimits> = {}): OnnxDescription {
  const model = readModel(bytes, limits);
  const counts = new Map<string, number>();
  countNodes(model.graph, counts);
  const nodes = [...counts].map(([operator, count]) => ({ operator, count })).sort((a, b) => b.count - a.count || (a.operator < b.operator ? -1 : 1));
  const initialized = new Set(model.graph.initializers.map((i) => i.name));
  return {
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter((s) => s !== "").join(" "),
    opsets: model.opsets,
    name: model.graph.name,
    inputs: model.graph.inputs.filter((i) => !initialized.has(i.name)),
    outputs: model.graph.outputs,
    nodes,
    nodeCount: nodes.reduce((n, { count }) => n + count, 0),
    initializerCount: model.graph.initializers.length,
    initializerBytes: model.graph.initializers.reduce((n, { tensor: { data } }) => n + ("byteLength" in data ? data.byteLength : data.reduce((m, s) => m + s.length, 0)), 0),
    metadata: model.metadata,
    problems: findProblems(model),
  };
}

function countNodes(graph: Graph, counts: Map<string, number>): void {
  for (const node of graph.nodes) {
    const operator = node.domain === "" || node.domain === "ai.onnx" ? node.opType : `${node.domain}.${node.opType}`;
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
    for (const attribute of node.attributes.values()) if ("graph" in attribute) countNodes(attribute.graph, counts);
  }
}
