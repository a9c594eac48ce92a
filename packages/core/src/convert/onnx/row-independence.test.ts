import { describe, expect, it } from "vitest";
import { GraphBuilder, Ops, type Value } from "../../onnx/index.ts";
import { floats, int64s } from "../../tensor/index.ts";
import { rowsAreIndependent } from "./row-independence.ts";

function independent(build: (o: Ops, x: Value, g: GraphBuilder) => Value): boolean {
  const g = new GraphBuilder({ anyKernel: true });
  const x = g.input("x", "float", ["N", 3, 4, 4]);
  g.output("y", build(new Ops(g), x, g));
  const { graph } = g.finish();
  return rowsAreIndependent(graph, graph.inputs, ["y"], 21);
}

describe("rows of a foreign graph", () => {
  it("are computed alone by a convolutional network", () => {
    expect(independent((o, x, g) => {
      const weights = g.constant(floats(new Float32Array(2 * 3 * 9), [2, 3, 3, 3]));
      const conv = o.relu(g.op("MaxPool", [g.op("Conv", [x, weights])], { kernel_shape: [2, 2] }));
      const flat = g.op("Flatten", [conv], { axis: 1 });
      return g.op("Softmax", [o.add(g.op("Gemm", [flat, g.constant(floats(new Float32Array(2 * 5), [2, 5]))]), floats([1, 2, 3, 4, 5], [1, 5]))], { axis: 1 });
    })).toBe(true);
    expect(independent((o, x) => o.sum(o.gather(o.reshape(x, [0, -1]), int64s([3, 1]), 1), 1))).toBe(true);
    expect(independent((o, x) => o.mean(o.transpose(x, [0, 2, 1, 3]), 2))).toBe(true);
  });
  it("are not where a node mixes them, counts them, or is not known to leave them alone", () => {
    const mixing: readonly ((o: Ops, x: Value, g: GraphBuilder) => Value)[] = [
      (_, x, g) => g.op("Softmax", [x], { axis: 0 }), (_, x, g) => g.op("Softmax", [x], { axis: -4 }), (o, x) => o.sub(x, o.mean(x, 0, true)), (o, x) => o.transpose(x, [1, 0, 2, 3]),
      (o, x) => o.reshape(x, [-1, 2]), (o, x) => o.concat([x, x], 0), (o, x, g) => o.mul(x, o.cast(g.op("Shape", [x]), "float")), (o, x) => o.slice(x, 0, 2, 0),
      (_, x, g) => g.op("Flatten", [x], { axis: 2 }), (_, x, g) => g.op("CumSum", [x, g.constant(int64s([0], []))]), (o, x) => o.argmax(x, 0), (o, x) => o.gather(x, int64s([0, 0]), 0),
      (o, x) => o.add(x, floats(new Float32Array(2 * 3 * 16), [2, 3, 4, 4])), (_, x, g) => g.ops("MaxPool", [x], { kernel_shape: [2, 2] }, 2)[1]!,
    ];
    expect(mixing.map((build) => independent(build))).toEqual(mixing.map(() => false));
  });
});
