// Pooling, channels first.

import type { Value } from "../../../onnx/index.ts";
import { defineOperator, type Args, type Operator, type TorchContext } from "../operator.ts";

const dims = (args: Args): number => Number(/(\d)d/.exec(args.op)?.[1] ?? 2);

interface Window {
  readonly kernel: number[];
  readonly strides: number[];
  readonly padding: number[];
}
function readWindow(args: Args, d: number): Window {
  const kernel = args.ints("kernel_size", undefined, d);
  return { kernel, strides: args.ints("stride", kernel, d), padding: args.ints("padding", new Array<number>(d).fill(0), d) };
}

/** [C, ...] as a batch of one. */
function batched(x: Value, d: number, c: TorchContext, convert: (x: Value) => Value): Value {
  return c.rank(x) === d + 1 ? c.o.squeeze(convert(c.o.unsqueeze(x, 0)), 0) : convert(x);
}

/** Whether rounding the output size up makes no difference: known from sizes only. */
function ceilMatters(x: Value, d: number, at: Window, dilations: readonly number[], args: Args, c: TorchContext): boolean {
  if (!args.bool("ceil_mode", false)) return false;
  return at.kernel.some((k, i) => (c.size(x, i - d, args) + 2 * at.padding[i]! - dilations[i]! * (k - 1) - 1) % at.strides[i]! !== 0);
}

function maxPool(args: Args, c: TorchContext): Value {
  const d = dims(args);
  const at = readWindow(args, d);
  const dilations = args.ints("dilation", new Array<number>(d).fill(1), d);
  return batched(args.tensor("self"), d, c, (x) => {
    const ceil = ceilMatters(x, d, at, dilations, args, c);
    return c.graph.op("MaxPool", [x], { kernel_shape: at.kernel, strides: at.strides, pads: [...at.padding, ...at.padding], dilations, ceil_mode: ceil ? 1 : 0 });
  });
}

function averagePool(args: Args, c: TorchContext): Value {
  const d = dims(args);
  const at = readWindow(args, d);
  if (args.has("divisor_override")) throw args.refuse("divisor_override");
  return batched(args.tensor("self"), d, c, (x) => {
    if (ceilMatters(x, d, at, new Array<number>(d).fill(1), args, c)) throw args.refuse("ceil_mode=True where it adds a window", "Pad the input instead.");
    return c.graph.op("AveragePool", [x], { kernel_shape: at.kernel, strides: at.strides, pads: [...at.padding, ...at.padding], count_include_pad: args.bool("count_include_pad", true) ? 1 : 0 });
  });
}

/** One window for each output, which ONNX has where all windows are of one size. */
function adaptivePool(args: Args, c: TorchContext, kind: "Average" | "Max"): Value {
  const d = dims(args);
  const raw = args.list.bind(args);
  return batched(args.tensor("self"), d, c, (x) => {
    const given = args.get("output_size");
    const wanted = typeof given === "bigint" ? new Array<bigint>(d).fill(given) : raw("output_size");
    const full = wanted.length === 1 ? new Array<(typeof wanted)[number]>(d).fill(wanted[0]!) : wanted;
    const sizes = full.map((w, i) => (w === null ? c.size(x, i - d, args) : Number(w as bigint)));
    if (sizes.every((s) => s === 1)) return c.graph.op(`Global${kind}Pool`, [x]);
    const kernel = sizes.map((s, i) => {
      const size = c.size(x, i - d, args);
      if (!(s >= 1) || size % s !== 0) throw args.refuse(`pooling ${size} to ${s}, whose windows are not of one size,`, "Choose an output size that divides the input's.");
      return size / s;
    });
    return c.graph.op(`${kind}Pool`, [x], { kernel_shape: kernel, strides: kernel });
  });
}

export const POOLING: readonly Operator[] = [
  defineOperator({ names: ["max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices"], params: "self kernel_size stride padding dilation ceil_mode", convert: maxPool }),
  defineOperator({ names: ["avg_pool1d", "avg_pool2d", "avg_pool3d"], params: "self kernel_size stride padding ceil_mode count_include_pad divisor_override", convert: averagePool }),
  defineOperator({ names: ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d"], params: "self output_size", convert: (args, c) => adaptivePool(args, c, "Average") }),
  defineOperator({ names: ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"], params: "self output_size", convert: (args, c) => adaptivePool(args, c, "Max") }),
];
