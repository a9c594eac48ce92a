// Weights of 4 bits and of bfloat16, for which the engine has few kernels, as int8, uint8 and float: the same numbers, where
// all that takes them is a Cast or a DequantizeLinear, which makes the same of them.

import { onnxError, type Attribute, type Graph, type Initializer, type Model, type NarrowType } from "../../onnx/index.ts";

const TAKERS: Readonly<Record<NarrowType, ReadonlySet<string>>> = { bfloat16: new Set(["Cast"]), int4: new Set(["Cast", "DequantizeLinear"]), uint4: new Set(["Cast", "DequantizeLinear"]) };

/** The model as it is where it has no such weights. @throws onnx-unsupported */
export function widenWeights(model: Model): Model {
  const graph = widen(model.graph, new Map());
  return graph === model.graph ? model : { ...model, graph };
}

/** `outside`: such weights of the graphs around. */
function widen(graph: Graph, outside: ReadonlyMap<string, NarrowType>): Graph {
  const narrow = new Map(outside);
  for (const i of graph.initializers) {
    narrow.delete(i.name);
    if (i.narrow !== undefined) narrow.set(i.name, i.narrow);
  }
  for (const info of graph.outputs) if (narrow.has(info.name)) throw refuse(info.name, narrow.get(info.name)!, "is a result of the model");
  let changed = graph.initializers.some((i) => i.narrow !== undefined);
  const nodes = graph.nodes.map((node) => {
    for (const input of node.inputs) {
      const type = narrow.get(input);
      if (type !== undefined && !((node.domain === "" || node.domain === "ai.onnx") && TAKERS[type].has(node.opType))) throw refuse(input, type, `is taken by ${node.opType.slice(0, 60)}`);
    }
    const attributes = new Map([...node.attributes].map(([key, a]): [string, Attribute] => {
      if (!("graph" in a)) return [key, a];
      const inner = widen(a.graph, narrow);
      changed ||= inner !== a.graph;
      return [key, { graph: inner }];
    }));
    return { ...node, attributes };
  });
  if (!changed) return graph;
  return { ...graph, nodes, initializers: graph.initializers.map(({ name, tensor }): Initializer => ({ name, tensor })), ...(graph.values ? { values: graph.values.filter((v) => !narrow.has(v.name)) } : {}) };
}

function refuse(name: string, type: NarrowType, why: string): Error {
  return onnxError("onnx-unsupported", `tensor ${JSON.stringify(name.slice(0, 100))} is of element type ${type} and ${why}; a Cast and DequantizeLinear may take it`, { hint: "Keep the weights as float, float16 or 8-bit numbers: the engine has few operators for others on the CPU." });
}
