import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { GraphBuilder, Ops, readModel, serializeModel } from "../onnx/index.ts";
import { doubles } from "../tensor/index.ts";
import { Kernel, openKernel, type PlanOptions } from "./index.ts";
import { numbers, randomForest, randomRows, type RandomForest } from "./testing.ts";

function opened(bytes: Uint8Array, options: PlanOptions = {}): Kernel {
  const kernel = openKernel(bytes, options);
  if (!(kernel instanceof Kernel)) throw new Error(`${kernel.operator}: ${kernel.reason}`);
  return kernel;
}

const SHAPES: readonly RandomForest[] = [
  { trees: 1, depth: 1, features: 1, targets: 1, missing: false, sets: false },
  { trees: 9, depth: 4, features: 5, targets: 1, missing: true, sets: false },
  { trees: 30, depth: 3, features: 3, targets: 3, missing: true, sets: true },
  { trees: 17, depth: 12, features: 20, targets: 1, missing: false, sets: false },
  { trees: 40, depth: 6, features: 8, targets: 2, missing: true, sets: true },
  { trees: 25, depth: 5, features: 7, targets: 1, missing: true, sets: false, codes: 3 },
  { trees: 6, depth: 9, features: 9, targets: 2, missing: true, sets: true, codes: 4 },
];

describe("forests", () => {
  for (const [i, shape] of SHAPES.entries()) {
    it(`${shape.trees} trees of depth ${shape.depth}, ${shape.targets} targets${shape.codes === undefined ? "" : ", over flags"}: the fast walks answer as the plain one, alone and in batches, bit for bit`, () => {
      const bytes = randomForest(i + 1, shape);
      const rows = 1100;
      const X = randomRows(i + 7, rows, shape.features, true);
      const { codes = 0 } = shape;
      for (let at = 0; at < X.length; at++) if (at % shape.features >= shape.features - codes) X[at] = at % 7;
      const [expected] = opened(bytes, { plain: true }).run(rows, [X]);
      const kernel = opened(bytes);
      const [all] = kernel.run(rows, [X]);
      expect(all).toEqual(expected);
      expect(all!.dims).toEqual([rows, shape.targets]);
      expect(opened(bytes, { eager: true }).run(rows, [X])).toEqual([expected]);
      for (const count of [1, 2, 3, 4, 5, 8, 11, 63, 64, 65, 131]) {
        const [some] = kernel.run(count, [X.slice(shape.features, (1 + count) * shape.features)]);
        expect(some!.data).toEqual((expected!.data as Float64Array).slice(shape.targets, (1 + count) * shape.targets));
      }
    });
  }
});

it("larger batches become faster on the way, with the same answers", async () => {
  const shape = { trees: 60, depth: 6, features: 9, targets: 1, missing: true, sets: false };
  const bytes = randomForest(8, shape);
  const X = randomRows(9, 300, shape.features, true);
  const [expected] = opened(bytes, { plain: true }).run(300, [X]);
  const kernel = opened(bytes);
  for (let i = 0; i < 12; i++) {
    expect(kernel.run(300, [X])).toEqual([expected]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

it("oblivious trees answer as others", () => {
  const g = new GraphBuilder();
  const x = g.entry("slipway.numbers", "double");
  const random = numbers(12);
  const [trees, depth, features] = [20, 5, 6];
  const inner = 2 ** depth - 1;
  const levels = Array.from({ length: trees * depth }, () => [Math.floor(random() * features), Math.round(random() * 8 - 4) / 2] as const);
  const at = (node: number): readonly [number, number] => levels[Math.floor(node / inner) * depth + Math.floor(Math.log2((node % inner) + 1))]!;
  const all = Array.from({ length: trees * inner }, (_, node) => node);
  const child = (node: number, side: number): number => 2 * (node % inner) + 1 + side;
  const isLeaf = (node: number, side: number): number => Number(child(node, side) >= inner);
  const id = (node: number, side: number): number => {
    const tree = Math.floor(node / inner);
    return isLeaf(node, side) === 1 ? tree * 2 ** depth + child(node, side) - inner : tree * inner + child(node, side);
  };
  const leaves = trees * 2 ** depth;
  const sum = g.op("TreeEnsemble", [x], {
    aggregate_function: 1, n_targets: 1, tree_roots: Array.from({ length: trees }, (_, t) => t * inner), nodes_featureids: all.map((n) => at(n)[0]), nodes_splits: doubles(all.map((n) => at(n)[1])),
    nodes_modes: { type: "uint8", shape: [all.length], data: new Uint8Array(all.length) }, nodes_truenodeids: all.map((n) => id(n, 0)), nodes_falsenodeids: all.map((n) => id(n, 1)),
    nodes_trueleafs: all.map((n) => isLeaf(n, 0)), nodes_falseleafs: all.map((n) => isLeaf(n, 1)), nodes_missing_value_tracks_true: all.map((n) => at(n)[0] % 2),
    leaf_targetids: new Array<number>(leaves).fill(0), leaf_weights: doubles(Array.from({ length: leaves }, () => random())),
  });
  g.bindEntryAsInput(x, "X", features);
  g.output("value", sum);
  const bytes = serializeModel(g.finish());
  const X = randomRows(13, 200, features, true);
  const [expected] = opened(bytes, { plain: true }).run(200, [X]);
  const kernel = opened(bytes);
  expect(kernel.run(200, [X])).toEqual([expected]);
  for (const count of [1, 3, 16, 17, 64, 70]) expect(kernel.run(count, [X.slice(0, count * features)])[0]!.data).toEqual((expected!.data as Float64Array).slice(0, count));
});

it("reads a model out of memory that others share", () => {
  const bytes = randomForest(4, SHAPES[1]!);
  // As Node's Buffer, whose slice is a view.
  class Shared extends Uint8Array {
    override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> { return this.subarray(start, end) as Uint8Array<ArrayBuffer>; }
  }
  const X = randomRows(2, 3, 5, true);
  expect(opened(new Shared(bytes)).run(3, [X])).toEqual(opened(bytes).run(3, [X]));
});

it("OneHot counts indices below zero from the end, and puts those beyond the depth nowhere", () => {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  g.bindEntryAsInput(x, "X", 2);
  g.output("value", g.op("OneHot", [o.cast(x, "int64"), o.int64s([3], [1]), o.int64s([5, 7])], { axis: -1 }));
  const [value] = opened(serializeModel(g.finish())).run(2, [Float64Array.of(0, -1, 3, -4)]);
  expect([value!.dims, Array.from(value!.data as BigInt64Array, Number)]).toEqual([[2, 2, 3], [7, 5, 5, 5, 5, 7, 5, 5, 5, 5, 5, 5]]);
});

it("says which operator it does not know", () => {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", g.op("Erf", [o.cast(x, "float")]));
  expect(openKernel(serializeModel(g.finish()))).toEqual({ operator: "Erf", node: expect.any(String) as string, reason: "the operator is not known" });
});

it("computes only what the outputs need that are asked for", () => {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  g.bindEntryAsInput(x, "X", 2);
  g.output("twice", o.mul(x, 2));
  g.output("total", o.sum(x, 1));
  const kernel = opened(serializeModel(g.finish()));
  expect(kernel.run(2, [Float64Array.of(1, 2, 3, 4)], ["total"])).toEqual([{ name: "total", type: "double", dims: [2], data: Float64Array.of(3, 7) }]);
  expect(kernel.run(0, [new Float64Array(0)])[0]).toEqual({ name: "twice", type: "double", dims: [0, 2], data: new Float64Array(0) });
});

it("does not compute across rows", () => {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  g.bindEntryAsInput(x, "X", 2);
  g.output("value", o.sub(x, o.mean(x, 0, true)));
  expect(openKernel(serializeModel(g.finish()))).toMatchObject({ operator: "ReduceMean", reason: "something across the rows" });
});

it("keeps float32 where the graph has it", () => {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  g.bindEntryAsInput(x, "X", 2);
  const f = o.cast(x, "float");
  g.output("value", o.cast(o.add(o.mul(f, 3), 0.1), "double"));
  g.output("sum", o.sum(o.mul(x, doubles([0.1, 0.2], [1, 2])), 1));
  const [value, sum] = opened(serializeModel(g.finish())).run(1, [Float64Array.of(0.1, 1e8)]);
  const step = (v: number): number => Math.fround(Math.fround(Math.fround(v) * 3) + Math.fround(0.1));
  expect(value!.data).toEqual(Float64Array.of(step(0.1), step(1e8)));
  expect(sum!.data).toEqual(Float64Array.of(0.1 * 0.1 + 1e8 * 0.2));
});

it("a damaged graph is refused, left to others, or computed, in bounded time", () => {
  const original = randomForest(3, { trees: 6, depth: 3, features: 4, targets: 1, missing: true, sets: true });
  const random = numbers(99);
  const X = randomRows(5, 9, 4, true);
  const seen = { coded: 0, refused: 0, computed: 0 };
  for (let round = 0; round < 2500; round++) {
    const bytes = original.slice();
    for (let k = Math.floor(random() * 4); k >= 0; k--) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    try {
      const kernel = openKernel(readModel(bytes));
      if (!(kernel instanceof Kernel)) seen.refused++;
      else {
        const { inputs } = kernel;
        if (inputs.length === 1 && inputs[0]!.type === "double" && inputs[0]!.width === 4) kernel.run(9, [X]);
        seen.computed++;
      }
    } catch (error) {
      if (!(error instanceof SlipwayError) && !(error instanceof RangeError)) throw error;
      seen.coded++;
    }
  }
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(20);
});
