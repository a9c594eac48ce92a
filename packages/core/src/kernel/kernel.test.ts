import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { GraphBuilder, Ops, readModel, serializeModel } from "../onnx/index.ts";
import { doubles } from "../tensor/index.ts";
import { Kernel, openKernel } from "./index.ts";
import { numbers, randomForest, randomRows, type RandomForest } from "./testing.ts";

function opened(bytes: Uint8Array, plain = false): Kernel {
  const kernel = openKernel(bytes, { plain });
  if (!(kernel instanceof Kernel)) throw new Error(`${kernel.operator}: ${kernel.reason}`);
  return kernel;
}

const SHAPES: readonly RandomForest[] = [
  { trees: 1, depth: 1, features: 1, targets: 1, missing: false, sets: false },
  { trees: 9, depth: 4, features: 5, targets: 1, missing: true, sets: false },
  { trees: 30, depth: 3, features: 3, targets: 3, missing: true, sets: true },
  { trees: 17, depth: 12, features: 20, targets: 1, missing: false, sets: false },
  { trees: 40, depth: 6, features: 8, targets: 2, missing: true, sets: true },
];

describe("forests", () => {
  for (const [i, shape] of SHAPES.entries()) {
    it(`${shape.trees} trees of depth ${shape.depth}, ${shape.targets} targets: the fast walks answer as the plain one, alone and in batches, bit for bit`, () => {
      const bytes = randomForest(i + 1, shape);
      const rows = 1100;
      const X = randomRows(i + 7, rows, shape.features, true);
      const [expected] = opened(bytes, true).run(rows, [X]);
      const kernel = opened(bytes);
      const [all] = kernel.run(rows, [X]);
      expect(all).toEqual(expected);
      expect(all!.dims).toEqual([rows, shape.targets]);
      for (const count of [1, 2, 3, 4, 5, 8, 11, 63, 64, 65, 131]) {
        const [some] = kernel.run(count, [X.slice(shape.features, (1 + count) * shape.features)]);
        expect(some!.data).toEqual((expected!.data as Float64Array).slice(shape.targets, (1 + count) * shape.targets));
      }
    });
  }
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
  for (let round = 0; round < 1500; round++) {
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
