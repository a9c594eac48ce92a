// Picking and placing elements by indices and masks: index, gather, scatter and their kin.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, SymbolicInt, TensorValue, type TorchValue } from "../values.ts";

const range = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);
const without = (rank: number, axes: readonly number[]): number[] => range(rank).filter((i) => !axes.includes(i));
const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));

/** Index tensors by axis; a mask stands for the places where it is true, an axis each. */
function readIndices(args: Args, c: TorchContext): { readonly axis: number; readonly index: Value }[] {
  const out: { axis: number; index: Value }[] = [];
  let axis = 0;
  for (const item of args.list("indices")) {
    if (item === null) {
      axis++;
      continue;
    }
    if (!(item instanceof TensorValue)) throw args.bad("indices", "a list of tensors");
    const v = item.value;
    if (c.isGuess(item)) throw args.refuse("an index or a mask whose type the file does not tell");
    if (v.type === "bool" || v.type === "uint8") {
      const rank = c.rank(v);
      const places = c.graph.op("NonZero", [c.o.cast(v, "bool")]);
      for (let k = 0; k < rank; k++) out.push({ axis: axis + k, index: c.o.gather(places, c.o.scalar(k, "int64"), 0) });
      axis += rank;
    } else out.push({ axis: axis++, index: c.o.cast(v, "int64") });
  }
  return out;
}

/** Indices of one shape, side by side in a last dimension. */
function joined(parts: readonly Value[], c: TorchContext): { readonly index: Value; readonly rank: number } {
  const rank = Math.max(...parts.map((p) => c.rank(p)));
  const same = parts.length === 1 ? parts : (() => {
    const zero = parts.map((p) => c.o.mul(p, 0)).reduce((a, b) => c.o.add(a, b));
    return parts.map((p) => c.o.add(p, zero));
  })();
  return { index: c.o.concat(same.map((p) => c.o.unsqueeze(p, rank)), rank), rank };
}

function pick(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const used = readIndices(args, c);
  if (used.length === 0) return x;
  if (used.length === 1) return c.o.gather(x, used[0]!.index, used[0]!.axis);
  const rank = c.rank(x);
  const axes = used.map((u) => u.axis);
  const rest = without(rank, axes);
  const { index, rank: width } = joined(used.map((u) => u.index), c);
  const front = [...axes, ...rest];
  const found = c.graph.op("GatherND", [front.every((a, i) => a === i) ? x : c.o.transpose(x, front), index]);
  const together = axes.every((a, i) => a === axes[0]! + i);
  const at = together ? axes[0]! : 0;
  if (at === 0) return found;
  // The places of the indices come where the first of their axes was.
  return c.o.transpose(found, [...range(at, width), ...range(width), ...range(rest.length - at, width + at)]);
}

/** x with `values` [places..., rest...] at the places. */
function place(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const values = c.o.cast(args.tensor("values"), x.type);
  const rank = c.rank(x);
  const items = args.list("indices").filter((i) => i !== null);
  const [only] = items;
  const add = args.bool("accumulate", false);
  if (items.length === 1 && only instanceof TensorValue && only.value.type === "bool" && args.list("indices")[0] === only && !add && c.rank(values) === 0) {
    const mask = only.value;
    const lack = rank - c.rank(mask);
    return c.where(lack > 0 ? c.graph.op("Unsqueeze", [mask, c.o.int64s(range(lack, c.rank(mask)))]) : mask, values, x);
  }
  const used = readIndices(args, c);
  const axes = used.map((u) => u.axis);
  const rest = without(rank, axes);
  const together = axes.every((a, i) => a === axes[0]! + i);
  const { index, rank: width } = joined(used.map((u) => u.index), c);
  const front = [...axes, ...rest];
  const moved = c.o.transpose(x, front);
  const before = together ? axes[0]! : 0;
  const shape = c.graph.op("Shape", [moved]);
  const wanted = c.o.concat([c.graph.op("Shape", [index], { start: 0, end: width }), c.o.slice(shape, axes.length, rank, 0)], 0);
  // The values are laid out as indexing would give them.
  let laid = values;
  if (before > 0 && c.rank(values) > 0) {
    const full = width + rest.length;
    const lack = full - c.rank(values);
    if (lack > 0) laid = c.graph.op("Unsqueeze", [laid, c.o.int64s(range(lack))]);
    laid = c.o.transpose(laid, inverse([...range(before, width), ...range(width), ...range(rest.length - before, width + before)]));
  }
  const updates = c.graph.op("Expand", [laid, wanted]);
  return c.o.transpose(c.graph.op("ScatterND", [moved, index, updates], { reduction: add ? "add" : "none" }), inverse(front));
}

/** Whole slices of `dim` are set, at `index` [K]: to a value, to the slices of `source`, or by adding those. */
function placeSlices(x: Value, dim: number, index: Value, source: Value, add: boolean, c: TorchContext): Value {
  const rank = c.rank(x);
  const front = [dim, ...without(rank, [dim])];
  const moved = c.o.transpose(x, front);
  const shape = c.o.concat([c.graph.op("Shape", [index]), c.o.slice(c.graph.op("Shape", [moved]), 1, Math.max(rank, 1), 0)], 0);
  const laid = c.rank(source) === rank ? c.o.transpose(source, front) : source;
  const updates = c.graph.op("Expand", [c.o.cast(laid, x.type), shape]);
  return c.o.transpose(c.graph.op("ScatterND", [moved, c.o.unsqueeze(index, 1), updates], { reduction: add ? "add" : "none" }), inverse(front));
}
function slices(args: Args, c: TorchContext, source: string, add: boolean): Value {
  const x = args.tensor("self");
  const index = c.o.cast(args.tensor("index"), "int64");
  if (args.has("alpha") && args.float("alpha") !== 1) throw args.refuse("alpha");
  return placeSlices(x, args.axis("dim", c.rank(x)), c.rank(index) === 0 ? c.o.unsqueeze(index, 0) : index, args.tensor(source), add, c);
}

const REDUCTIONS: Readonly<Record<string, string>> = { sum: "add", add: "add", prod: "mul", multiply: "mul", amax: "max", amin: "min" };
function scatter(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const index = c.o.cast(args.tensor("index"), "int64");
  const given = args.get("src") ?? args.get("value");
  const source = given instanceof TensorValue ? given.value : c.scalarOf(given as number);
  const shape = c.graph.op("Shape", [index]);
  const rank = c.rank(index);
  // A source may be larger than the index.
  const cut = c.rank(source) === 0 ? c.graph.op("Expand", [source, shape]) : c.graph.op("Slice", [source, c.o.int64s(new Array<number>(rank).fill(0)), shape]);
  const named = args.has("reduce") ? args.string("reduce", "") : args.op.startsWith("scatter_add") ? "sum" : "";
  const reduction = named === "" ? "none" : REDUCTIONS[named];
  if (!reduction || !args.bool("include_self", true)) throw args.refuse(`reduce=${named}${args.bool("include_self", true) ? "" : " without include_self"}`);
  return c.graph.op("ScatterElements", [x, index, c.o.cast(cut, x.type)], { axis: args.axis("dim", c.rank(x)), reduction });
}

const masked = (mask: Value, c: TorchContext): Value => c.o.cast(mask, "bool");
function choose(args: Args, c: TorchContext): Value {
  const [x, mask] = [args.tensor("self"), masked(args.tensor("mask"), c)];
  const shape = c.graph.op("Shape", [c.graph.op("Add", [c.o.cast(mask, "int32"), c.o.cast(c.o.mul(c.o.cast(x, "float"), 0), "int32")])]);
  const all = (v: Value): Value => c.o.reshape(c.graph.op("Expand", [v, shape]), [-1]);
  return c.graph.op("Compress", [all(x), all(mask)]);
}

/** The indices that a slice [start, end, step) of `dim` looks at. */
function sliceIndices(args: Args, x: Value, dim: number, c: TorchContext): Value {
  const n = c.graph.op("Shape", [x], { start: dim, end: dim + 1 });
  const all = c.graph.op("Range", [c.o.scalar(0, "int64"), c.o.squeeze(n, 0), c.o.scalar(1, "int64")]);
  const bound = (name: string, otherwise: bigint): Value => {
    const v = args.has(name) ? args.get(name)! : otherwise;
    return v instanceof SymbolicInt ? c.o.unsqueeze(v.value, 0) : c.o.int64s([typeof v === "bigint" && v < 2n ** 31n ? v : 2n ** 31n]);
  };
  return c.graph.op("Slice", [all, bound("start", 0n), bound("end", 2n ** 31n), c.o.int64s([0]), c.o.int64s([args.int("step", 1)])]);
}

export const INDEXING: readonly Operator[] = [
  defineOperator({ names: ["index", "_unsafe_index"], params: "self indices", convert: pick }),
  defineOperator({ names: ["index_put", "_index_put_impl", "_unsafe_index_put"], params: "self indices values accumulate unsafe", convert: place }),
  defineOperator({ names: ["index_select"], params: "self dim index", convert: (args, c) => {
    const index = args.tensor("index");
    return c.o.gather(args.tensor("self"), c.rank(index) === 0 ? c.o.unsqueeze(index, 0) : index, args.axis("dim", c.rank(args.tensor("self"))));
  } }),
  defineOperator({ names: ["gather"], params: "self dim index sparse_grad", convert: (args, c) => {
    const [x, index] = [args.tensor("self"), args.tensor("index")];
    const dim = args.axis("dim", c.rank(x));
    // An index may be smaller than the value in the other dimensions, which GatherElements allows as well.
    return c.graph.op("GatherElements", [x, index], { axis: dim });
  } }),
  defineOperator({ names: ["take_along_dim"], params: "self indices dim", convert: (args, c) => {
    const [x, index] = [args.tensor("self"), args.tensor("indices")];
    if (!args.has("dim")) return c.graph.op("GatherElements", [c.o.reshape(x, [-1]), c.o.reshape(index, [-1])], { axis: 0 });
    return c.graph.op("GatherElements", [x, index], { axis: args.axis("dim", c.rank(x)) });
  } }),
  defineOperator({ names: ["take"], params: "self index", convert: (args, c) => c.o.gather(c.o.reshape(args.tensor("self"), [-1]), args.tensor("index"), 0) }),
  defineOperator({ names: ["scatter", "scatter_add", "scatter_reduce"], params: "self dim index src reduce include_self", convert: scatter }),
  defineOperator({ names: ["index_fill"], params: "self dim index value", convert: (args, c) => slices(args, c, "value", false) }),
  defineOperator({ names: ["index_copy"], params: "self dim index source", convert: (args, c) => slices(args, c, "source", false) }),
  defineOperator({ names: ["index_add"], params: "self dim index source alpha", convert: (args, c) => slices(args, c, "source", true) }),
  defineOperator({ names: ["select_scatter"], params: "self src dim index", convert: (args, c) => {
    const x = args.tensor("self");
    const dim = args.axis("dim", c.rank(x));
    return placeSlices(x, dim, c.o.int64s([args.int("index")]), c.o.unsqueeze(args.tensor("src"), dim), false, c);
  } }),
  defineOperator({ names: ["slice_scatter"], params: "self src dim start end step", convert: (args, c) => {
    const x = args.tensor("self");
    const dim = args.axis("dim", c.rank(x), 0);
    return placeSlices(x, dim, sliceIndices(args, x, dim, c), args.tensor("src"), false, c);
  } }),
  defineOperator({ names: ["masked_fill"], params: "self mask value", convert: (args, c) => {
    const x = args.tensor("self");
    return c.where(masked(args.tensor("mask"), c), c.o.cast(args.tensor("value"), x.type), x);
  } }),
  defineOperator({ names: ["masked_select"], params: "self mask", convert: choose }),
  defineOperator({ names: ["nonzero", "argwhere"], params: "self", convert: (args, c) => c.o.transpose(c.graph.op("NonZero", [c.o.cast(args.tensor("self"), "bool")]), [1, 0]) }),
  defineOperator({ names: ["nonzero_numpy"], params: "self", convert: (args, c) => {
    const places = c.graph.op("NonZero", [c.o.cast(args.tensor("self"), "bool")]);
    return new ListValue(range(c.rank(args.tensor("self"))).map((k): TorchValue => new TensorValue(c.o.gather(places, c.o.scalar(k, "int64"), 0))));
  } }),
  // In place: the new elements; the context puts them where they belong.
  defineOperator({ names: ["copy"], params: "self src non_blocking", convert: (args, c) => {
    const x = args.tensor("self");
    return c.graph.op("Expand", [c.o.cast(args.tensor("src"), x.type), c.graph.op("Shape", [x])]);
  } }),
  defineOperator({ names: ["fill"], params: "self value", convert: (args, c) => {
    const x = args.tensor("self");
    return c.graph.op("Expand", [c.o.cast(args.tensor("value"), x.type), c.graph.op("Shape", [x])]);
  } }),
  defineOperator({ names: ["zero"], params: "self", convert: (args, c) => {
    const x = args.tensor("self");
    return c.graph.op("Expand", [c.o.cast(c.o.scalar(0, "int64"), x.type), c.graph.op("Shape", [x])]);
  } }),
];
