// A graph of an ONNX operator set from 13 on, written for a later one: the operators whose attributes became inputs, or
// got another meaning, in 18. All others that changed since only take more types.

import type { Attribute, Graph, Initializer, Node } from "../onnx/index.ts";
import { int64s } from "../tensor/index.ts";
import { convertError } from "./conversion/errors.ts";

/** Their `axes` became an input in 18 (ReduceSum's was one already). */
const REDUCTIONS = new Set(["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare"]);
/** By the operator set in which they got another meaning. */
const CHANGED: ReadonlyMap<string, number> = new Map([["GroupNormalization", 21], ["GridSample", 20], ["Resize", 19], ["AveragePool", 19], ["Upsample", 13]]);

/** @throws join-unsupported: an operator that is not the same in the later set */
export function liftGraph(graph: Graph, from: number, to: number): Graph {
  if (from === 0 || from >= to) return graph;
  const made: Initializer[] = [];
  const used = new Set(graph.initializers.map((i) => i.name));
  const constant = (values: readonly number[]): string => {
    let name = `axes_${made.length}`;
    while (used.has(name)) name += "_";
    used.add(name);
    made.push({ name, tensor: int64s(values) });
    return name;
  };
  const nodes = graph.nodes.map((n) => liftNode(n, from, to, constant));
  return { ...graph, nodes, initializers: [...graph.initializers, ...made] };
}

function liftNode(n: Node, from: number, to: number, constant: (values: readonly number[]) => string): Node {
  if (n.domain !== "" && n.domain !== "ai.onnx") return n;
  const attributes = new Map<string, Attribute>([...n.attributes].map(([name, a]) => [name, "graph" in a ? { graph: liftGraph(a.graph, from, to) } : a]));
  const changed = CHANGED.get(n.opType);
  if (changed !== undefined && from < changed && changed <= to && !unaffected(n)) {
    throw convertError("join-unsupported", `the model is of operator set ${from}, and ${n.opType} is not the same in ${to}`, { hint: `Export it with opset ${to}, or: onnx.version_converter.convert_version(model, ${to}).` });
  }
  if (from < 18 && to >= 18 && REDUCTIONS.has(n.opType)) {
    const axes = attributes.get("axes");
    attributes.delete("axes");
    return { ...n, attributes, inputs: axes && "ints" in axes ? [n.inputs[0]!, constant([...axes.ints].map(Number))] : n.inputs };
  }
  if (from < 18 && to >= 18 && n.opType === "Split" && !n.inputs[1]) attributes.set("num_outputs", { int: n.outputs.length });
  return { ...n, attributes };
}

/** Pooling only changed where the last window is cut off. */
function unaffected(n: Node): boolean {
  const ceil = n.attributes.get("ceil_mode");
  return n.opType === "AveragePool" && (!ceil || !("int" in ceil) || Number(ceil.int) === 0);
}
