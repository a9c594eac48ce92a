// How a finished graph calls one of its constants, which is known by its content.

import { onnxError, type Model } from "../../onnx/index.ts";
import type { TensorDataMap } from "../../tensor/index.ts";

export function constantName({ graph }: Model, data: TensorDataMap[keyof TensorDataMap]): string {
  const found = graph.initializers.find(({ tensor }) => tensor.data === data);
  if (found === undefined) throw onnxError("onnx-internal", "a constant of the graph is not in it");
  return found.name;
}
