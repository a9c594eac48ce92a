// Sums, means and extremes over axes.

import type { Value } from "../../../onnx/index.ts";
import { define, type NodeView, type Operator, type TfContext } from "../context.ts";
import { TfTensor, type OpenSize } from "../values.ts";

function reduce(op: NodeView, c: TfContext, type: string): TfTensor | Value {
  const over = axes(op);
  if (over.length === 0) return op.tensor(0);
  return c.graph.op(type, [op.value(0), c.o.int64s(over)], { keepdims: op.flag("keep_dims") ? 1 : 0 });
}
function axes(op: NodeView): number[] {
  const rank = op.rank(0);
  return op.ints(1, "axes").map((a) => op.axis(a, rank));
}
const reduction = (name: string, type: string): Operator => define(name, (op, c) => reduce(op, c, type));

function mean(op: NodeView, c: TfContext): TfTensor | Value {
  const over = axes(op);
  const type = op.elementType("T");
  if (over.length === 0 || (type !== "float" && type !== "double")) return reduce(op, c, "ReduceMean");
  return c.o.meanOver(op.value(0), over, op.flag("keep_dims"));
}

/** Of sizes it is a size. */
function product(op: NodeView, c: TfContext): TfTensor | Value {
  const t = op.tensor(0);
  if (!t.sizes || t.sizesRank !== 1 || op.flag("keep_dims")) return reduce(op, c, "ReduceProd");
  const known = t.sizes.reduce<number>((n, s) => (typeof s === "number" ? n * s : n), 1);
  const open = t.sizes.filter((s): s is OpenSize => typeof s !== "number");
  if (!Number.isSafeInteger(known)) throw op.malformed("a product of sizes that is too large");
  if (open.length === 0) return c.sizes([known], t.type, 0);
  const size: OpenSize = open.length === 1 && known === 1 ? open[0]! : { value: open.map((s) => s.value).reduce((a, b) => c.o.mul(a, b), c.o.int64s([known])), dim: undefined };
  return c.sizes([size], t.type, 0);
}

/** any and all of truth values. */
const truth = (name: string, type: string): Operator => define(name, (op, c) => {
  const over = axes(op);
  if (over.length === 0) return op.tensor(0);
  return c.o.cast(c.graph.op(type, [c.o.cast(op.value(0), "int32"), c.o.int64s(over)], { keepdims: op.flag("keep_dims") ? 1 : 0 }), "bool");
});
const place = (name: string, type: string): Operator => define(name, (op, c) => {
  const found = c.graph.op(type, [op.value(0)], { axis: op.axis(op.one(1, "axis"), op.rank(0)), keepdims: 0, select_last_index: 0 });
  return c.o.cast(found, op.elementType("output_type", "int64"));
});
function topK(op: NodeView, c: TfContext): Value[] {
  const [values, indices] = c.graph.ops("TopK", [op.value(0), c.o.int64s([op.one(1, "k")])], { axis: -1, largest: 1, sorted: 1 }, 2) as [Value, Value];
  return [values, c.o.cast(indices, op.elementType("index_type", "int32"))];
}

/** Counts of whole numbers below `size`, a row for each row; what is outside is not counted. */
function bincount(op: NodeView, c: TfContext): Value {
  const size = op.one(1, "size");
  const type = op.elementType("T");
  const rank = op.rank(0);
  if (!(size >= 0 && size <= 2 ** 20) || rank < 1 || rank > 2) throw op.unsupported(`counts of ${size} values are not compiled`);
  const places = c.o.int64s(Array.from({ length: size }, (_, i) => i));
  const hit = c.o.cast(c.o.equal(c.o.unsqueeze(c.o.cast(op.value(0), "int64"), rank), places), type);
  if (op.flag("binary_output")) return c.o.max(hit, rank - 1);
  const weighted = op.shape(2).length === rank && op.shape(2).every((d) => d !== 0);
  return c.o.sum(weighted ? c.o.mul(hit, c.o.unsqueeze(op.value(2), rank)) : hit, rank - 1);
}

export const REDUCTIONS: readonly Operator[] = [
  define("Mean", mean), reduction("Sum", "ReduceSum"), reduction("Max", "ReduceMax"), reduction("Min", "ReduceMin"),
  define("Prod", product), truth("All", "ReduceMin"), truth("Any", "ReduceMax"),
  place("ArgMax", "ArgMax"), place("ArgMin", "ArgMin"), define("TopKV2", topK),
  define("DenseBincount", bincount),
  define("Cumsum", (op, c) => c.graph.op("CumSum", [op.value(0), c.o.scalar(op.one(1, "axis"), "int64")], { exclusive: op.flag("exclusive") ? 1 : 0, reverse: op.flag("reverse") ? 1 : 0 })),
];
