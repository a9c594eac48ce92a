// Operators that move elements, and those that compute sizes: what is known of a size stays known.

import type { Dim, Value } from "../../../onnx/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import { define, type Made, type NodeView, type Operator, type TfContext } from "../context.ts";
import { Dilated, type Size, type TfTensor } from "../values.ts";
import { stridedSlice } from "./strided-slice.ts";

const MAX_LIST = 4096;

function sizesOf(op: NodeView, c: TfContext, i: number): { known: readonly Size[] | undefined; value: () => Value } {
  const t = op.tensor(i);
  return { known: t.sizes, value: () => (t.sizes ? c.shapeValue(t.sizes) : c.o.cast(t.value, "int64")) };
}

/** Dimensions that stay are written as 0, so that rows are seen to stay rows. */
function reshape(op: NodeView, c: TfContext): Made {
  const t = op.tensor(0);
  const { known, value } = sizesOf(op, c, 1);
  if (t.sizes && known && t.sizesRank + known.length <= 2) {
    if (known.length === 0) return c.sizes(t.sizes, t.type, 0);
    if (known.length === 1 && (known[0] === -1 || known[0] === t.sizes.length)) return c.sizes(t.sizes, t.type, 1);
  }
  if (!known) return c.graph.op("Reshape", [t.value, value()]);
  const shape = op.shape(0);
  const target = known.map((s, i): Size => (typeof s !== "number" && typeof s.dim === "string" && s.dim === shape[i] ? 0 : s));
  const open = target.filter((s) => typeof s !== "number");
  if (open.length === 0) return c.o.reshape(t.value, keepRows(target as number[], shape));
  if (open.length === 1 && !target.includes(-1)) return c.o.reshape(t.value, target.map((s) => (typeof s === "number" ? s : -1)));
  return c.graph.op("Reshape", [t.value, value()]);
}
/** [-1, 12] of [N, 3, 4] is [0, 12]. */
function keepRows(target: readonly number[], shape: readonly Dim[]): readonly number[] {
  const inner = (dims: readonly Dim[]): number => dims.reduce<number>((n, d) => n * (typeof d === "number" && d > 0 ? d : NaN), 1);
  return target[0] === -1 && shape.length > 0 && inner(target.slice(1)) === inner(shape.slice(1)) ? [0, ...target.slice(1)] : target;
}

function squeeze(op: NodeView, c: TfContext): Made {
  const t = op.tensor(0);
  const axes = [...op.list("squeeze_dims"), ...op.list("axis")];
  if (t instanceof Dilated && t.flat && axes.length === 1 && (axes[0] === 1 || axes[0] === -3)) return t;
  if (t.sizes && t.sizesRank === 1 && t.sizes.length === 1) return c.sizes(t.sizes, t.type, 0);
  const shape = op.shape(0);
  const gone = axes.length > 0 ? axes.map((a) => op.axis(a, shape.length)) : shape.flatMap((d, i) => (d === 1 ? [i] : []));
  return gone.length === 0 ? t.value : c.graph.op("Squeeze", [t.value, c.o.int64s(gone)]);
}
function expandDims(op: NodeView, c: TfContext): Made {
  const t = op.tensor(0);
  const at = op.one(1, "axis");
  if (t.sizes && t.sizesRank === 0) return c.sizes(t.sizes, t.type, 1);
  if (t instanceof Dilated && t.flat && (at === 1 || at === -3)) return t;
  return c.o.unsqueeze(t.value, op.axis(at, op.rank(0) + 1));
}

function pack(op: NodeView, c: TfContext): Made {
  const parts = op.inputs.map((_, i) => op.tensor(i));
  const axis = op.int("axis");
  if (axis === 0 && parts.length > 0 && parts.every((p) => p.sizes?.length === 1 && p.sizesRank === 0)) return c.sizes(parts.flatMap((p) => p.sizes!), parts[0]!.type, 1);
  const at = op.axis(axis, op.rank(0) + 1);
  return c.o.concat(parts.map((p) => c.o.unsqueeze(p.value, at)), at);
}
function unpack(op: NodeView, c: TfContext): readonly Made[] {
  const count = op.int("num");
  const t = op.tensor(0);
  if (t.sizes && t.sizesRank === 1 && t.sizes.length === count) return t.sizes.map((s) => c.sizes([s], t.type, 0));
  const axis = op.axis(op.int("axis"), op.rank(0));
  if (op.shape(0)[axis] !== count || count > MAX_LIST) throw op.unsupported("a dimension of open size is not unpacked");
  return Array.from({ length: count }, (_, i) => c.o.gather(t.value, { type: "int64", shape: [], data: BigInt64Array.of(BigInt(i)) }, axis));
}
function concat(op: NodeView, c: TfContext): Made {
  const parts = op.inputs.slice(0, -1).map((_, i) => op.tensor(i));
  const axis = op.one(op.count - 1, "axis");
  if (parts.length > 0 && parts.every((p) => p.sizes && p.sizesRank === 1)) return c.sizes(parts.flatMap((p) => p.sizes!), parts[0]!.type, 1);
  return c.o.concat(parts.map((p) => p.value), op.axis(axis, op.rank(0)));
}

function gather(op: NodeView, c: TfContext): Made {
  const t = op.tensor(0);
  const axis = op.count > 2 ? op.one(2, "axis") : 0;
  if (op.int("batch_dims") !== 0) throw op.unsupported("batch_dims is not compiled");
  const indices = op.tensor(1);
  if (t.sizes && t.sizesRank === 1 && indices.sizes && indices.sizes.every((i) => typeof i === "number" && i >= 0 && i < t.sizes!.length)) {
    return c.sizes(indices.sizes.map((i) => t.sizes![i as number]!), t.type, indices.sizesRank);
  }
  return c.graph.op("Gather", [t.value, indices.value], { axis: op.axis(axis, op.rank(0)) });
}
function resourceGather(op: NodeView, c: TfContext): Made {
  if (op.int("batch_dims") !== 0) throw op.unsupported("batch_dims is not compiled");
  return c.graph.op("Gather", [c.read(op.handle(0), op).value, op.value(1)], { axis: 0 });
}

function range(op: NodeView, c: TfContext): Made {
  const [start, limit, step] = [0, 1, 2].map((i) => op.tensor(i));
  const known = [start, limit, step].map((t) => (t!.sizes?.length === 1 ? t!.sizes[0] : undefined));
  if (known.every((k) => typeof k === "number")) {
    const [from, to, by] = known as [number, number, number];
    const count = Math.max(0, Math.ceil((to - from) / by));
    if (!(by !== 0 && count <= MAX_LIST)) throw op.unsupported(`a range from ${from} to ${to} by ${by} is not compiled`);
    return c.sizes(Array.from({ length: count }, (_, i) => from + i * by), start!.type, 1);
  }
  const scalar = (t: TfTensor): Value => c.o.reshape(t.value, []);
  return c.graph.op("Range", [scalar(start!), scalar(limit!), scalar(step!)]);
}

function pad(op: NodeView, c: TfContext): Made {
  const pairs = op.ints(1, "paddings");
  const x = op.value(0);
  const pads = c.o.int64s([...pairs.filter((_, i) => i % 2 === 0), ...pairs.filter((_, i) => i % 2 === 1)]);
  if (op.type === "MirrorPad") {
    const mode = op.text("mode");
    if (mode !== "REFLECT") throw op.unsupported(`${mode.slice(0, 20)} padding is not compiled`);
    return c.graph.op("Pad", [x, pads], { mode: "reflect" });
  }
  return c.graph.op("Pad", [x, pads, op.type === "PadV2" ? c.o.reshape(op.value(2), []) : c.o.scalar(0, x.type)]);
}

function slice(op: NodeView, c: TfContext): Made {
  const [begin, size] = [op.ints(1, "starts"), op.ints(2, "sizes")];
  const axes = begin.map((_, i) => i);
  return c.graph.op("Slice", [op.value(0), c.o.int64s(begin), c.o.int64s(begin.map((b, i) => (size[i] === -1 ? Number.MAX_SAFE_INTEGER : b + size[i]!))), c.o.int64s(axes)]);
}
function split(op: NodeView, c: TfContext): readonly Made[] {
  const varied = op.type === "SplitV";
  const i = varied ? 0 : 1;
  const axis = op.axis(op.one(varied ? 2 : 0, "axis"), op.rank(i));
  const whole = op.shape(i)[axis];
  const count = op.int("num_split");
  if (typeof whole !== "number") throw op.unsupported("a dimension of open size is not split");
  if (!(count >= 1 && count <= MAX_LIST)) throw op.malformed(`it splits into ${count} parts`);
  let parts = varied ? op.ints(1, "sizes") : new Array<number>(count).fill(whole / count);
  const given = parts.reduce((n, p) => n + Math.max(0, p), 0);
  parts = parts.map((p) => (p === -1 ? whole - given : p));
  if (parts.length !== count || parts.some((p) => !Number.isInteger(p) || p < 0) || parts.reduce((n, p) => n + p, 0) !== whole) throw op.malformed(`${whole} elements do not split into [${parts.slice(0, 20).join(", ")}]`);
  if (count === 1) return [op.value(i)];
  return c.graph.ops("Split", [op.value(i), c.o.int64s(parts)], { axis }, count);
}

function broadcast(op: NodeView, c: TfContext, x: Value, i: number): Value {
  return c.graph.op("Expand", [x, sizesOf(op, c, i).value()]);
}
/** Sizes and axes that are a filled list stay known. */
function fill(op: NodeView, c: TfContext): Made {
  const { known } = sizesOf(op, c, 0);
  const value = op.tensor(1);
  const [count] = known ?? [];
  if (known?.length === 1 && typeof count === "number" && count >= 0 && count <= 256 && value.sizes?.length === 1) return c.sizes(new Array<Size>(count).fill(value.sizes[0]!), value.type, 1);
  return broadcast(op, c, value.value, 0);
}

function oneHot(op: NodeView, c: TfContext): Made {
  const [on, off] = [op.value(2), op.value(3)];
  const depth = op.one(1, "depth");
  const rank = op.rank(0);
  const axis = op.int("axis", -1) === -1 ? rank : op.axis(op.int("axis", -1), rank + 1);
  if (!(depth >= 0 && depth <= 2 ** 20)) throw op.malformed(`a depth of ${depth}`);
  // What is outside of the depth has no 1 at all; ONNX's OneHot would count it from the end.
  const places: Tensor = { type: "int64", shape: [depth, ...new Array<number>(rank - axis).fill(1)], data: BigInt64Array.from({ length: depth }, (_, i) => BigInt(i)) };
  const hit = c.o.equal(c.o.unsqueeze(c.o.cast(op.value(0), "int64"), axis), places);
  return c.o.where(hit, on, off);
}
function reverse(op: NodeView, c: TfContext): Made {
  const rank = op.rank(0);
  return op.ints(1, "axes").reduce((x, a) => c.o.slice(x, -1, -Number.MAX_SAFE_INTEGER, op.axis(a, rank), -1), op.value(0));
}

export const SHAPES: readonly Operator[] = [
  define("Shape", (op, c) => c.sizes(c.dims(op.value(0), op), op.elementType("out_type", "int32"), 1)),
  define("Size", (op, c) => c.o.cast(c.graph.op("Size", [op.value(0)]), op.elementType("out_type", "int32"))),
  define("Rank", (op, c) => c.sizes([op.rank(0)], "int32", 0)),
  define("Reshape", reshape), define("Squeeze", squeeze), define("ExpandDims", expandDims),
  define("Transpose", (op, c) => c.o.transpose(op.value(0), op.ints(1, "axes"))),
  define("Pack", pack), define("Unpack", unpack), define("ConcatV2", concat), define("GatherV2 Gather", gather), define("ResourceGather", resourceGather),
  define("Range", range), define("Pad PadV2 MirrorPad", pad), define("Slice", slice), define("StridedSlice", stridedSlice), define("Split SplitV", split),
  define("Tile", (op, c) => c.graph.op("Tile", [op.value(0), sizesOf(op, c, 1).value()])),
  define("BroadcastTo", (op, c) => broadcast(op, c, op.value(0), 1)),
  define("Fill", fill), define("OneHot", oneHot), define("ReverseV2", reverse),
];
