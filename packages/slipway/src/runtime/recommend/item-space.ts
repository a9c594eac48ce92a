// The items of a package that recommends, with their vectors, which are a constant of its graph.

import { readModel } from "@slipway/core/onnx";
import { packageError, type Recommending } from "@slipway/core/package";

export interface ItemSpace {
  readonly settings: Recommending;
  /** One row an item; undefined where the model's own output tells of items. */
  readonly vectors: Float32Array | Float64Array | undefined;
  readonly width: number;
}

/** @throws package-recommend */
export function itemSpace(settings: Recommending, model: Uint8Array): ItemSpace {
  if (settings.vectors === undefined) return { settings, vectors: undefined, width: 0 };
  const tensor = readModel(model).graph.initializers.find((i) => i.name === settings.vectors)?.tensor;
  const { data, shape } = tensor ?? { data: undefined, shape: [] };
  if (!(data instanceof Float32Array || data instanceof Float64Array) || shape.length !== 2 || shape[0] !== settings.items.length) {
    throw packageError("package-recommend", `the graph has no vectors of ${settings.items.length} items under the name ${JSON.stringify(settings.vectors)}`, { where: "recommend.json: vectors" });
  }
  return { settings, vectors: data, width: shape[1]! };
}
