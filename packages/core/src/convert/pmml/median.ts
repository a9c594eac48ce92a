// The value in the middle of several columns.

import type { Value } from "../../onnx/index.ts";
import type { Pmml } from "./context.ts";

/**
 * Of [N, K] the median of each row as [N, 1]: the middle one, or the mean of the two in the middle. With weights, the first in
 * order at which the weights so far reach half of them all.
 */
export function median(p: Pmml, values: Value, weights?: readonly number[] | number): Value {
  const { o, graph } = p.c;
  const k = typeof weights === "object" ? weights.length : (weights ?? (values.shape?.[1] as number));
  const [sorted, order] = graph.ops("TopK", [values, o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2) as [Value, Value];
  if (typeof weights === "object") {
    const reached = graph.op("CumSum", [o.gather(o.doubles(Float64Array.from(weights)), order, 0), o.scalar(1, "int64")]);
    const half = weights.reduce((a, b) => a + b, 0) / 2;
    const at = o.unsqueeze(o.argmax(o.cast(o.greaterEqual(reached, half), "int32"), 1), 1);
    return graph.op("GatherElements", [sorted, at], { axis: 1 });
  }
  const middle = o.slice(sorted, (k - 1) >> 1, (k >> 1) + 1, 1);
  return k % 2 === 1 ? middle : o.div(o.sum(middle, 1, true), 2);
}
