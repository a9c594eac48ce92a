// Sums of leaf values in float32, in the order of the trees, as XGBoost adds them up: bit for bit, whatever ONNX Runtime's
// TreeEnsemble does with threads. Every tree gives a column; CumSum along the columns adds them one by one.

import type { Value } from "../../onnx/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { repeatedRow } from "../conversion/algebra.ts";
import { leafColumns } from "../sklearn/tree/emit-trees.ts";
import type { FlatTree } from "../sklearn/tree/flat-tree.ts";

/** Trees of one node. ONNX Runtime keeps a number for every tree and row: 250 at once take twice the time of 64. */
const TREES_AT_ONCE = 64;

/** float [N, 1]: base + the trees' values, one after the other. `value` must be float32 numbers. */
export function sumInFloat32(c: Conversion, X: Value, trees: readonly FlatTree[], base: number, value: (tree: number, node: number) => number): Value {
  const { o } = c;
  let sum = repeatedRow(c, X, c.graph.constant({ type: "float", shape: [1, 1], data: Float32Array.of(base) }), 1);
  for (let from = 0; from < trees.length; from += TREES_AT_ONCE) {
    const part = trees.slice(from, from + TREES_AT_ONCE);
    sum = lastOfCumSum(c, o.concat([sum, o.cast(leafColumns(c, X, part, (t, node) => value(from + t, node)), "float")]), part.length);
  }
  return sum;
}

/** float [N, K]: the same for leaves of K numbers each; `row` gives the place of a leaf's numbers in `values`. */
export function sumRowsInFloat32(c: Conversion, X: Value, trees: readonly FlatTree[], base: Float32Array, values: Float32Array, row: (tree: number, node: number) => number): Value {
  const { o } = c;
  const width = base.length;
  const table = c.graph.constant({ type: "float", shape: [values.length / width, width], data: values });
  const baseRow = c.graph.constant({ type: "float", shape: [1, 1, width], data: base });
  let sum = c.graph.op("Expand", [baseRow, o.concat([c.graph.op("Shape", [X], { start: 0, end: 1 }), o.int64s([1, width])], 0)]);
  const atOnce = Math.max(1, Math.floor(TREES_AT_ONCE / width));
  for (let from = 0; from < trees.length; from += atOnce) {
    const part = trees.slice(from, from + atOnce);
    const rows = o.cast(leafColumns(c, X, part, (t, node) => row(from + t, node)), "int64");
    sum = lastOfCumSum(c, o.concat([sum, o.gather(table, rows, 0)], 1), part.length);
  }
  return o.squeeze(sum, 1);
}

/** The last of 1 + `added` entries along axis 1, kept as an axis of one. */
function lastOfCumSum(c: Conversion, terms: Value, added: number): Value {
  return c.o.slice(cumSum(c, terms), added, added + 1, 1);
}
export function cumSum(c: Conversion, terms: Value): Value {
  return c.graph.op("CumSum", [terms, c.graph.constant({ type: "int64", shape: [], data: BigInt64Array.of(1n) })]);
}

/** exp in float32 as the C library's expf rounds it: through a double. */
export function expFloat32(c: Conversion, x: Value): Value {
  return c.o.cast(c.o.exp(c.o.cast(x, "double")), "float");
}
/** A float32 constant. */
export function float32(c: Conversion, value: number): Value {
  return c.graph.constant({ type: "float", shape: [], data: Float32Array.of(value) });
}
