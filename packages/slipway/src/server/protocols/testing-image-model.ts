// A model of images for tests: pixels = the tensor's values as they came, in one list a row.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import type { Signature } from "@slipway/core/package";
import type { ElementType } from "@slipway/core/tensor";
import { loadModelPackage, type Servable } from "../../runtime/index.ts";

/** `shape`: of a row. */
export function imageModel(type: ElementType, shape: readonly [number, number, number], name = "image"): Promise<Servable> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const size = shape.reduce((n, d) => n * d, 1);
  g.output("pixels", o.reshape(g.input("x", type, ["N", ...shape]), [-1, size]));
  const signature: Signature = {
    layout: "tensors", tensors: [{ name: "x", type, shape: ["N", ...shape] }], tensorRows: "independent", columns: [], extraColumns: "refused",
    outputs: [{ name: "pixels", graphName: "pixels", kind: "value", type, rowShape: [size] }],
  };
  return loadModelPackage({ model: serializeModel(g.finish()), signature, manifest: { name, version: "1.0.0" }, digest: `sha256:${"12".repeat(32)}` });
}
