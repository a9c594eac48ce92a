// The items of a package that recommends or finds, with their vectors: a constant of its graph, or a file beside it.

import { readModel } from "@slipway/core/onnx";
import { packageError, type Recommending } from "@slipway/core/package";

export const VECTORS_FILE = "vectors.f32";

export interface ItemSpace {
  readonly settings: Recommending;
  /** One row an item; undefined where the model's own output tells of items. */
  readonly vectors: Float32Array | Float64Array | undefined;
  readonly width: number;
}

/** @throws package-recommend */
export function itemSpace(settings: Recommending, model: Uint8Array, outside?: Uint8Array): ItemSpace {
  if (settings.vectors === undefined) return { settings, vectors: undefined, width: 0 };
  if (settings.vectors === VECTORS_FILE) return outsideGraph(settings, outside);
  const tensor = readModel(model).graph.initializers.find((i) => i.name === settings.vectors)?.tensor;
  const { data, shape } = tensor ?? { data: undefined, shape: [] };
  if (!(data instanceof Float32Array || data instanceof Float64Array) || shape.length !== 2 || shape[0] !== settings.items.length) {
    throw packageError("package-recommend", `the graph has no vectors of ${settings.items.length} items under the name ${JSON.stringify(settings.vectors)}`, { where: "recommend.json: vectors" });
  }
  return { settings, vectors: data, width: shape[1]! };
}

function outsideGraph(settings: Recommending, bytes: Uint8Array | undefined): ItemSpace {
  const width = (bytes?.byteLength ?? 0) / 4 / settings.items.length;
  if (bytes === undefined || !Number.isInteger(width) || width < 1) throw packageError("package-recommend", `${VECTORS_FILE} has ${bytes?.byteLength ?? 0} bytes for ${settings.items.length} items`, { where: VECTORS_FILE });
  // A view cannot begin at any byte.
  const { buffer } = bytes.slice();
  return { settings, vectors: new Float32Array(buffer), width };
}
