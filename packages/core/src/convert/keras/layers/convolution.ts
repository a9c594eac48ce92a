// Convolutions of channels-last values: transposed to channels first and back; the engine cancels transposes that meet.

import type { Dim, Value } from "../../../onnx/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import { floats } from "../../../tensor/index.ts";
import { activation } from "../activations.ts";
import { defineLayer, rankOf, single, transposed, type Call, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";

/** A value in the layer's own order of dimensions, with the channels first, and back. */
export const inward = (x: Value, layer: LayerView, c: KerasContext): Value => (layer.channelsFirst ? x : toChannelsFirst(x, c));
export const outward = (x: Value, layer: LayerView, c: KerasContext): Value => (layer.channelsFirst ? x : toChannelsLast(x, c));

export function toChannelsFirst(x: Value, c: KerasContext): Value {
  const rank = c.shape(x).length;
  return c.o.transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}
export function toChannelsLast(x: Value, c: KerasContext): Value {
  const rank = c.shape(x).length;
  return c.o.transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
}
/** [k1 ... kd, in, out] -> [out, in, k1 ... kd]. */
export const kernelFirst = (w: Tensor<"float">): Tensor<"float"> => {
  const d = w.shape.length - 2;
  return transposed(w, [d + 1, d, ...Array.from({ length: d }, (_, i) => i)]);
};
const dimensions = (layer: LayerView): number => Number(/(\d)D/.exec(layer.className)?.[1] ?? 2);

export interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly kernel: readonly number[];
  readonly padding: "valid" | "same" | "causal";
}
export function readWindow(layer: LayerView, d: number): Window {
  return {
    strides: layer.perAxis("strides", d, 1), dilations: layer.perAxis("dilation_rate", d, 1), kernel: layer.perAxis("kernel_size", d, 1),
    padding: layer.word("padding", d === 1 && !/Transpose/.test(layer.className) ? ["valid", "same", "causal"] : ["valid", "same"], "valid"),
  };
}

/** What is needed in all goes half before, half after. The engine's own padding is taken only where sizes are open. */
function samePadding(sizes: readonly Dim[], at: Window, spread: readonly number[]): { readonly pads: number[] } | { readonly auto_pad: string } {
  const totals = sizes.map((size, i) => (at.strides[i] === 1 ? spread[i]! : typeof size === "number" ? Math.max(0, (Math.ceil(size / at.strides[i]!) - 1) * at.strides[i]! + spread[i]! + 1 - size) : NaN));
  return totals.some((v) => Number.isNaN(v)) ? { auto_pad: "SAME_UPPER" } : { pads: [...totals.map((v) => Math.floor(v / 2)), ...totals.map((v) => Math.ceil(v / 2))] };
}

export function convolve(x: Value, w: Tensor<"float">, bias: Tensor<"float"> | undefined, at: Window, group: number, c: KerasContext): Value {
  const spread = at.kernel.map((k, i) => (k - 1) * at.dilations[i]!);
  const padding = at.padding === "causal" ? { pads: [spread[0]!, 0] } : at.padding === "same" ? samePadding(c.shape(x).slice(2), at, spread) : {};
  return c.graph.op("Conv", [x, c.constant(w), bias ? c.constant(bias) : null], {
    kernel_shape: w.shape.slice(2), strides: at.strides, dilations: at.dilations, group, ...padding,
  });
}

const convolution = defineLayer({
  names: ["Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const at = readWindow(layer, d);
    const groups = layer.int("groups", 1, 1);
    const channels = c.size(x, layer.channelsFirst ? 1 : -1, layer);
    const filters = layer.int("filters", undefined, 1);
    if (channels % groups !== 0) throw layer.malformed(`${channels} channels in ${groups} groups`);
    const bias = layer.bool("use_bias", true);
    const w = layer.weight(0, bias ? 2 : 1, [...at.kernel, channels / groups, filters]);
    const y = convolve(inward(x, layer, c), kernelFirst(w), bias ? layer.weight(1, 2, [filters]) : undefined, at, groups, c);
    return activation(layer.raw("activation"), outward(y, layer, c), layer, c);
  },
});

/** [k..., in, multiplier] -> [in * multiplier, 1, k...]. */
function depthwiseKernel(w: Tensor<"float">): Tensor<"float"> {
  const d = w.shape.length - 2;
  const t = transposed(w, [d, d + 1, ...Array.from({ length: d }, (_, i) => i)]);
  return floats(t.data, [t.shape[0]! * t.shape[1]!, 1, ...t.shape.slice(2)]);
}

const depthwise = defineLayer({
  names: ["DepthwiseConv1D", "DepthwiseConv2D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const at = readWindow(layer, d);
    const channels = c.size(x, layer.channelsFirst ? 1 : -1, layer);
    const multiplier = layer.int("depth_multiplier", 1, 1);
    const bias = layer.bool("use_bias", true);
    const w = layer.weight(0, bias ? 2 : 1, [...at.kernel, channels, multiplier]);
    const y = convolve(inward(x, layer, c), depthwiseKernel(w), bias ? layer.weight(1, 2, [channels * multiplier]) : undefined, at, channels, c);
    return activation(layer.raw("activation"), outward(y, layer, c), layer, c);
  },
});

const separable = defineLayer({
  names: ["SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const at = readWindow(layer, d);
    const channels = c.size(x, layer.channelsFirst ? 1 : -1, layer);
    const multiplier = layer.int("depth_multiplier", 1, 1);
    const filters = layer.int("filters", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const count = bias ? 3 : 2;
    const inner = convolve(inward(x, layer, c), depthwiseKernel(layer.weight(0, count, [...at.kernel, channels, multiplier])), undefined, at, channels, c);
    const ones = at.strides.map(() => 1);
    const w = kernelFirst(layer.weight(1, count, [...ones, channels * multiplier, filters]));
    const y = convolve(inner, w, bias ? layer.weight(2, count, [filters]) : undefined, { strides: ones, dilations: ones, kernel: ones, padding: "valid" }, 1, c);
    return activation(layer.raw("activation"), outward(y, layer, c), layer, c);
  },
});

const transpose = defineLayer({
  names: ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Convolution2DTranspose", "Convolution3DTranspose"],
  mask: "stop",
  convert: (layer, call: Call, c) => {
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const at = readWindow(layer, d);
    const asked = layer.raw("output_padding");
    const paddings = asked === undefined || asked === null ? undefined : typeof asked === "number" ? at.kernel.map(() => asked) : layer.ints("output_padding");
    if (paddings && (paddings.length !== d || paddings.some((v, i) => !Number.isSafeInteger(v) || v < 0 || v >= at.strides[i]!))) throw layer.malformed(`output_padding is ${JSON.stringify(asked).slice(0, 80)}`);
    const channels = c.size(x, layer.channelsFirst ? 1 : -1, layer);
    const filters = layer.int("filters", undefined, 1);
    const bias = layer.bool("use_bias", true);
    // [k..., out, in] -> [in, out, k...].
    const raw = layer.weight(0, bias ? 2 : 1, [...at.kernel, filters, channels]);
    const w = transposed(raw, [d + 1, d, ...Array.from({ length: d }, (_, i) => i)]);
    const begin: number[] = [];
    const end: number[] = [];
    const extra: number[] = [];
    at.kernel.forEach((k, i) => {
      const width = (k - 1) * at.dilations[i]! + 1;
      // How much longer all positions together are than what is asked for.
      const over = paddings ? (at.padding === "same" ? 2 * Math.floor(width / 2) : 0) - paddings[i]! : at.padding === "same" ? width - at.strides[i]! : Math.min(0, width - at.strides[i]!);
      begin.push(Math.max(0, Math.floor(over / 2)));
      end.push(Math.max(0, over) - begin.at(-1)!);
      extra.push(Math.max(0, -over));
    });
    const y = c.graph.op("ConvTranspose", [inward(x, layer, c), c.constant(w), bias ? c.constant(layer.weight(1, 2, [filters])) : null], {
      kernel_shape: at.kernel, strides: at.strides, dilations: at.dilations, pads: [...begin, ...end], output_padding: extra });
    return activation(layer.raw("activation"), outward(y, layer, c), layer, c);
  },
});

export const CONVOLUTION: readonly LayerDefinition[] = [convolution, depthwise, separable, transpose];
