import { describe, expect, it } from "vitest";
import { GraphBuilder } from "./graph.ts";
import { leastSizes } from "./least-sizes.ts";
import { floats } from "../tensor/index.ts";

const weights = (...shape: number[]): ReturnType<typeof floats> => floats(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

describe("the least size of an open dimension", () => {
  it("is what the convolutions and poolings behind it need, also through transposed layouts", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float", ["N", null, null, 3]);
    const nchw = graph.op("Transpose", [x], { perm: [0, 3, 1, 2] });
    const convolved = graph.op("Conv", [nchw, graph.constant(weights(4, 3, 3, 1))], { dilations: [2, 1] });
    const pooled = graph.op("MaxPool", [convolved], { kernel_shape: [2, 3], strides: [2, 2] });
    graph.output("y", graph.op("Conv", [pooled, graph.constant(weights(2, 4, 2, 1))], {}));
    // Rows: 2 -> (2 - 1) 2 + 2 = 4 -> 4 + (3 - 1) 2 = 8; columns: 3.
    expect([...leastSizes(graph.finish())]).toEqual([["x", [0, 8, 3, 0]]]);
  });
  it("counts windows that are cut off where the pooling does", () => {
    const least = (ceil: number): unknown => {
      const graph = new GraphBuilder();
      const x = graph.input("x", "float", ["N", 1, null]);
      graph.output("y", graph.op("MaxPool", [x], { kernel_shape: [2], strides: [2], ceil_mode: ceil }));
      return leastSizes(graph.finish()).get("x");
    };
    expect(least(0)).toEqual([0, 0, 2]);
    expect(least(1)).toEqual([0, 0, 1]);
  });
  it("is one where padding makes room: a window over nothing but padding is refused", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float", ["N", 1, null]);
    graph.output("y", graph.op("Conv", [x, graph.constant(weights(1, 1, 3))], { pads: [1, 1] }));
    expect(leastSizes(graph.finish()).get("x")).toEqual([0, 0, 1]);
  });
  it("is not told without windows", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", "float", ["N", 1, null]);
    graph.output("y", graph.op("Relu", [x]));
    expect(leastSizes(graph.finish()).size).toBe(0);
  });
});
