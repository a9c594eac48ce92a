// Operators that lay elements out anew: joined, repeated, rolled, turned, seen through windows.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, TensorValue, type TorchValue } from "../values.ts";
import { common } from "./promotion.ts";

const range = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);
const listOf = (values: readonly Value[]): ListValue => new ListValue(values.map((v) => new TensorValue(v)));
const MAX_PLACES = 2 ** 24;

function movedim(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const rank = c.rank(x);
  const [from, to] = [args.axes("source", rank)!, args.axes("destination", rank)!];
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) throw args.bad("destination", "as many dimensions as the source");
  const rest = range(rank).filter((i) => !from.includes(i));
  return c.o.transpose(x, range(rank).map((i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)));
}

const atLeast = (v: Value, rank: number, c: TorchContext): Value => {
  const own = c.rank(v);
  if (own >= rank) return v;
  if (rank === 1) return c.o.reshape(v, [1]);
  if (rank === 2) return own === 0 ? c.o.reshape(v, [1, 1]) : c.o.unsqueeze(v, 0);
  return own === 2 ? c.o.unsqueeze(v, 2) : own === 1 ? c.o.unsqueeze(c.o.unsqueeze(v, 0), 2) : c.o.reshape(v, [1, 1, 1]);
};
function stacked(args: Args, c: TorchContext): Value {
  const parts = common(args.tensors("tensors"), c);
  switch (args.op) {
    case "hstack": return c.o.concat(parts.map((p) => atLeast(p, 1, c)), c.rank(parts[0]!) <= 1 ? 0 : 1);
    case "column_stack": return c.o.concat(parts.map((p) => (c.rank(p) <= 1 ? c.o.reshape(p, [-1, 1]) : p)), 1);
    case "dstack": return c.o.concat(parts.map((p) => atLeast(p, 3, c)), 2);
    default: return c.o.concat(parts.map((p) => atLeast(p, 2, c)), 0);
  }
}

function tensorSplit(args: Args, c: TorchContext): TorchValue {
  const x = args.tensor("self");
  const axis = args.axis("dim", c.rank(x), 0);
  const given = args.get("indices_or_sections") ?? args.get("sections") ?? args.get("indices");
  if (given instanceof ListValue) {
    const at = [0, ...given.items.map(Number), 2 ** 31];
    return listOf(at.slice(1).map((to, i) => c.o.slice(x, at[i]!, to, axis)));
  }
  const [total, n] = [c.size(x, axis, args), Number(given)];
  if (!(n >= 1 && n <= 10_000)) throw args.bad("sections", "a positive number");
  let from = 0;
  return listOf(range(n).map((i) => {
    const size = Math.floor(total / n) + (i < total % n ? 1 : 0);
    from += size;
    return c.o.slice(x, from - size, from, axis);
  }));
}

function repeatInterleave(args: Args, c: TorchContext): Value {
  if (args.isTensor("repeats")) throw args.refuse("repeats that are a tensor");
  let x = args.tensor("self");
  if (!args.has("dim")) x = c.o.reshape(x, [-1]);
  const rank = c.rank(x);
  const axis = args.axis("dim", rank, 0);
  const n = args.int("repeats");
  if (!(n >= 1 && n <= 1_000_000)) throw args.bad("repeats", "a positive number");
  const tiled = c.graph.op("Tile", [c.o.unsqueeze(x, axis + 1), c.o.int64s(range(rank + 1).map((i) => (i === axis + 1 ? n : 1)))]);
  const d = x.shape?.[axis];
  if (typeof d === "number") return c.o.reshape(tiled, range(rank).map((i) => (i === axis ? d * n : i < axis ? 0 : (typeof x.shape![i] === "number" ? (x.shape![i] as number) : -1))));
  const shape = c.graph.op("Shape", [x]);
  return c.graph.op("Reshape", [tiled, c.o.concat([c.o.slice(shape, 0, axis, 0), c.o.int64s([-1]), c.o.slice(shape, axis + 1, rank, 0)], 0)]);
}

function roll(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const [shifts, axes] = [args.ints("shifts", undefined, typeof args.get("shifts") === "bigint" ? 1 : undefined), args.has("dims") ? args.axes("dims", c.rank(x))! : []];
  const turn = (v: Value, by: number, axis: number): Value => (by === 0 ? v : c.o.concat([c.o.slice(v, -by, 2 ** 31, axis), c.o.slice(v, by > 0 ? 0 : 0, -by, axis)], axis));
  const settle = (v: Value, by: number, axis: number): Value => {
    const d = v.shape?.[axis];
    return turn(v, typeof d === "number" && d > 0 ? ((by % d) + d) % d : by, axis);
  };
  if (axes.length === 0) return c.graph.op("Reshape", [settle(c.o.reshape(x, [-1]), shifts[0]!, 0), c.graph.op("Shape", [x])]);
  if (axes.length !== shifts.length) throw args.bad("dims", "as many dimensions as shifts");
  return axes.reduce((v, axis, i) => settle(v, shifts[i]!, axis), x);
}

const flipped = (x: Value, axes: readonly number[], c: TorchContext): Value =>
  c.graph.op("Slice", [x, c.o.int64s(axes.map(() => -1)), c.o.int64s(axes.map(() => -(2 ** 31 - 1))), c.o.int64s(axes), c.o.int64s(axes.map(() => -1))]);
const swapped = (x: Value, a: number, b: number, c: TorchContext): Value => c.o.transpose(x, range(c.rank(x)).map((i) => (i === a ? b : i === b ? a : i)));
function rotate(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const [a, b] = (args.has("dims") ? args.axes("dims", c.rank(x))! : [0, 1]) as [number, number];
  switch (((args.int("k", 1) % 4) + 4) % 4) {
    case 1: return swapped(flipped(x, [b], c), a, b, c);
    case 2: return flipped(x, [a, b], c);
    case 3: return flipped(swapped(x, a, b, c), [b], c);
    default: return x;
  }
}

/** x.unfold(dim, size, step): windows along a dimension, each laid out in a new last one. */
function unfold(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const rank = c.rank(x);
  const axis = args.axis("dimension", rank);
  const [n, size, step] = [c.size(x, axis, args), args.int("size"), args.int("step")];
  const count = Math.floor((n - size) / step) + 1;
  if (!(size >= 1 && step >= 1 && count >= 1) || count * size > MAX_PLACES) throw args.bad("size", `at most ${n}`);
  const found = c.o.gather(x, c.graph.constant(int64s(range(count).flatMap((i) => range(size, i * step)), [count, size])), axis);
  return c.o.transpose(found, [...range(axis + 1), ...range(rank - axis - 1, axis + 2), axis + 1]);
}

/** The elements of a dense tensor by their places: as_strided and diagonals. */
function placed(x: Value, shape: readonly number[], strides: readonly number[], offset: number, args: Args, c: TorchContext): Value {
  const count = shape.reduce((a, b) => a * b, 1);
  if (!(count <= MAX_PLACES)) throw args.bad("size", "smaller");
  const index = range(count).map((k) => {
    let [rest, at] = [k, offset];
    for (let i = shape.length - 1; i >= 0; i--) {
      at += (rest % shape[i]!) * strides[i]!;
      rest = Math.floor(rest / shape[i]!);
    }
    return at;
  });
  return c.o.gather(x, c.graph.constant(int64s(index, shape)), c.rank(x) - 1);
}
function diagonal(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const rank = c.rank(x);
  const [a, b] = [args.axis("dim1", rank, 0), args.axis("dim2", rank, 1)];
  const offset = args.int("offset", 0);
  const rest = range(rank).filter((i) => i !== a && i !== b);
  const moved = c.o.transpose(x, [...rest, a, b]);
  const [n, m] = [c.size(x, a, args), c.size(x, b, args)];
  const count = Math.max(0, Math.min(n + Math.min(offset, 0), m - Math.max(offset, 0)));
  if (count === 0) throw args.refuse("an empty diagonal");
  const flat = c.graph.op("Reshape", [moved, c.o.concat([c.graph.op("Shape", [moved], { start: 0, end: rest.length }), c.o.int64s([n * m])], 0)]);
  return placed(flat, [count], [m + 1], offset >= 0 ? offset : -offset * m, args, c);
}
function diagonalOf(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  if (args.int("offset", 0) !== 0 || args.int("dim1", -2) !== -2 || args.int("dim2", -1) !== -1) throw args.refuse("another diagonal than the main one");
  const n = c.size(x, -1, args);
  const eye = c.o.cast(c.graph.op("EyeLike", [c.graph.op("Expand", [c.o.scalar(0, "float"), c.o.int64s([n, n])])]), x.type);
  return c.o.mul(c.o.unsqueeze(x, c.rank(x)), eye);
}

function meshgrid(args: Args, c: TorchContext): TorchValue {
  const parts = args.tensors("tensors");
  const xy = args.has("indexing") && args.string("indexing", "ij") === "xy";
  const ordered = xy ? [parts[1]!, parts[0]!, ...parts.slice(2)] : parts;
  const shape = c.o.concat(ordered.map((p) => c.o.reshape(c.graph.op("Size", [p]), [1])), 0);
  const grids = ordered.map((p, i) => c.graph.op("Expand", [c.o.reshape(p, range(ordered.length).map((k) => (k === i ? -1 : 1))), shape]));
  return listOf(xy ? [grids[1]!, grids[0]!, ...grids.slice(2)] : grids);
}

export const ARRANGING: readonly Operator[] = [
  defineOperator({ names: ["movedim", "moveaxis"], params: "self source destination", view: true, convert: movedim }),
  defineOperator({ names: ["hstack", "vstack", "dstack", "column_stack", "row_stack"], params: "tensors", convert: stacked }),
  defineOperator({ names: ["tensor_split"], params: "self indices_or_sections dim", view: true, convert: tensorSplit }),
  defineOperator({ names: ["repeat_interleave"], params: "self repeats dim output_size", convert: repeatInterleave }),
  defineOperator({ names: ["roll"], params: "self shifts dims", convert: roll }),
  defineOperator({ names: ["rot90"], params: "self k dims", convert: rotate }),
  defineOperator({ names: ["flip"], params: "self dims", convert: (args, c) => flipped(args.tensor("self"), args.axes("dims", c.rank(args.tensor("self")))!, c) }),
  defineOperator({ names: ["fliplr"], params: "self", convert: (args, c) => flipped(args.tensor("self"), [1], c) }),
  defineOperator({ names: ["flipud"], params: "self", convert: (args, c) => flipped(args.tensor("self"), [0], c) }),
  defineOperator({ names: ["unfold"], params: "self dimension size step", convert: unfold }),
  defineOperator({ names: ["as_strided"], params: "self size stride storage_offset", convert: (args, c) => {
    const self = args.get("self");
    if (!(self instanceof TensorValue) || !self.dense) throw args.refuse("a tensor whose layout in memory cannot be told");
    const [size, strides] = [args.ints("size"), args.ints("stride")];
    if (size.length !== strides.length) throw args.bad("stride", "as many as sizes");
    return placed(c.o.reshape(self.value, [-1]), size, strides, args.int("storage_offset", 0), args, c);
  } }),
  defineOperator({ names: ["diagonal", "linalg_diagonal"], params: "self offset dim1 dim2", convert: diagonal }),
  defineOperator({ names: ["diag_embed"], params: "self offset dim1 dim2", convert: diagonalOf }),
  defineOperator({ names: ["diag"], params: "self diagonal", convert: (args, c) => {
    if (args.int("diagonal", 0) !== 0) throw args.refuse("another diagonal than the main one");
    return c.rank(args.tensor("self")) === 1 ? diagonalOf(args, c) : diagonal(args, c);
  } }),
  defineOperator({ names: ["trace"], params: "self", convert: (args, c) => c.o.sum(diagonal(args, c), 0) }),
  defineOperator({ names: ["meshgrid"], params: "tensors indexing", convert: meshgrid }),
  defineOperator({ names: ["cartesian_prod"], params: "tensors", convert: (args, c) => {
    const grids = meshgrid(args, c) as ListValue;
    return c.o.concat(grids.items.map((g) => c.o.reshape((g as TensorValue).value, [-1, 1])), 1);
  } }),
  defineOperator({ names: ["block_diag"], params: "tensors", convert: (args, c) => {
    const parts = common(args.tensors("tensors"), c).map((p) => atLeast(p, 2, c));
    const widths = parts.map((p) => c.size(p, 1, args));
    const total = widths.reduce((a, b) => a + b, 0);
    let before = 0;
    return c.o.concat(parts.map((p, i) => {
      before += widths[i]!;
      return c.graph.op("Pad", [p, c.o.int64s([0, before - widths[i]!, 0, total - before])]);
    }), 0);
  } }),
  ...[1, 2, 3].map((rank) => defineOperator({ names: [`atleast_${rank}d`], params: "self", convert: (args, c) => (args.get("self") instanceof ListValue ? listOf(args.tensors("self").map((v) => atLeast(v, rank, c))) : atLeast(args.tensor("self"), rank, c)) })),
];
