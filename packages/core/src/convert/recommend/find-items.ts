// The end of every graph that recommends: from a vector, or from a number an item, to the ids of the best items.

import { MISSING_STRING } from "../../package/index.ts";
import type { Ops, Value } from "../../onnx/index.ts";

export interface Found {
  /** string [N, k]; MISSING_STRING where there are no more. */
  readonly items: Value;
  /** [N, k], the largest first; of equal ones the item that comes first. NaN where there are no more. */
  readonly scores: Value;
}

/** @param scores [N, items], -Infinity for what is not to be shown */
export function bestItems(o: Ops, scores: Value, ids: readonly string[], k: number): Found {
  const [values, places] = o.graph.ops("TopK", [scores, o.int64s([k])], { axis: 1, largest: 1, sorted: 1 }, 2) as [Value, Value];
  const none = o.equal(values, -Infinity);
  return { items: o.where(none, o.strings([MISSING_STRING], []), o.gather(o.strings(ids), places, 0)), scores: o.where(none, NaN, values) };
}

/** Each row by its length; a row of zeros stays. @param rows [N, width] */
export function unitRows(o: Ops, rows: Value): Value {
  const length = o.sqrt(o.sum(o.mul(rows, rows), 1, true));
  return o.div(rows, o.where(o.equal(length, 0), 1, length));
}

/** The same of numbers: a copy whose rows have length 1. */
export function unitVectors(data: Float64Array, width: number): Float64Array {
  const unit = data.slice();
  for (let start = 0; start < unit.length; start += width) {
    let sum = 0;
    for (let j = start; j < start + width; j++) sum += unit[j]! * unit[j]!;
    const length = Math.sqrt(sum);
    if (length > 0) for (let j = start; j < start + width; j++) unit[j]! /= length;
  }
  return unit;
}
