// Tensors made in the model's code, embeddings, and what the code asks of sizes and numbers.

import type { Value } from "../../../onnx/index.ts";
import type { ElementType } from "../../../tensor/index.ts";
import { SCALAR_TYPES, type Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { torchError } from "../errors.ts";
import { DictValue, ListValue, SymbolicInt, TensorValue, type TorchValue } from "../values.ts";
import { common } from "./promotion.ts";
import { boundedSize } from "./shape.ts";

function dtype(args: Args, fallback: ElementType): ElementType {
  if (!args.has("dtype")) return fallback;
  const type = SCALAR_TYPES[args.int("dtype")];
  if (!type) throw args.refuse("half precision and complex numbers", "Call model.float() and save it again.");
  return type;
}
function filled(args: Args, c: TorchContext, value: Value, items: readonly TorchValue[]): Value {
  boundedSize(items, args);
  return c.graph.op("Expand", [value, c.shape(items, args)]);
}
const scalar = (n: number, type: ElementType, c: TorchContext): Value => c.o.cast(c.o.scalar(n, "float"), type);
const likeDtype = (args: Args, value?: TorchValue): ElementType => {
  if (!args.has("dtype")) args.sureFor("self", value);
  return dtype(args, args.tensor("self").type);
};

const fixed = (names: readonly string[], n: number): readonly Operator[] => [
  defineOperator({ names, params: "size dtype layout device pin_memory", convert: (args, c) => filled(args, c, scalar(n, dtype(args, "float"), c), args.list("size")) }),
  defineOperator({ names: names.map((x) => `${x}_like`), params: "self dtype layout device pin_memory", convert: (args, c) => c.graph.op("Expand", [scalar(n, likeDtype(args), c), c.graph.op("Shape", [args.tensor("self")])]) }),
  defineOperator({ names: names.map((x) => `new_${x}`), params: "self size dtype layout device pin_memory", convert: (args, c) => filled(args, c, scalar(n, likeDtype(args), c), args.list("size")) }),
];

function arange(args: Args, c: TorchContext): Value {
  const given = ["a", "b", "c"].flatMap((name) => (args.has(name) ? [args.get(name)!] : [])).filter((v) => typeof v === "bigint" || typeof v === "number" || v instanceof SymbolicInt);
  const named = args.has("start") || args.has("end");
  const numbers = named ? [args.get("start") ?? 0n, args.get("end") ?? args.get("start")!, args.get("step") ?? 1n] : given;
  const [start, end, step] = numbers.length === 1 ? [0n, numbers[0]!, 1n] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1n];
  const whole = [start, end, step].every((v) => typeof v === "bigint" || v instanceof SymbolicInt);
  const value = (v: TorchValue): Value => (v instanceof SymbolicInt ? v.value : c.o.scalar(Number(v as bigint | number), whole ? "int64" : "float"));
  if (typeof start === "bigint" && typeof end === "bigint" && (end - start) > 2n ** 24n) throw torchError("torch-limit", "arange makes too many numbers");
  const range = c.graph.op("Range", [value(start), value(end), value(step)]);
  return c.o.cast(range, dtype(args, whole ? "int64" : "float"));
}

/** A tensor of what Python would give torch.tensor: a number, or lists of them. */
function made(value: TorchValue | undefined, args: Args, c: TorchContext, depth = 0): Value {
  if (value instanceof TensorValue) return value.value;
  if (value instanceof SymbolicInt || typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return c.scalarOf(value);
  if (!(value instanceof ListValue) || value.items.length === 0 || value.items.length > 100_000 || depth > 8) throw args.bad("data", "a number or a list of numbers");
  return c.o.concat(common(value.items.map((item) => made(item, args, c, depth + 1)), c).map((v) => c.o.unsqueeze(v, 0)), 0);
}

function embedding(args: Args, c: TorchContext): Value {
  const indices = args.tensor("indices");
  return c.o.gather(args.tensor("weight"), indices.type === "int64" || indices.type === "int32" ? indices : c.o.cast(indices, "int64"), 0);
}

/** Bags of rows, each from one offset to the next: summed, averaged, or the largest of each column. */
function embeddingBag(args: Args, c: TorchContext): TorchValue {
  const mode = args.int("mode", 0);
  if (args.has("padding_idx") && args.int("padding_idx") >= 0) throw args.refuse("padding_idx");
  const indices = c.o.cast(args.tensor("indices"), "int64");
  let rows = c.o.gather(args.tensor("weight"), indices, 0);
  const weights = args.optional("per_sample_weights");
  if (weights) rows = c.o.mul(rows, c.o.unsqueeze(weights, 1));
  let offsets = c.o.cast(args.tensor("offsets"), "int64");
  if (args.bool("include_last_offset", false)) offsets = c.o.slice(offsets, 0, -1, 0);
  // Bag of each index: how many offsets are not beyond its place, less one.
  const places = c.graph.op("Range", [c.o.scalar(0, "int64"), c.graph.op("Size", [indices]), c.o.scalar(1, "int64")]);
  const ends = c.o.concat([c.o.slice(offsets, 1, 2 ** 31, 0), c.o.reshape(c.graph.op("Size", [indices]), [1])], 0);
  // [bags, indices]
  const inside = c.o.and(c.o.greaterEqual(c.o.unsqueeze(places, 0), c.o.unsqueeze(offsets, 1)), c.o.less(c.o.unsqueeze(places, 0), c.o.unsqueeze(ends, 1)));
  const type = rows.type;
  const count = c.o.sum(c.o.cast(inside, type), 1, true);
  if (mode === 2) {
    const most = c.graph.op("ReduceMax", [c.o.where(c.o.unsqueeze(inside, 2), c.o.unsqueeze(rows, 0), c.o.scalar(-Infinity, type)), c.o.int64s([1])], { keepdims: 0 });
    return new ListValue([new TensorValue(c.o.where(c.o.equal(count, 0), 0, most)), null, null, null], true);
  }
  const sum = c.graph.op("MatMul", [c.o.cast(inside, type), rows]);
  return new ListValue([new TensorValue(mode === 1 ? c.o.div(sum, c.o.maximum(count, 1)) : sum), null, null, null], true);
}

const number = (v: TorchValue | undefined): v is bigint | number | boolean => typeof v === "bigint" || typeof v === "number" || typeof v === "boolean";
/** int(x), float(x), bool(x) of numbers and sizes. */
function convert(args: Args, c: TorchContext, known: (n: number) => TorchValue): TorchValue | Value {
  const v = args.get("self");
  if (number(v)) return known(Number(v));
  if (v instanceof SymbolicInt) return v;
  if (v instanceof TensorValue) {
    const t = v.constant;
    if (t && t.data.length === 1 && t.type !== "string") return known(Number(t.data[0]));
    if (v.value.type === "int64" && v.value.shape?.length === 0) {
      const size = c.sizeValue(v.value);
      return typeof size === "bigint" ? known(Number(size)) : size;
    }
  }
  throw torchError("torch-control-flow", `${args.op}() of a number that depends on the input's values`, { where: args.op, hint: "Only sizes may be turned into Python numbers. Compute with tensors instead." });
}
const asIs = (args: Args): TorchValue => args.get("self") ?? null;
/** x.item(): a number of the file is known; others stay tensors without dimensions. */
const item = (args: Args, c: TorchContext): TorchValue => {
  const v = args.get("self");
  if (!(v instanceof TensorValue)) return v ?? null;
  const t = v.constant;
  if (t && t.data.length === 1 && t.type !== "string") return t.type === "bool" ? Boolean(t.data[0]) : t.type === "float" || t.type === "double" ? Number(t.data[0]) : BigInt(t.data[0]!);
  if (v.value.type === "int64") return c.sizeValue(v.value.shape?.length === 0 ? v.value : c.o.reshape(v.value, []));
  return v.value.shape?.length === 0 ? v : new TensorValue(c.o.reshape(v.value, []));
};

export const CREATION: readonly Operator[] = [
  ...fixed(["zeros"], 0), ...fixed(["ones"], 1), ...fixed(["empty"], 0),
  defineOperator({ names: ["full"], params: "size fill_value dtype layout device pin_memory", convert: (args, c) => filled(args, c, c.o.cast(args.tensor("fill_value"), dtype(args, typeof args.get("fill_value") === "bigint" ? "int64" : "float")), args.list("size")) }),
  defineOperator({ names: ["full_like"], params: "self fill_value dtype layout device pin_memory memory_format", convert: (args, c) => c.graph.op("Expand", [c.o.cast(args.tensor("fill_value"), likeDtype(args, args.get("fill_value"))), c.graph.op("Shape", [args.tensor("self")])]) }),
  defineOperator({ names: ["new_full"], params: "self size fill_value dtype layout device pin_memory", convert: (args, c) => filled(args, c, c.o.cast(args.tensor("fill_value"), likeDtype(args, args.get("fill_value"))), args.list("size")) }),
  defineOperator({ names: ["linspace"], params: "start end steps dtype layout device pin_memory", convert: (args, c) => {
    const [start, end, n] = [args.float("start"), args.float("end"), args.int("steps")];
    if (!(n >= 1 && n <= 2 ** 24)) throw args.bad("steps", "a positive number");
    const step = n > 1 ? (end - start) / (n - 1) : 0;
    // From both ends, as PyTorch counts.
    const values = Float64Array.from({ length: n }, (_, i) => (i < n / 2 ? start + step * i : end - step * (n - 1 - i)));
    return c.o.cast(c.graph.constant({ type: "double", shape: [n], data: values }), dtype(args, "float"));
  } }),
  defineOperator({ names: ["eye"], params: "n m dtype layout device pin_memory", convert: (args, c) => {
    const n = args.int("n");
    const m = typeof args.get("m") === "bigint" ? args.int("m") : n;
    if (!(n >= 0 && m >= 0 && n * m <= 2 ** 24)) throw args.bad("n", "smaller");
    const type = args.has("dtype") && args.get("m") !== args.get("dtype") ? dtype(args, "float") : "float";
    const data = new Float32Array(n * m);
    for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = 1;
    return c.o.cast(c.graph.constant({ type: "float", shape: [n, m], data }), type);
  } }),
  defineOperator({ names: ["arange"], params: "a b c dtype layout device pin_memory", convert: arange }),
  defineOperator({ names: ["scalar_tensor", "tensor", "as_tensor", "_tensor"], params: "s dtype layout device pin_memory requires_grad", convert: (args, c) => {
    const value = made(args.get("s") ?? args.get("self") ?? args.get("data"), args, c);
    // A number is a float, also a whole one, where scalar_tensor makes it.
    const type = dtype(args, args.op === "scalar_tensor" && value.type !== "bool" ? "float" : value.type);
    return c.o.cast(value, type);
  } }),
  defineOperator({ names: ["new_tensor"], params: "self data dtype device requires_grad", convert: (args, c) => c.o.cast(made(args.get("data"), args, c), likeDtype(args)) }),
  defineOperator({
    names: ["embedding"], params: "weight indices padding_idx scale_grad_by_freq sparse",
    open: () => ({ type: "int64", shape: ["N", null] }), opens: "indices",
    convert: embedding,
  }),
  defineOperator({ names: ["embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"], params: "weight indices offsets scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx", convert: embeddingBag }),
  defineOperator({ names: ["one_hot"], params: "self num_classes", convert: (args, c) => {
    const n = args.int("num_classes", -1);
    if (n < 1) throw args.refuse("one_hot without num_classes");
    return c.graph.op("OneHot", [args.tensor("self"), c.o.int64s([n]), c.o.int64s([0, 1])], { axis: -1 });
  } }),
  defineOperator({ names: ["size", "sym_size"], params: "self dim", open: "through", convert: (args, c) => {
    const x = args.tensor("self");
    const rank = c.rank(x);
    return args.has("dim") ? c.sizeOf(x, args.axis("dim", rank)) : new ListValue(Array.from({ length: rank }, (_, i) => c.sizeOf(x, i)));
  } }),
  defineOperator({ names: ["dim", "ndim", "ndimension"], params: "self", convert: (args, c) => BigInt(c.rank(args.tensor("self"))) }),
  defineOperator({ names: ["numel", "sym_numel"], params: "self", convert: (args, c) => {
    const shape = args.tensor("self").shape;
    return shape?.every((d) => typeof d === "number") ? BigInt((shape as number[]).reduce((a, b) => a * b, 1)) : new SymbolicInt(c.graph.op("Size", [args.tensor("self")]));
  } }),
  defineOperator({ names: ["len"], params: "self", convert: (args, c) => {
    const v = args.get("self");
    if (v instanceof ListValue) return BigInt(v.items.length);
    if (typeof v === "string") return BigInt(v.length);
    return v instanceof DictValue ? BigInt(v.entries.size) : c.sizeOf(args.tensor("self"), 0);
  } }),
  defineOperator({ names: ["Int", "IntImplicit"], params: "self", open: "through", convert: (args, c) => convert(args, c, (n) => BigInt(Math.trunc(n))) }),
  defineOperator({ names: ["Float", "FloatImplicit"], params: "self", convert: (args, c) => convert(args, c, (n) => n) }),
  defineOperator({ names: ["Bool"], params: "self", convert: (args, c) => {
    const v = args.get("self");
    return v instanceof ListValue ? v.items.length > 0 : convert(args, c, (n) => n !== 0);
  } }),
  defineOperator({ names: ["NumToTensor", "sym_int", "sym_float", "unchecked_cast"], params: "self", open: "through", convert: asIs }),
  defineOperator({ names: ["ScalarImplicit", "item", "_local_scalar_dense"], params: "self", convert: item }),
  defineOperator({ names: ["list"], params: "self", convert: (args) => new ListValue([...args.list("self")]) }),
  defineOperator({ names: ["__is__"], params: "self other", convert: (args) => args.get("self") === args.get("other") }),
  defineOperator({ names: ["__isnot__"], params: "self other", convert: (args) => args.get("self") !== args.get("other") }),
  defineOperator({ names: ["__contains__"], params: "self item", convert: (args) => {
    const [list, item] = [args.get("self"), args.get("item")];
    return list instanceof ListValue ? list.items.includes(item ?? null) : list instanceof DictValue ? list.entries.has(String(item)) : false;
  } }),
  defineOperator({ names: ["append"], params: "self item", convert: (args) => {
    const list = args.get("self");
    if (!(list instanceof ListValue) || list.items.length > 100_000) throw args.bad("self", "a list");
    list.items.push(args.get("item") ?? null);
    return list;
  } }),
  defineOperator({ names: ["format", "warn", "device", "get_device"], params: "self a b c d e f g", convert: (args) => {
    args.all();
    return null;
  } }),
  defineOperator({ names: ["is_autocast_enabled", "is_autocast_cpu_enabled", "is_grad_enabled", "is_inference_mode_enabled", "is_complex", "is_nested", "is_inference", "is_conj", "is_neg"], params: "self device", open: "through", convert: (args) => {
    args.all();
    return false;
  } }),
  defineOperator({ names: ["__range_length"], params: "start end step", convert: (args) => BigInt(Math.max(0, Math.ceil((args.int("end") - args.int("start")) / args.int("step")))) }),
  defineOperator({ names: ["__derive_index"], params: "index start step", convert: (args) => BigInt(args.int("start") + args.int("index") * args.int("step")) }),
  defineOperator({ names: ["is_scripting", "is_tracing"], params: "self", convert: () => true }),
  defineOperator({ names: ["is_floating_point"], params: "self", convert: (args) => {
    args.sure("self", "is_floating_point()");
    return ["float", "double"].includes(args.tensor("self").type);
  } }),
];
