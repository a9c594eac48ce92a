import { describe, expect, it } from "vitest";
import { floats } from "../tensor/index.ts";
import type { Model, Node } from "../onnx/index.ts";
import { dropZeroTrees } from "./zero-trees.ts";

/** Trees of one decision each: their leaves by weight. */
function ensemble(leaves: readonly (readonly [number, number])[], aggregate = 1): Model {
  const n = leaves.length;
  const ids = (f: (i: number) => number): { ints: number[] } => ({ ints: Array.from({ length: n }, (_, i) => f(i)) });
  const node: Node = {
    name: "trees", opType: "TreeEnsemble", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"],
    attributes: new Map(Object.entries({
      aggregate_function: { int: aggregate }, n_targets: { int: 1 }, tree_roots: ids((i) => i),
      nodes_truenodeids: ids((i) => 2 * i), nodes_trueleafs: ids(() => 1), nodes_falsenodeids: ids((i) => 2 * i + 1), nodes_falseleafs: ids(() => 1),
      leaf_weights: { tensor: floats(leaves.flat()) },
    })),
  };
  return { irVersion: 10, opsets: [], producerName: "", producerVersion: "", metadata: {}, graph: { name: "g", inputs: [], outputs: [], nodes: [node], initializers: [] } };
}
const roots = (model: Model): unknown => (model.graph.nodes[0]!.attributes.get("tree_roots") as { ints: unknown }).ints;

describe("trees that add nothing", () => {
  it("are taken out of a sum", () => {
    const { model, dropped, trees } = dropZeroTrees(ensemble([[0, 0], [1, 0], [0, 0], [0, 2]]));
    expect([dropped, trees, roots(model)]).toEqual([2, 4, [1, 3]]);
  });
  it("stay where minus zero, the mean or the least would show them, and where there would be none left", () => {
    expect(dropZeroTrees(ensemble([[-0, 0], [1, 0]])).dropped).toBe(0);
    for (const aggregate of [0, 2, 3]) expect(dropZeroTrees(ensemble([[0, 0], [1, 0]], aggregate)).dropped).toBe(0);
    expect(dropZeroTrees(ensemble([[0, 0], [0, 0]])).dropped).toBe(0);
  });
});
