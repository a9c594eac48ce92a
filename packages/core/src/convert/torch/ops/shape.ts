// Operators that move elements about and those that tell and compute sizes.

import type { Value } from "../../../onnx/index.ts";
import type { ElementType } from "../../../tensor/index.ts";
import { type Args, SCALAR_TYPES } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { torchError } from "../errors.ts";
import { ListValue, SymbolicInt, TensorValue, type TorchValue } from "../values.ts";
import { common } from "./promotion.ts";

/** The largest index of slices that go to the end, and anything like it. */
const FAR = 2 ** 31 - 1;

/** -1 is inferred; an open size is, too, where it is the only one. The rows keep their name where they are the first. */
function reshaped(x: Value, items: readonly TorchValue[], args: Args, c: TorchContext): Value {
  if (items.some((i) => i === 0n)) throw args.refuse("a size of 0");
  const known = items.every((i) => typeof i === "bigint") ? items.map(Number) : undefined;
  const shape = x.shape;
  if (known && shape && typeof shape[0] !== "number" && shape.slice(1).every((d) => typeof d === "number")) {
    const rest = (shape.slice(1) as number[]).reduce((a, b) => a * b, 1);
    const target = known.slice(1).reduce((a, b) => a * b, 1);
    // [-1, ...] and [n, ..., -1, ...] whose first size are the rows.
    if (known[0] === -1 && target === rest) return c.o.reshape(x, [0, ...known.slice(1)]);
  }
  if (known) return c.o.reshape(x, known);
  const first = items[0];
  const open = items.flatMap((i, at) => (typeof i === "bigint" ? [] : [at]));
  const elements = shape?.slice(1).reduce<number>((n, d) => (typeof d === "number" ? n * d : NaN), 1) ?? NaN;
  const rest = items.slice(1);
  if (open.length === 1 && open[0] === 0 && first instanceof SymbolicInt && rest.every((i) => typeof i === "bigint")) {
    const sizes = rest.map(Number);
    const product = sizes.filter((s) => s !== -1).reduce((a, b) => a * b, 1);
    const hole = sizes.indexOf(-1);
    // The rows stay: what is left of the elements is the same.
    if (hole >= 0 ? Number.isInteger(elements / product) : elements === product) return c.o.reshape(x, [0, ...sizes.map((s, i) => (i === hole ? elements / product : s))]);
    if (hole < 0) return c.o.reshape(x, [-1, ...sizes]);
  }
  if (open.length === 1 && !items.includes(-1n)) return c.o.reshape(x, items.map((i) => (typeof i === "bigint" ? Number(i) : -1)));
  return c.graph.op("Reshape", [x, c.shape(items, args)]);
}

function flatten(x: Value, start: number, end: number, c: TorchContext): Value {
  const rank = c.rank(x);
  if (rank === 0) return c.o.reshape(x, [1]);
  if (start === end) return x;
  if (start === 1 && end === rank - 1) return c.graph.op("Flatten", [x], { axis: 1 });
  const sizes = x.shape!.slice(start, end + 1);
  const joined = sizes.every((d) => typeof d === "number") ? (sizes as number[]).reduce((a, b) => a * b, 1) : -1;
  const after = x.shape!.slice(end + 1).map((d) => (typeof d === "number" ? d : undefined));
  if (after.some((d) => d === undefined)) {
    const shape = c.graph.op("Shape", [x]);
    return c.graph.op("Reshape", [x, c.o.concat([c.o.slice(shape, 0, start, 0), c.o.int64s([-1]), c.o.slice(shape, end + 1, rank, 0)], 0)]);
  }
  return c.o.reshape(x, [...new Array<number>(start).fill(0), joined, ...(after as number[])]);
}

const tensorOf = (args: Args, name = "self"): TensorValue => {
  const value = args.get(name);
  if (!(value instanceof TensorValue)) throw args.bad(name, "a tensor");
  return value;
};

function bound(args: Args, name: string, fallback: number, c: TorchContext): Value {
  const value = args.get(name);
  if (value === undefined || value === null) return c.o.int64s([fallback]);
  if (typeof value === "bigint") return c.o.int64s([value > BigInt(FAR) ? FAR : value < -BigInt(FAR) ? -FAR : value]);
  if (value instanceof SymbolicInt) return c.o.unsqueeze(value.value, 0);
  throw args.bad(name, "an integer");
}

function slice(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const axis = args.axis("dim", c.rank(x), 0);
  return c.graph.op("Slice", [x, bound(args, "start", 0, c), bound(args, "end", FAR, c), c.o.int64s([axis]), c.o.int64s([args.int("step", 1)])]);
}

function split(args: Args, c: TorchContext): TorchValue {
  const x = args.tensor("self");
  const axis = args.axis("dim", c.rank(x), 0);
  const total = c.size(x, axis, args);
  const given = args.get("split_size") ?? args.get("split_sizes");
  let sizes: number[];
  if (args.op.endsWith("chunk")) {
    const each = Math.ceil(total / Math.max(1, args.int(args.has("chunks") ? "chunks" : "split_size")));
    sizes = pieces(total, each, args);
  } else sizes = given instanceof ListValue ? args.ints(args.get("split_sizes") === undefined ? "split_size" : "split_sizes") : pieces(total, args.int("split_size"), args);
  if (sizes.reduce((a, b) => a + b, 0) !== total) throw args.bad("split_size", `sizes that add up to ${total}`);
  const parts = sizes.length === 1 ? [x] : c.graph.ops("Split", [x, c.o.int64s(sizes)], { axis }, sizes.length);
  return new ListValue(parts.map((p) => new TensorValue(p)));
}
function pieces(total: number, each: number, args: Args): number[] {
  if (!(each >= 1) || total / each > 10_000) throw args.bad("split_size", "a positive size");
  return Array.from({ length: Math.ceil(total / each) }, (_, i) => Math.min(each, total - i * each));
}

function transpose(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const rank = c.rank(x);
  const perm = Array.from({ length: rank }, (_, i) => i);
  if (rank < 2) return x;
  if (args.op === "mT") [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  if (args.op === "mT") return c.o.transpose(x, perm);
  const [a, b] = args.op === "t" || args.op === "numpy_T" ? [0, 1] : [args.axis(args.has("axis0") ? "axis0" : "dim0", rank), args.axis(args.has("axis1") ? "axis1" : "dim1", rank)];
  [perm[a], perm[b]] = [perm[b]!, perm[a]!];
  return c.o.transpose(x, perm);
}

function expand(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const sizes = args.list("size");
  if (sizes.length === 0) return x;
  return c.graph.op("Expand", [x, c.shape(sizes.map((s) => (s === -1n ? 1n : s)), args)]);
}

/** aten::to in all its forms: only a change of element type does anything. */
function to(args: Args, c: TorchContext): TorchValue {
  const raw = args.get("self");
  if ((typeof raw === "bigint" || typeof raw === "number") && typeof args.get("dtype") === "bigint") return /float|double/.test(SCALAR_TYPES[args.int("dtype")] ?? "") ? Number(raw) : raw;
  // Sizes are turned into floats as tensors without dimensions, in traced code.
  const self = typeof raw === "bigint" || typeof raw === "number" || typeof raw === "boolean" || raw instanceof SymbolicInt ? new TensorValue(c.scalarOf(raw)) : tensorOf(args);
  const first = args.get("dtype");
  // to(x, device, dtype): the element type is the second.
  const wanted = typeof first === "bigint" ? first : args.get("second");
  const other = first instanceof TensorValue ? first : args.get("other");
  if (typeof wanted === "bigint" && !Object.hasOwn(SCALAR_TYPES, Number(wanted))) throw args.refuse("half precision and complex numbers", "Call model.float() and save it again.");
  if (c.isGuess(other ?? undefined)) throw args.refuse("the type of an input, which the file does not tell,");
  const type: ElementType | undefined = other instanceof TensorValue ? other.value.type : typeof wanted === "bigint" ? SCALAR_TYPES[Number(wanted)] : undefined;
  if (type === undefined || (type === self.value.type && (self.half === undefined || typeof wanted !== "bigint"))) return self;
  const known = self.constant && type === "float" ? self.constant : undefined;
  return new TensorValue(c.o.cast(self.value, type), known?.type === type ? known : undefined);
}

const same = (names: readonly string[], params = "self a b c d e f"): Operator => defineOperator({ names, params, open: "through", convert: (args) => tensorOf(args) });
const cast = (names: readonly string[], type: ElementType): Operator =>
  defineOperator({ names, params: "self memory_format", convert: (args, c) => (tensorOf(args).value.type === type ? tensorOf(args) : c.o.cast(args.tensor("self"), type)) });

export const SHAPE: readonly Operator[] = [
  defineOperator({ names: ["contiguous"], params: "self memory_format", open: "through", convert: (args) => {
    const self = tensorOf(args);
    if (self.dense) return self;
    const copy = new TensorValue(self.value, self.constant);
    copy.half = self.half;
    copy.unsure = true;
    return copy;
  } }),
  same(["detach", "alias", "cpu", "requires_grad", "lift_fresh", "resolve_conj", "resolve_neg", "_assert_tensor_metadata", "numpy", "cuda"]),
  defineOperator({ names: ["clone", "lift_fresh_copy"], params: "self memory_format", open: "through", convert: (args) => new TensorValue(args.tensor("self"), tensorOf(args).constant) }),
  defineOperator({ names: ["to", "_to_copy", "type_as"], params: "self dtype second a b c d e", open: "through", convert: to }),
  cast(["float"], "float"), cast(["double"], "double"), cast(["long"], "int64"), cast(["int"], "int32"), cast(["bool"], "bool"),
  defineOperator({ names: ["flatten"], params: "self start_dim end_dim", view: "dense", open: "through", convert: (args, c) => {
    const x = args.tensor("self");
    const rank = c.rank(x);
    return flatten(x, args.axis("start_dim", rank, 0), args.axis("end_dim", rank, -1), c);
  } }),
  ...([[["reshape"], "dense"], [["view", "_unsafe_view", "_reshape_alias"], "keeps"]] as const).map(([names, view]) => defineOperator({ names, params: "self size stride", view, open: "through", convert: (args, c) => reshaped(args.tensor("self"), args.list(args.get("size") === undefined ? "shape" : "size"), args, c) })),
  defineOperator({ names: ["view_as", "reshape_as"], params: "self other", view: "dense", convert: (args, c) => c.graph.op("Reshape", [args.tensor("self"), c.graph.op("Shape", [args.tensor("other")])]) }),
  defineOperator({ names: ["unflatten"], params: "self dim sizes", view: "keeps", convert: (args, c) => {
    const x = args.tensor("self");
    const axis = args.axis("dim", c.rank(x));
    return reshaped(x, [...Array.from({ length: axis }, (_, i) => c.sizeOf(x, i)), ...args.list("sizes"), ...Array.from({ length: c.rank(x) - axis - 1 }, (_, i) => c.sizeOf(x, axis + 1 + i))], args, c);
  } }),
  defineOperator({ names: ["permute"], params: "self dims", view: true, convert: (args, c) => c.o.transpose(args.tensor("self"), args.axes("dims", c.rank(args.tensor("self")))!) }),
  defineOperator({ names: ["transpose", "swapaxes", "swapdims", "t", "numpy_T", "mT"], params: "self dim0 dim1", view: true, convert: transpose }),
  defineOperator({ names: ["unsqueeze"], params: "self dim", view: "keeps", convert: (args, c) => c.o.unsqueeze(args.tensor("self"), args.axis("dim", c.rank(args.tensor("self")) + 1)) }),
  defineOperator({ names: ["squeeze"], params: "self dim", view: "keeps", convert: (args, c) => {
    const x = args.tensor("self");
    const axes = args.axes("dim", c.rank(x)) ?? x.shape!.flatMap((d, i) => (d === 1 ? [i] : []));
    // A dimension that is not 1 stays.
    const gone = axes.filter((a) => x.shape![a] === 1);
    return gone.length === 0 ? x : c.graph.op("Squeeze", [x, c.o.int64s(gone)]);
  } }),
  defineOperator({ names: ["cat", "concat", "concatenate"], params: "tensors dim", convert: (args, c) => {
    const parts = args.tensors("tensors");
    if (parts.length === 0) throw args.bad("tensors", "a list of tensors");
    // Empty vectors are left out, whatever the others are.
    const full = parts.filter((p) => !(p.shape?.length === 1 && p.shape[0] === 0));
    const some = full.length > 0 ? full : parts.slice(0, 1);
    return c.o.concat(common(some, c), args.axis("dim", c.rank(some[0]!), 0));
  } }),
  defineOperator({ names: ["stack"], params: "tensors dim", convert: (args, c) => {
    const parts = args.tensors("tensors");
    if (parts.length === 0) throw args.bad("tensors", "a list of tensors");
    const axis = args.axis("dim", c.rank(parts[0]!) + 1, 0);
    return c.o.concat(common(parts, c).map((p) => c.o.unsqueeze(p, axis)), axis);
  } }),
  defineOperator({ names: ["split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes"], params: "self split_size dim", view: true, convert: split }),
  defineOperator({ names: ["unbind"], params: "self dim", view: true, convert: (args, c) => {
    const x = args.tensor("self");
    const axis = args.axis("dim", c.rank(x), 0);
    const n = c.size(x, axis, args);
    if (n > 10_000) throw args.refuse(`${n} parts`);
    return new ListValue(Array.from({ length: n }, (_, i) => new TensorValue(c.o.gather(x, c.o.scalar(i, "int64"), axis))));
  } }),
  defineOperator({ names: ["slice"], params: "self dim start end step", view: true, convert: (args, c) => {
    const list = args.get("self");
    if (!(list instanceof ListValue)) return slice(args, c);
    // Of a list: slice(list, start, end, step).
    if (args.int("end", 1) !== 1) throw args.refuse("a step");
    const end = args.has("start") ? args.int("start") : list.items.length;
    return new ListValue(list.items.slice(args.int("dim", 0), end), list.tuple);
  } }),
  defineOperator({ names: ["narrow"], params: "self dim start length", view: true, convert: (args, c) => {
    const x = args.tensor("self");
    const start = args.int("start");
    return c.o.slice(x, start, start + args.int("length"), args.axis("dim", c.rank(x)));
  } }),
  defineOperator({ names: ["select"], params: "self dim index", view: true, convert: (args, c) => {
    const x = args.tensor("self");
    const index = args.get("index");
    return c.o.gather(x, index instanceof SymbolicInt ? index.value : c.o.scalar(args.int("index"), "int64"), args.axis("dim", c.rank(x)));
  } }),
  defineOperator({ names: ["expand"], params: "self size implicit", view: true, convert: expand }),
  defineOperator({ names: ["expand_as", "broadcast_to"], params: "self other", view: true, convert: (args, c) => (args.isTensor("other") ? c.graph.op("Expand", [args.tensor("self"), c.graph.op("Shape", [args.tensor("other")])]) : c.graph.op("Expand", [args.tensor("self"), c.shape(args.list(args.get("other") === undefined ? "size" : "other"), args)])) }),
  defineOperator({ names: ["repeat", "tile"], params: "self repeats", convert: (args, c) => {
    const repeats = args.list(args.get("repeats") === undefined ? "dims" : "repeats");
    let x = args.tensor("self");
    const lead = repeats.length - c.rank(x);
    const all = lead < 0 ? [...new Array<TorchValue>(-lead).fill(1n), ...repeats] : repeats;
    if (lead > 0) x = c.graph.op("Unsqueeze", [x, c.o.int64s(Array.from({ length: lead }, (_, i) => i))]);
    return c.graph.op("Tile", [x, c.shape(all, args)]);
  } }),
  defineOperator({ names: ["pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d"], params: "self pad mode value", convert: pad }),
  defineOperator({ names: ["tril", "triu"], params: "self diagonal", convert: (args, c) => c.graph.op("Trilu", [args.tensor("self"), c.o.scalar(args.int("diagonal", 0), "int64")], { upper: args.op === "triu" ? 1 : 0 }) }),
];

const PAD_MODES: Readonly<Record<string, string>> = { constant: "constant", reflect: "reflect", replicate: "edge", circular: "wrap" };

/** PyTorch pads the last dimension first: (left, right, top, bottom ...). */
function pad(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const rank = c.rank(x);
  const sizes = args.ints(args.get("pad") === undefined ? "padding" : "pad");
  const spatial = /(\d)d_?$/.exec(args.op)?.[1];
  c.unbatched ||= spatial !== undefined && rank === Number(spatial) + 1;
  const mode = args.op.startsWith("reflection") ? "reflect" : args.op.startsWith("replication") ? "replicate" : args.op === "constant_pad_nd" ? "constant" : args.string("mode", "constant");
  const value = args.op === "constant_pad_nd" && typeof args.get("mode") !== "string" && args.get("mode") !== undefined ? args.float("mode", 0) : args.float("value", 0);
  if (mode === "constant") args.sureFor("self", value);
  const onnxMode = PAD_MODES[mode];
  if (!onnxMode) throw args.refuse(`mode=${JSON.stringify(mode)}`);
  const begin = new Array<number>(rank).fill(0);
  const end = new Array<number>(rank).fill(0);
  if (sizes.length % 2 !== 0 || sizes.length / 2 > rank) throw args.bad("pad", "pairs of sizes");
  for (let i = 0; i < sizes.length / 2; i++) {
    begin[rank - 1 - i] = sizes[2 * i]!;
    end[rank - 1 - i] = sizes[2 * i + 1]!;
  }
  const over = sizes.length / 2;
  if (mode !== "constant" && rank !== over + 1 && rank !== over + 2) throw args.bad("self", `of ${over + 1} or ${over + 2} dimensions`);
  c.unbatched ||= mode !== "constant" && rank === over + 1;
  if (Math.min(...begin, ...end) < 0 && mode !== "constant") throw args.refuse("a negative padding");
  if (mode === "circular") {
    return begin.reduce<Value>((v, before, axis) => {
      const after = end[axis]!;
      const parts = [...(before > 0 ? [c.o.slice(v, -before, FAR, axis)] : []), v, ...(after > 0 ? [c.o.slice(v, 0, after, axis)] : [])];
      return c.o.concat(parts, axis);
    }, x);
  }
  return c.graph.op("Pad", [x, c.o.int64s([...begin, ...end]), onnxMode === "constant" ? c.number(x.type === "float" || x.type === "double" ? value : Math.trunc(value), x) : null], { mode: onnxMode });
}

/** Refuses what could exhaust memory when the model runs. */
export function boundedSize(items: readonly TorchValue[], args: Args): void {
  const n = items.reduce<number>((a, i) => a * (typeof i === "bigint" ? Number(i) : 1), 1);
  if (n > 2 ** 28) throw torchError("torch-limit", `${args.op} makes a tensor of ${n} elements`);
}
