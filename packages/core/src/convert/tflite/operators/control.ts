// WHILE and IF: graphs of the file inside the graph.

import type { GraphBuilder, Value } from "../../../onnx/index.ts";
import { LiteContext, type Operator, type OperatorView } from "../context.ts";
import type { LiteGraph } from "../model.ts";

const MAX_DEPTH = 16;

function inner(op: OperatorView, c: LiteContext, id: number): LiteGraph {
  const graph = c.graphs[op.int(id, -1)];
  if (!graph || op.int(id, -1) === 0) throw op.malformed(`it refers to graph ${op.int(id, -1)} of ${c.graphs.length}`);
  if (c.depth >= MAX_DEPTH) throw op.malformed(`graphs are nested more than ${MAX_DEPTH} deep`);
  return graph;
}
/** The results of another graph of the file for some values. */
function call(op: OperatorView, c: LiteContext, of: LiteGraph, builder: GraphBuilder, values: readonly Value[]): Value[] {
  if (of.inputs.length !== values.length) throw op.malformed(`it gives ${values.length} values to a graph that takes ${of.inputs.length}`);
  const within = new LiteContext(of, c.graphs, builder, c.run, c.depth + 1, c.warnings);
  of.inputs.forEach((index, i) => within.values.set(index, values[i]!));
  c.run(within);
  return of.outputs.map((index) => {
    const t = of.tensors[index]!;
    const constant = within.values.has(index) ? undefined : within.constantOf(t);
    const value = within.values.get(index) ?? (constant && builder.constant(constant));
    if (!value) throw op.malformed("a result of its graph is never made");
    return value;
  });
}

const loop: Operator = {
  names: ["WHILE"],
  convert: (op, c) => {
    const [condition, body] = [inner(op, c, 0), inner(op, c, 1)];
    const start = op.op.inputs.map((_, i) => op.value(i));
    const holds = (builder: GraphBuilder, values: readonly Value[]): Value => {
      const [result] = call(op, c, condition, builder, values);
      if (!result) throw op.malformed("its condition has no result");
      return result.shape?.length === 0 ? result : builder.op("Reshape", [result, builder.constant({ type: "int64", shape: [0], data: new BigInt64Array() })]);
    };
    // A carried value may change its size from step to step.
    const shapes = start.map((v, i) => v.shape?.map((d, k) => (d === body.tensors[body.outputs[i] ?? -1]?.shape[k] ? d : typeof d === "number" && body.tensors[body.outputs[i] ?? -1]?.signature[k] === d ? d : null)) ?? null);
    const made = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, ...start.map((v, i) => ({ type: v.type, shape: shapes[i]! }))], (builder, [, , ...values]) => {
      const next = call(op, c, body, builder, values);
      return [holds(builder, next), ...next];
    });
    return c.graph.ops("Loop", [null, holds(c.graph, start), ...start], { body: made }, start.length);
  },
};
const either: Operator = {
  names: ["IF"],
  convert: (op, c) => {
    const values = op.op.inputs.slice(1).map((_, i) => op.value(i + 1));
    const condition = op.value(0).shape?.length === 0 ? op.value(0) : c.o.reshape(op.value(0), []);
    const branch = (id: number): ReturnType<GraphBuilder["body"]> => {
      const of = inner(op, c, id);
      return c.graph.body([], (builder) => call(op, c, of, builder, values).map((v) => builder.op("Identity", [v])));
    };
    return c.graph.ops("If", [condition], { then_branch: branch(0), else_branch: branch(1) }, op.op.outputs.length);
  },
};

export const CONTROL: readonly Operator[] = [loop, either];
