// Pooling, channels first. Averages are a matrix of constants over each axis where ONNX has no such windows.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type OpenShape, type Operator } from "../operator.ts";
import { ListValue, SymbolicInt, TensorValue, type TorchValue } from "../values.ts";
import { alongAxis } from "./resampling.ts";

const dims = (args: Args): number => Number(/(\d)d/.exec(args.op)?.[1] ?? 2);
const images = (args: Args): OpenShape => ({ type: "float", shape: ["N", ...new Array<null>(dims(args) + 1).fill(null)] });
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

interface Window {
  readonly kernel: number[];
  readonly strides: number[];
  readonly padding: number[];
  readonly dilations: number[];
}
function readWindow(args: Args, d: number): Window {
  const kernel = args.ints("kernel_size", undefined, d);
  const strides = args.ints("stride", kernel, d);
  if ([...kernel, ...strides].some((v) => !(v >= 1))) throw args.bad("kernel_size", "positive sizes");
  return { kernel, strides, padding: args.ints("padding", new Array<number>(d).fill(0), d), dilations: args.ints("dilation", new Array<number>(d).fill(1), d) };
}

/** [C, ...] as a batch of one. */
function batched(x: Value, d: number, c: TorchContext, convert: (x: Value) => Value): Value {
  if (c.rank(x) !== d + 1) return convert(x);
  c.unbatched = true;
  return c.o.squeeze(convert(c.o.unsqueeze(x, 0)), 0);
}

/** How many windows PyTorch has on an axis: rounded up, but none that begins in the padding at the end. */
function windows(size: number, at: Window, i: number, ceil: boolean): number {
  const room = size + 2 * at.padding[i]! - at.dilations[i]! * (at.kernel[i]! - 1) - 1;
  const n = (ceil ? Math.ceil(room / at.strides[i]!) : Math.floor(room / at.strides[i]!)) + 1;
  return ceil && (n - 1) * at.strides[i]! >= size + at.padding[i]! ? n - 1 : n;
}

function maxPool(args: Args, c: TorchContext, indices: boolean): TorchValue | Value {
  const d = dims(args);
  const at = readWindow(args, d);
  const given = args.tensor("self");
  const alone = c.rank(given) === d + 1;
  c.unbatched ||= alone;
  let x = alone ? c.o.unsqueeze(given, 0) : given;
  let pads = [...at.padding, ...at.padding];
  if (args.bool("ceil_mode", false)) {
    const extra = at.kernel.map((k, i) => {
      const size = c.size(x, i - d, args);
      return Math.max(0, (windows(size, at, i, true) - 1) * at.strides[i]! + at.dilations[i]! * (k - 1) + 1 - size - 2 * at.padding[i]!);
    });
    if (extra.some((e) => e > 0)) {
      if (indices) throw args.refuse("return_indices=True together with ceil_mode=True");
      const low = x.type === "float" || x.type === "double" ? -Infinity : -(2 ** 31);
      x = c.graph.op("Pad", [x, c.o.int64s([0, 0, ...at.padding, 0, 0, ...at.padding.map((p, i) => p + extra[i]!)]), c.o.cast(c.o.scalar(low, "double"), x.type)]);
      pads = pads.map(() => 0);
    }
  }
  const settings = { kernel_shape: at.kernel, strides: at.strides, pads, dilations: at.dilations };
  const back = (v: Value): Value => (alone ? c.o.squeeze(v, 0) : v);
  if (!indices) return back(c.graph.op("MaxPool", [x], settings));
  const [values, places] = c.graph.ops("MaxPool", [x], settings, 2) as [Value, Value];
  // ONNX counts over the whole tensor, PyTorch over one plane.
  const plane = range(d).reduce((n, i) => n * c.size(x, i - d, args), 1);
  return new ListValue([new TensorValue(back(values)), new TensorValue(back(c.graph.op("Mod", [places, c.o.scalar(plane, "int64")])))], true);
}

function averagePool(args: Args, c: TorchContext): Value {
  const d = dims(args);
  const at = readWindow(args, d);
  const [ceil, padded] = [args.bool("ceil_mode", false), args.bool("count_include_pad", true)];
  const divisor = args.has("divisor_override") ? args.int("divisor_override") : undefined;
  return batched(args.tensor("self"), d, c, (x) => {
    if (!ceil && divisor === undefined && x.type === "float") {
      return c.graph.op("AveragePool", [x], { kernel_shape: at.kernel, strides: at.strides, pads: [...at.padding, ...at.padding], count_include_pad: padded ? 1 : 0 });
    }
    let y = x;
    at.kernel.forEach((k, i) => {
      const size = c.size(x, i - d, args);
      const rows = range(windows(size, at, i, ceil)).map((o) => {
        const start = o * at.strides[i]! - at.padding[i]!;
        const end = Math.min(start + k, size + at.padding[i]!);
        const [from, to] = [Math.max(start, 0), Math.min(end, size)];
        const count = divisor === undefined ? (padded ? end - start : to - from) : i === 0 ? divisor : 1;
        return range(to - from).map((j) => [from + j, 1 / count] as const);
      });
      y = alongAxis(y, i + 2, rows, size, c);
    });
    return y;
  });
}

/** The windows of adaptive pooling: floor(i n / m) to ceil((i + 1) n / m). */
const adaptiveWindows = (size: number, out: number): number[][] => range(out).map((i) => {
  const from = Math.floor((i * size) / out);
  return range(Math.ceil(((i + 1) * size) / out) - from).map((j) => from + j);
});

function adaptivePool(args: Args, c: TorchContext, kind: "Average" | "Max"): Value {
  const d = dims(args);
  return batched(args.tensor("self"), d, c, (x) => {
    const given = args.get("output_size");
    const wanted = typeof given === "bigint" ? [given] : args.list("output_size");
    const full = wanted.length === 1 ? new Array<TorchValue>(d).fill(wanted[0]!) : wanted;
    if (full.length !== d) throw args.bad("output_size", `${d} sizes`);
    const sizes = full.map((w, i) => {
      if (w === null) return c.size(x, i - d, args);
      if (w instanceof SymbolicInt || typeof w !== "bigint" || w < 1n || w > 100_000n) throw args.refuse("such an output size");
      return Number(w);
    });
    if (sizes.every((s) => s === 1)) return x.type === "float" ? c.graph.op(`Global${kind}Pool`, [x]) : c.graph.op(kind === "Max" ? "ReduceMax" : "ReduceMean", [x, c.o.int64s(range(d).map((i) => i + 2))], { keepdims: 1 });
    const from = sizes.map((_, i) => c.size(x, i - d, args));
    if (x.type === "float" && sizes.every((s, i) => from[i]! % s === 0)) {
      const kernel = sizes.map((s, i) => from[i]! / s);
      return c.graph.op(`${kind}Pool`, [x], { kernel_shape: kernel, strides: kernel });
    }
    return sizes.reduce<Value>((y, out, i) => {
      const of = adaptiveWindows(from[i]!, out);
      if (kind === "Average") return alongAxis(y, i + 2, of.map((w) => w.map((j) => [j, 1 / w.length] as const)), from[i]!, c);
      // Every window as long as the longest, its last place again.
      const longest = Math.max(...of.map((w) => w.length));
      const index = of.flatMap((w) => range(longest).map((j) => w[Math.min(j, w.length - 1)]!));
      return c.graph.op("ReduceMax", [c.o.gather(y, c.graph.constant(int64s(index, [out, longest])), i + 2), c.o.int64s([i + 3])], { keepdims: 0 });
    }, x);
  });
}

/** The values at the places that max pooling gave, zeros elsewhere. */
function unpool(args: Args, c: TorchContext): Value {
  const d = dims(args);
  const [x, places] = [args.tensor("self"), args.tensor("indices")];
  const out = args.ints("output_size");
  const lead = c.rank(x) - d;
  const plane = out.reduce((a, b) => a * b, 1);
  if (plane > 2 ** 28) throw args.bad("output_size", "smaller");
  const head = c.graph.op("Shape", [x], { start: 0, end: lead });
  const blank = c.graph.op("Expand", [c.o.cast(c.o.scalar(0, "float"), x.type), c.o.concat([head, c.o.int64s([plane])], 0)]);
  const flat = (v: Value): Value => c.graph.op("Reshape", [v, c.o.concat([head, c.o.int64s([-1])], 0)]);
  return c.graph.op("Reshape", [c.graph.op("ScatterElements", [blank, flat(places), flat(x)], { axis: lead }), c.o.concat([head, c.o.int64s(out)], 0)]);
}

const ALL = [1, 2, 3];
export const POOLING: readonly Operator[] = [
  defineOperator({ names: ALL.map((d) => `max_pool${d}d`), params: "self kernel_size stride padding dilation ceil_mode", open: images, convert: (args, c) => maxPool(args, c, false) }),
  defineOperator({ names: ALL.map((d) => `max_pool${d}d_with_indices`), params: "self kernel_size stride padding dilation ceil_mode", open: images, convert: (args, c) => maxPool(args, c, true) }),
  defineOperator({ names: ALL.map((d) => `avg_pool${d}d`), params: "self kernel_size stride padding ceil_mode count_include_pad divisor_override", open: images, convert: averagePool }),
  defineOperator({ names: ALL.flatMap((d) => [`adaptive_avg_pool${d}d`, `_adaptive_avg_pool${d}d`]), params: "self output_size", open: images, convert: (args, c) => adaptivePool(args, c, "Average") }),
  defineOperator({ names: ALL.map((d) => `adaptive_max_pool${d}d`), params: "self output_size", open: images, convert: (args, c) => new ListValue([new TensorValue(adaptivePool(args, c, "Max")), null], true) }),
  defineOperator({ names: ["max_unpool2d"], params: "self indices output_size", convert: unpool }),
];
