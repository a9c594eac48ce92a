import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { doubles, floats, int64s, strings } from "../tensor/index.ts";
import { GraphBuilder, Ops, packedFace, serializeModel, type Model } from "./index.ts";

const run = async (model: Model | Uint8Array, feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>> => {
  const session = await InferenceSession.create(model instanceof Uint8Array ? model : serializeModel(model), { intraOpNumThreads: 1 });
  return (await session.run(feeds)) as Record<string, OrtTensor>;
};
const f64 = (data: number[], dims: number[]): OrtTensor => new OrtTensor("float64", Float64Array.from(data), dims);
const operators = (model: Model): string[] => model.graph.nodes.map((n) => n.opType);

function columnsModel(): { model: Model; g: GraphBuilder } {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const numbers = g.entry("slipway.numbers", "double");
  const words = g.entry("slipway.strings", "string");
  const picked = o.gather(numbers, g.lazyConstant("int64", [2], () => int64s([0, 1])), 1);
  g.output("sum", o.sum(o.mul(picked, o.doubles([1, 10])), 1));
  g.output("same", o.equal(words, o.strings(["x"])));
  g.output("numbers", numbers);
  g.bindEntry(numbers, [{ name: "a", type: "double" }, { name: "b", type: "int64" }]);
  g.bindEntry(words, [{ name: "c", type: "string" }]);
  return { model: g.finish({ name: "test", metadata: { made: "here" } }), g };
}

describe("GraphBuilder", () => {
  it("joins columns in a head, drops what does nothing, and runs", async () => {
    const { model } = columnsModel();
    expect(model.graph.inputs.map((i) => i.name)).toEqual(["a", "b", "c"]);
    expect(model.metadata).toEqual({ made: "here", "slipway.numbers": '["a","b"]', "slipway.strings": '["c"]' });
    expect(operators(model)).toEqual(["Cast", "Concat", "Identity", "Mul", "ReduceSum", "Equal", "Identity"]);
    expect(model.graph.nodes.filter((n) => n.name.startsWith("head/")).map((n) => n.opType)).toEqual(["Cast", "Concat", "Identity"]);
    expect(model.graph.outputs.map((x) => [x.name, x.type, x.shape])).toEqual([["sum", "double", ["N"]], ["same", "bool", ["N", 1]], ["numbers", "double", ["N", 2]]]);
    const out = await run(model, { a: f64([1, 2], [2, 1]), b: new OrtTensor("int64", BigInt64Array.of(3n, 4n), [2, 1]), c: new OrtTensor("string", ["x", "y"], [2, 1]) });
    expect(Array.from(out["sum"]!.data as Float64Array)).toEqual([31, 42]);
    expect(Array.from(out["same"]!.data as Uint8Array)).toEqual([1, 0]);
  });
  it("gives the packed face the entries as inputs", async () => {
    const { bytes, inputs } = packedFace(serializeModel(columnsModel().model));
    expect(inputs).toEqual([
      { name: "slipway.numbers", type: "double", shape: ["N", 2], columns: ["a", "b"] },
      { name: "slipway.strings", type: "string", shape: ["N", 1], columns: ["c"] },
    ]);
    const out = await run(bytes, { "slipway.numbers": f64([1, 3, 2, 4], [2, 2]), "slipway.strings": new OrtTensor("string", ["x", "y"], [2, 1]) });
    expect(Array.from(out["sum"]!.data as Float64Array)).toEqual([31, 42]);
  });
  it("leaves a model without a head as it is in the packed face", () => {
    const g = new GraphBuilder();
    const x = g.entry("slipway.numbers", "double");
    g.output("y", g.op("Neg", [x]));
    g.bindEntryAsInput(x, "X", 3);
    const bytes = serializeModel(g.finish());
    const face = packedFace(bytes);
    expect(face.bytes).toBe(bytes);
    expect(face.inputs).toEqual([{ name: "X", type: "double", shape: ["N", 3], columns: ["X"] }]);
  });
  it("never lets a generated name meet a chosen one", async () => {
    const g = new GraphBuilder();
    const x = g.entry("slipway.numbers", "double");
    g.output("Neg_0", g.op("Neg", [g.op("Neg", [g.op("Add", [x, g.constant(doubles([1, 2, 3]))])])]));
    g.bindEntry(x, [{ name: "c0", type: "double" }, { name: "slipway.numbers", type: "double" }, { name: "head/slipway.numbers/0", type: "float" }]);
    const model = g.finish();
    const bytes = serializeModel(model);
    const out = await run(bytes, { c0: f64([1], [1, 1]), "slipway.numbers": f64([2], [1, 1]), "head/slipway.numbers/0": new OrtTensor("float32", Float32Array.of(3), [1, 1]) });
    expect(Array.from(out["Neg_0"]!.data as Float64Array)).toEqual([2, 4, 6]);
    expect(packedFace(bytes).inputs[0]!.columns).toEqual(["c0", "slipway.numbers", "head/slipway.numbers/0"]);
  });
  it("gives inputs, constants and repeated values out through an Identity", async () => {
    const g = new GraphBuilder();
    const x = g.input("x", "double", ["N", 1]);
    const y = g.op("Exp", [x]);
    g.output("x2", x);
    g.output("y1", y);
    g.output("y2", y);
    g.output("k", g.constant(strings(["é", "\uffff"])));
    const out = await run(g.finish(), { x: f64([0], [1, 1]) });
    expect([out["x2"]!, out["y1"]!, out["y2"]!].map((t) => t.data[0])).toEqual([0, 1, 1]);
    expect(out["k"]!.data).toEqual(["é", "\uffff"]);
  });
  it("drops dead nodes, and does not make dead lazy constants", () => {
    const g = new GraphBuilder();
    const x = g.input("x", "double", ["N", 2]);
    g.op("Add", [x, g.lazyConstant("double", [2], () => { throw new Error("made"); })]);
    g.output("y", g.op("Cast", [g.op("Identity", [g.op("Abs", [x])])], { to: 11 }));
    const model = g.finish();
    expect(operators(model)).toEqual(["Abs"]);
    expect(model.graph.initializers).toEqual([]);
  });
  it("shares small equal constants, and tells 0 from -0", () => {
    const g = new GraphBuilder();
    const c = g.constant(doubles([0]));
    expect(g.constant(doubles([0]))).toBe(c);
    expect(g.constant(doubles([-0]))).not.toBe(c);
    expect(g.constant(floats([0]))).not.toBe(c);
    expect(g.constant(doubles([0], [1, 1]))).not.toBe(c);
  });
  it("gives the same bytes for the same graph", () => {
    expect(serializeModel(columnsModel().model)).toEqual(serializeModel(columnsModel().model));
  });
  it("runs a loop whose body uses values around it", async () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = g.input("x", "double", ["N", 2]);
    const body = g.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: "double", shape: ["N", 2] }], (b, [, go, v]) => {
      const inner = new Ops(b);
      return [go!, inner.add(v!, inner.mul(x, 2)), v!];
    });
    const [last, steps] = g.ops("Loop", [o.scalar(3, "int64"), null, x], { body }, 2);
    expect([last!.shape, steps!.shape]).toEqual([["N", 2], [null, "N", 2]]);
    g.output("last", last!);
    g.output("steps", steps!);
    const out = await run(g.finish(), { x: f64([1, 2], [1, 2]) });
    expect(Array.from(out["last"]!.data as Float64Array)).toEqual([7, 14]);
    expect(out["steps"]!.dims).toEqual([3, 1, 2]);
  });
  it("declares the results of the engine's own operators, which other tools cannot infer", () => {
    const g = new GraphBuilder();
    const words = g.op("Tokenizer", [g.input("x", "string", ["N"])], { mark: 0, mincharnum: 1, pad_value: "", tokenexp: "[a-z]+" });
    g.output("y", g.op("LabelEncoder", [words], { keys_strings: ["a"], values_int64s: [1] }));
    const model = g.finish();
    expect(model.graph.values).toEqual([{ name: "Tokenizer_0", type: "string", shape: ["N", null] }]);
    expect(model.opsets).toEqual([{ domain: "", version: 21 }, { domain: "ai.onnx.ml", version: 5 }, { domain: "com.microsoft", version: 1 }]);
  });
  it("keeps factors beside products in double out of the engine's float fusions", () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = g.input("x", "double", ["N", 2, 3]);
    const y = o.mul(g.op("MatMul", [o.div(x, 3), o.doubles([1, 2, 3, 4, 5, 6], [3, 2])]), 0.1);
    g.output("y", y);
    const { nodes, initializers } = g.finish().graph;
    const shapes = new Map(initializers.map((i) => [i.name, i.tensor.shape]));
    expect(nodes.map((n) => [n.opType, shapes.get(n.inputs[1]!)])).toEqual([["Div", [3]], ["MatMul", [3, 2]], ["Mul", [2]]]);
  });
  it("follows shapes through Shape, Gather, Concat and Reshape", () => {
    const g = new GraphBuilder();
    const o = new Ops(g);
    const x = g.input("x", "double", ["N", 6]);
    const rows = o.gather(g.op("Shape", [x]), int64s([0]), 0);
    const y = g.op("Reshape", [x, o.concat([rows, o.int64s([2, 3])], 0)]);
    expect(y.shape).toEqual(["N", 2, 3]);
    expect(o.reshape(x, [-1, 3, 2]).shape).toEqual(["N", 3, 2]);
    expect(o.reshape(y, [0, -1]).shape).toEqual(["N", 6]);
    expect(g.op("Expand", [o.doubles([1]), g.op("Shape", [x])]).shape).toEqual(["N", 6]);
    expect(o.slice(x, 1, 100, 1, 2).shape).toEqual(["N", 3]);
  });
  it.each<[string, (g: GraphBuilder) => unknown, RegExp]>([
    ["an unknown operator", (g) => g.op("Softmux", []), /no operator Softmux \(Softmax\?\)/],
    ["an unknown attribute", (g) => g.op("Concat", [g.constant(doubles([1]))], { axes: 0 }), /Concat has no attribute axes/],
    ["a missing attribute", (g) => g.op("Concat", [g.constant(doubles([1]))]), /Concat needs the attribute axis/],
    ["an attribute of the wrong kind", (g) => g.op("Concat", [g.constant(doubles([1]))], { axis: "1" }), /axis of Concat must be int/],
    ["operands of two types", (g) => g.op("Add", [g.constant(doubles([1])), g.constant(floats([1]))]), /input B is float/],
    ["shapes that do not fit", (g) => g.op("Add", [g.constant(doubles([1, 2])), g.constant(doubles([1, 2, 3]))]), /2 and 3 do not broadcast/],
    ["a type the engine has no kernel for", (g) => g.op("Erf", [g.constant(doubles([1]))]), /no kernel for T=double/],
    ["an operator that was not tried", (g) => g.op("LSTM", [g.constant(floats([1])), g.constant(floats([1])), g.constant(floats([1]))]), /./],
    ["an index out of range", (g) => g.op("Gather", [g.constant(doubles([1, 2])), g.constant(int64s([2]))]), /index 2 is outside/],
    ["a value of another graph", (g) => g.op("Abs", [new GraphBuilder().constant(doubles([1]))]), /belongs to another graph/],
    ["a name given twice", (g) => { g.output("y", g.op("Abs", [g.input("y", "double", [1])])); g.finish(); }, /"y" is given twice/],
    ["an entry that is never bound", (g) => { g.output("y", g.op("Abs", [g.entry("e", "double")])); g.finish(); }, /entry e is used but never bound/],
  ])("refuses %s as a fault of its own", (_, build, message) => {
    expect(() => build(new GraphBuilder())).toThrow(expect.objectContaining({ code: "onnx-internal", message: expect.stringMatching(message) as string }));
  });
});
