// Indices of categories -> the output_mode of Keras's preprocessing layers.

import type { Value } from "../../../onnx/index.ts";
import { floats } from "../../../tensor/index.ts";
import type { KerasContext, LayerView } from "../layer.ts";

export const MODES = ["int", "one_hot", "multi_hot", "count", "tf_idf"] as const;
export type Mode = (typeof MODES)[number];

/** What is in no category: no column of a multi_hot or count result is its own. */
export const DROPPED = -1;

/** index [N, ...] int64, DROPPED where there is none -> int64 as it is, or float [..., depth]. Samples are in the first dimension after the rows. */
export function encode(layer: LayerView, index: Value, depth: number, mode: Exclude<Mode, "tf_idf">, c: KerasContext): Value {
  if (mode === "int") return index;
  const rank = c.shape(index).length;
  const within = c.o.where(c.o.less(index, 0), c.o.scalar(depth, "int64"), index);
  const hot = (v: Value): Value => c.graph.op("OneHot", [v, c.o.scalar(depth, "int64"), c.graph.constant(floats([0, 1]))], { axis: -1 });
  if (mode === "one_hot") return hot(rank > 1 && c.shape(index).at(-1) === 1 ? c.o.squeeze(within, -1) : within);
  if (rank < 2) throw layer.refuse(`output_mode=${JSON.stringify(mode)} of single values`, "all rows would be counted together", "Give the model's Input the shape (1,).");
  if (rank > 2) return mode === "multi_hot" ? c.o.max(hot(within), 1) : c.o.sum(hot(within), 1);
  const rows = c.o.slice(c.graph.op("Shape", [index]), 0, 1, 0);
  const empty = c.graph.op("ConstantOfShape", [c.o.concat([rows, c.o.int64s([depth + 1])], 0)], { value: floats([0]) });
  const beyond = c.o.where(c.o.greater(within, depth), c.o.scalar(depth, "int64"), within);
  const ones = c.graph.op("Expand", [c.scalar(1), c.graph.op("Shape", [index])]);
  const counts = c.o.slice(c.graph.op("ScatterElements", [empty, beyond, ones], { axis: 1, reduction: "add" }), 0, depth, 1);
  const known = c.o.reshape(counts, [0, depth]);
  return mode === "count" ? known : c.o.minimum(known, 1);
}
