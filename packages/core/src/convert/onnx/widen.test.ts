import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readModel, type Model } from "../../onnx/index.ts";
import { widenWeights } from "./widen.ts";

const file = (name: string): Model => readModel(new Uint8Array(readFileSync(new URL(`../../../../../corpus/cases/${name}/model.onnx`, import.meta.url))));
const changed = (model: Model, opType: string): Model => ({ ...model, graph: { ...model.graph, nodes: model.graph.nodes.map((n) => (n.opType === "DequantizeLinear" ? { ...n, opType } : n)) } });

describe("weights of few bits", () => {
  it("are the same numbers in wider types, and a model without them stays the object that it is", () => {
    const { graph } = widenWeights(file("onnx-weights-int4"));
    expect(graph.initializers.map((i) => [i.name, i.tensor.type, i.narrow])).toEqual([["w", "int8", undefined], ["ws", "float", undefined], ["wz", "int8", undefined], ["b", "int8", undefined], ["bs", "float", undefined]]);
    expect(Array.from(graph.initializers[3]!.tensor.data as Int8Array)).toEqual([-8, 7, 3]);
    const plain = file("onnx-two-inputs");
    expect(widenWeights(plain)).toBe(plain);
  });
  it("are refused where an operator could tell the difference", () => {
    expect(() => widenWeights(changed(file("onnx-weights-uint4"), "BitwiseNot"))).toThrow(/tensor "w" is of element type uint4 and is taken by BitwiseNot/);
  });
});
