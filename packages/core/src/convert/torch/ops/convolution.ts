// Convolutions, channels first, as ONNX has them.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator, type OpenShape } from "../operator.ts";
import { TensorValue } from "../values.ts";

const dimensions = (args: Args, c: TorchContext): number => c.rank(args.tensor("weight")) - 2;

function channels(axis: 0 | 1): (args: Args) => OpenShape | undefined {
  return (args) => {
    const weight = args.get("weight");
    const shape = weight instanceof TensorValue ? weight.value.shape : null;
    const d = shape?.[axis];
    if (!shape || typeof d !== "number") return undefined;
    const groups = axis === 1 ? args.int("groups", 1) : 1;
    return { type: "float", shape: ["N", d * groups, ...shape.slice(2).map(() => null)] };
  };
}

/** An unbatched input [C, ...] becomes a batch of one and back. */
function batched(x: Value, d: number, c: TorchContext, convert: (x: Value) => Value): Value {
  if (c.rank(x) !== d + 1) return convert(x);
  c.unbatched = true;
  return c.o.squeeze(convert(c.o.unsqueeze(x, 0)), 0);
}

function convolve(args: Args, c: TorchContext, padding: readonly number[] | "same" | "valid"): Value {
  const d = dimensions(args, c);
  const weight = args.tensor("weight");
  const dilations = args.ints("dilation", new Array<number>(d).fill(1), d);
  const strides = args.ints("stride", new Array<number>(d).fill(1), d);
  let pads: number[];
  if (padding === "valid") pads = new Array<number>(2 * d).fill(0);
  else if (padding === "same") {
    // PyTorch puts the odd one at the end, as ONNX's SAME_UPPER; strides are 1.
    const total = dilations.map((dilation, i) => dilation * (c.size(weight, i + 2, args) - 1));
    pads = [...total.map((t) => Math.floor(t / 2)), ...total.map((t) => t - Math.floor(t / 2))];
  } else pads = [...padding, ...padding];
  return batched(args.tensor("input"), d, c, (x) => c.graph.op("Conv", [x, weight, args.optional("bias")], {
    kernel_shape: (weight.shape ?? []).slice(2).map(Number), strides, dilations, pads, group: args.int("groups", 1) }));
}

function transposed(args: Args, c: TorchContext): Value {
  const d = dimensions(args, c);
  const weight = args.tensor("weight");
  const ones = new Array<number>(d).fill(1);
  const zeros = new Array<number>(d).fill(0);
  const padding = args.ints("padding", zeros, d);
  return batched(args.tensor("input"), d, c, (x) => c.graph.op("ConvTranspose", [x, weight, args.optional("bias")], {
    kernel_shape: (weight.shape ?? []).slice(2).map(Number), strides: args.ints("stride", ones, d), dilations: args.ints("dilation", ones, d),
    pads: [...padding, ...padding], output_padding: args.ints("output_padding", zeros, d), group: args.int("groups", 1) }));
}

export const CONVOLUTION: readonly Operator[] = [
  defineOperator({
    names: ["conv1d", "conv2d", "conv3d"], params: "input weight bias stride padding dilation groups",
    open: channels(1),
    convert: (args, c) => {
      const padding = args.get("padding");
      if (padding === "same" || padding === "valid") return convolve(args, c, padding);
      const d = dimensions(args, c);
      return convolve(args, c, args.ints("padding", new Array<number>(d).fill(0), d));
    },
  }),
  defineOperator({
    names: ["_convolution", "convolution", "_convolution_mode"],
    params: "input weight bias stride padding dilation transposed output_padding groups benchmark deterministic cudnn_enabled allow_tf32",
    open: (args) => (args.get("transposed") === true ? channels(0)(args) : channels(1)(args)),
    convert: (args, c) => {
      // _convolution_mode(input, weight, bias, stride, padding: str, dilation, groups)
      const mode = args.get("padding");
      if (typeof mode === "string") {
        if (typeof args.get("transposed") === "bigint" && args.get("transposed") !== 1n) throw args.refuse("padding by name with groups");
        return convolve(args, c, mode === "same" ? "same" : "valid");
      }
      if (args.bool("transposed", false)) return transposed(args, c);
      return convolve(args, c, args.ints("padding", undefined, dimensions(args, c)));
    },
  }),
  defineOperator({
    names: ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], params: "input weight bias stride padding output_padding groups dilation",
    open: channels(0),
    convert: transposed,
  }),
];
