import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import type { Attribute, Graph, Model, Node, ValueInfo } from "../../onnx/index.ts";
import { floats } from "../../tensor/index.ts";
import { liftOld } from "./lift-old.ts";

const node = (opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, outputs: readonly string[] = ["y"]): Node => ({ name: "", opType, domain: "", inputs, outputs, attributes: new Map(Object.entries(attributes)) });
const info = (name: string, shape: ValueInfo["shape"]): ValueInfo => ({ name, type: "float", shape });
function model(version: number, nodes: readonly Node[], x: ValueInfo["shape"] = ["N", 3, 4, 4]): Model {
  const graph: Graph = { name: "g", inputs: [info("x", x), info("c", [3])], outputs: [info("y", null)], nodes, initializers: [{ name: "c", tensor: floats([1, 2, 3], [3]) }] };
  return { irVersion: 3, opsets: [{ domain: "", version }], producerName: "", producerVersion: "", graph, metadata: {} };
}
function refusal(version: number, n: Node, x?: ValueInfo["shape"]): string {
  try {
    liftOld(model(version, [n], x));
    return "";
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}
const shown = (m: Model): string[] => m.graph.nodes.map((n) => `${n.opType}(${n.inputs.join()})${[...n.attributes.keys()].join()}`);

describe("an ONNX graph of an operator set before 7", () => {
  it("is written for set 7: axes of broadcasting, shapes and names of attributes", () => {
    expect(shown(liftOld(model(6, [node("Add", ["x", "c"], { broadcast: { int: 1 }, axis: { int: 1 } })])))).toEqual(["Unsqueeze(c)axes", "Add(x,lifted_0)"]);
    expect(shown(liftOld(model(6, [node("Add", ["x", "c"], { broadcast: { int: 1 }, axis: { int: -1 } })])))).toEqual(["Add(x,c)"]);
    expect(shown(liftOld(model(1, [node("Reshape", ["x"], { shape: { ints: [0, -1] }, consumed_inputs: { ints: [0] } })])))).toEqual(["Reshape(x,lifted_0)"]);
    expect(shown(liftOld(model(1, [node("Pad", ["x"], { paddings: { ints: [0, 0, 0, 0, 0, 0, 1, 1] } })])))).toEqual(["Pad(x)pads"]);
    const { irVersion, opsets, graph } = liftOld(model(1, [node("Relu", ["x"])]));
    expect([irVersion, opsets, graph.inputs.map((i) => i.name)]).toEqual([4, [{ domain: "", version: 7 }], ["x"]]);
  });
  it("stays the same object from set 7 on", () => {
    const later = model(7, [node("Relu", ["x"])]);
    expect(liftOld(later)).toBe(later);
  });
  it("is refused by name where an operator has no counterpart", () => {
    expect(refusal(6, node("Dropout", ["x"]))).toMatch(/^onnx-unsupported: Dropout of operator set 6: it was saved in training mode/);
    expect(refusal(6, node("BatchNormalization", ["x", "c", "c", "c", "c"]))).toMatch(/training mode/);
    expect(refusal(6, node("BatchNormalization", ["x", "c", "c", "c", "c"], { is_test: { int: 1 } }, ["y", "m"]))).toMatch(/statistics/);
    expect(refusal(6, node("Add", ["x", "c"], { broadcast: { int: 1 }, axis: { int: 1 } }), null)).toMatch(/number of dimensions/);
    expect(refusal(6, node("Add", ["x", "c"], { broadcast: { int: 1 }, axis: { int: 9 } }))).toMatch(/its axis is 9/);
    expect(refusal(1, node("Tile", ["x", "c", "c"]))).toMatch(/Tile of operator set 1/);
    expect(refusal(1, node("Cast", ["x"], { to: { string: "QUATERNION" } }))).toMatch(/no type "QUATERNION"/);
    expect(refusal(1, node("Split", ["x", "x"]))).toMatch(/computed in the model/);
  });
});
