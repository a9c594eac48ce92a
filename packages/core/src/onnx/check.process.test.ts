// Our checker against onnx.checker.check_model(full_check=True), where a Python with onnx is at hand.

import { describe, expect, it } from "vitest";
import { checkByPython, hasOnnx } from "../../../../scripts/check-onnx.ts";
import { combinations, exampleModel, probedOperators } from "../../../../scripts/onnx-kernels/probe.ts";
import { doubles } from "../tensor/index.ts";
import { findProblems, findSchema, GraphBuilder, Ops, readModel, serializeModel, type Attribute, type Graph, type Model, type Node, type ValueInfo } from "./index.ts";
import { missingKernel } from "./kernels.ts";

function goodModel(): Model {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const body = g.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: "double", shape: ["N", 3] }], (b, [, go, v]) => {
    const next = b.op("Add", [v!, x]);
    return [go!, next, next];
  });
  g.output("p", o.softmax(o.gather(x, { type: "int64", shape: [2], data: BigInt64Array.of(2n, 0n) }, 1)));
  const [last, steps] = g.ops("Loop", [o.scalar(2, "int64"), null, x], { body }, 2);
  g.output("last", last!);
  g.output("steps", steps!);
  g.output("k", o.doubles([1, 2]));
  g.bindEntry(x, [{ name: "a", type: "double" }, { name: "b", type: "int64" }, { name: "c", type: "float" }]);
  return g.finish();
}

type Change = (m: Model) => Model;
const inGraph = (change: (g: Graph) => Partial<Graph>): Change => (m) => ({ ...m, graph: { ...m.graph, ...change(m.graph) } });
const plain: Model = ((): Model => {
  const g = new GraphBuilder();
  const x = g.input("x", "double", ["N", 3]);
  const y = g.op("Gemm", [x, g.constant(doubles([1, 2, 3, 4, 5, 6], [3, 2]))]);
  g.output("y", g.op("Concat", [y, g.op("Exp", [y])], { axis: 1 }));
  g.output("z", g.op("ArgMax", [y], { axis: 1, keepdims: 0 }));
  return g.finish();
})();
const inNode = (op: string, change: (n: Node) => Partial<Node>): Change => inGraph((g) => ({ nodes: g.nodes.map((n) => (n.opType === op ? { ...n, ...change(n) } : n)) }));
const inOutput = (name: string, change: Partial<ValueInfo>): Change => inGraph((g) => ({ outputs: g.outputs.map((o) => (o.name === name ? { ...o, ...change } : o)) }));
const attributes = (entries: Record<string, Attribute>): ReadonlyMap<string, Attribute> => new Map(Object.entries(entries));

const BROKEN: Readonly<Record<string, Change>> = {
  "nodes out of order": inGraph((g) => ({ nodes: [...g.nodes].reverse() })),
  "an input nobody makes": inNode("Exp", () => ({ inputs: ["nowhere"] })),
  "a result made twice": inNode("Exp", () => ({ outputs: ["y"] })),
  "a result named as an input": inNode("Exp", () => ({ outputs: ["x"] })),
  "an unknown operator": inNode("Exp", () => ({ opType: "Exponential" })),
  "an unknown attribute": inNode("Exp", () => ({ attributes: attributes({ base: { int: 2 } }) })),
  "a missing attribute": inNode("Concat", () => ({ attributes: new Map() })),
  "an attribute of another kind": inNode("Concat", () => ({ attributes: attributes({ axis: { float: 1 } }) })),
  "too few inputs": inNode("Gemm", (n) => ({ inputs: n.inputs.slice(0, 1) })),
  "too many outputs": inNode("Exp", (n) => ({ outputs: [...n.outputs, "more"] })),
  "no operator set": (m) => ({ ...m, opsets: [] }),
  "a domain without an operator set": inNode("ArgMax", (n) => ({ domain: "ai.onnx.ml", opType: "Normalizer", attributes: new Map(), outputs: n.outputs })),
  "a graph without a name": inGraph(() => ({ name: "" })),
  "an output of another type": inOutput("y", { type: "float" }),
  "an output of unknown rank": inOutput("y", { shape: null }),
  "an output of another rank": inOutput("z", { shape: ["N", 1] }),
  "an output of another width": inOutput("y", { shape: ["N", 5] }),
  "inner dimensions that differ": inGraph((g) => ({ initializers: g.initializers.map((i) => (i.tensor.shape.length === 2 ? { ...i, tensor: doubles([1, 2, 3, 4], [2, 2]) } : i)) })),
  "an axis out of range": inNode("Concat", () => ({ attributes: attributes({ axis: { int: 7 } }) })),
  "an input given twice": inGraph((g) => ({ inputs: [...g.inputs, ...g.inputs] })),
  "data that is too short": inGraph((g) => ({ initializers: g.initializers.map((i) => (i.tensor.shape.length === 2 ? { ...i, tensor: { ...i.tensor, shape: [3, 3] } } : i)) })),
  "an output nobody makes": inGraph((g) => ({ outputs: [...g.outputs, { name: "nothing", type: "double", shape: ["N"] }] })),
};
const FINE: Readonly<Record<string, Change>> = {
  "as it is": (m) => m,
  "other names of dimensions": inOutput("y", { shape: ["rows", null] }),
  "nodes without names": inGraph((g) => ({ nodes: g.nodes.map((n) => ({ ...n, name: "" })) })),
  "an operator of a domain of its own": (m) => inNode("Exp", () => ({ domain: "my.own", opType: "Thing" }))({ ...m, opsets: [...m.opsets, { domain: "my.own", version: 3 }] }),
  "an unused initializer": inGraph((g) => ({ initializers: [...g.initializers, { name: "unused", tensor: doubles([1]) }] })),
  "an older operator set": (m) => ({ ...m, opsets: [{ domain: "", version: 17 }] }),
};

describe("the checker", () => {
  it.each(Object.entries(BROKEN))("finds %s", (_, change) => {
    expect(findProblems(change(plain))).not.toEqual([]);
  });
  it.each(Object.entries(FINE))("takes %s", (_, change) => {
    expect(findProblems(change(plain))).toEqual([]);
  });
  it.skipIf(!hasOnnx)("agrees with onnx.checker on good and on broken models", () => {
    const files = new Map<string, Uint8Array>([["loop", serializeModel(goodModel())]]);
    for (const [name, change] of Object.entries({ ...FINE, ...BROKEN })) files.set(name, serializeModel(change(plain)));
    const theirs = checkByPython(files);
    const wrong = Object.entries(theirs).filter(([file, error]) => (error !== null) !== file in BROKEN);
    expect(wrong).toEqual([]);
  });
  it.skipIf(!hasOnnx)("emits one-node models of every operator that onnx.checker takes", () => {
    const files = new Map<string, Uint8Array>();
    for (const op of probedOperators()) {
      const schema = findSchema(op)!;
      for (const types of combinations(schema)) {
        const { bytes } = exampleModel(op, types);
        expect(findProblems(readModel(bytes))).toEqual([]);
        files.set(`${op}-${Object.values(types).join("-")}`, bytes);
      }
    }
    const refused = Object.entries(checkByPython(files)).filter(([, error]) => error !== null);
    expect(refused).toEqual([]);
    expect(missingKernel(findSchema("Erf")!, [{ type: "double", shape: [1] }], [{ type: "double" }])).toMatch(/no kernel/);
  });
});
