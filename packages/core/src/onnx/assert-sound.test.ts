import { expect, it } from "vitest";
import { int64s } from "../tensor/index.ts";
import { assertSound } from "./assert-sound.ts";
import { GraphBuilder } from "./graph.ts";
import { readModel } from "./read.ts";
import { serializeModel } from "./write.ts";

it("refuses a TopK that would end the process, and takes the same with a possible k", () => {
  const g = new GraphBuilder();
  const [top] = g.ops("TopK", [g.input("x", "double", ["N", 3]), g.constant(int64s([2]))], {}, 2);
  g.output("y", top!);
  const bytes = serializeModel(g.finish({ name: "top" }));
  expect(assertSound(bytes)).toEqual([]);
  const model = readModel(bytes);
  const [k] = model.graph.initializers;
  const initializers = [{ ...k!, tensor: int64s([-2]) }];
  const hostile = serializeModel({ ...model, graph: { ...model.graph, initializers } });
  expect(() => assertSound(hostile)).toThrow(expect.objectContaining({ code: "onnx-invalid-graph" }));
});
