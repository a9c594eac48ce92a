// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV: float, and int8 with int32 sums.

import type { Value } from "../../../onnx/index.ts";
import { floats, type Tensor } from "../../../tensor/index.ts";
import { toNchw, toNhwc, type LiteContext, type Operator, type OperatorView } from "../context.ts";
import { multiplyByEights, quantizeMultiplier } from "../fixed-point.ts";
import { quantizeRows, quantizeRowsPlainly } from "../hybrid.ts";

/** Elements of a constant with its axes in another order. */
function transposed(t: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((p) => t.shape[p]!);
  const strides = t.shape.map((_, i) => t.shape.slice(i + 1).reduce((n, d) => n * d, 1));
  const data = (t.data as Float32Array).slice();
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0; to < data.length; to++) {
    data[to] = (t.data as Float32Array)[index.reduce((n, x, k) => n + x * strides[perm[k]!]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! >= shape[axis]!; axis--) index[axis] = 0;
  }
  return { type: t.type, shape, data } as Tensor;
}

/** int8 as uint8 with zero point 128 more: the engine sums products of unsigned bytes without saturating. */
function unsigned(c: LiteContext, x: Value): Value {
  return c.o.cast(c.o.add(c.o.cast(x, "int32"), 128), "uint8");
}
const unsignedConstant = (t: Tensor): Tensor => ({ type: "uint8", shape: t.shape, data: Uint8Array.from(t.data as Int8Array, (v) => v + 128) });
const byte = (c: LiteContext, v: number): Value => c.graph.constant({ type: "uint8", shape: [], data: Uint8Array.of(v) });

/** The form of the arithmetic: "float", "int8" throughout, or "hybrid": float inputs that are quantized for each row. */
function form(op: OperatorView, weights: Tensor): "float" | "int8" | "hybrid" {
  const [x, w, y] = [op.tensor(dataInput(op)), op.tensor(1), op.output];
  if (x.type === "float" && y.type === "float") {
    if (weights.type === "float") return "float";
    if (weights.type === "int8" && w.quantization?.zeroPoints.every((z) => z === 0) && op.name !== "TRANSPOSE_CONV") return "hybrid";
    throw op.unsupported(`float inputs with ${weights.type} weights are not compiled here`, "Convert the model without optimizations, or to full int8.");
  }
  if (!op.quantized(x) || !op.quantized(y) || w.type !== "int8") throw op.unsupported(`${x.type} inputs, ${w.type} weights and ${y.type} outputs together are not compiled`);
  if (!w.quantization) throw op.malformed("its weights have no scales");
  if (!w.lowered && w.quantization.zeroPoints.some((z) => z !== 0)) throw op.unsupported("weights with zero points are not compiled");
  return "int8";
}

/** int32 sums [..., C] of channels last -> the output's int8. */
function requantize(op: OperatorView, c: LiteContext, sums: Value, channels: number, activation: string): Value {
  const [x, w, y] = [op.tensor(dataInput(op)), op.tensor(1), op.output];
  const scales = w.quantization!.scales;
  if (scales.length !== 1 && scales.length !== channels) throw op.malformed(`${scales.length} scales for ${channels} channels`);
  if (op.name === "TRANSPOSE_CONV" && !c.constantOf(op.tensor(0))) {
    // Its size is made in the model, which XNNPACK does not take: the interpreter's own kernel computes it.
    const scaled = multiplyByEights(c.graph, c.int64(sums), Array.from(scales, (s) => quantizeMultiplier((op.scale(x) * s) / op.scale(y))), channels);
    return c.clamp(c.o.add(scaled, op.zeroPoint(y)), op.range(activation), "int8");
  }
  const factors = Array.from(scales, (s) => Math.fround(Math.fround(op.scale(x) * s) / op.scale(y)));
  return c.requantize(sums, factors, op.zeroPoint(y), op.range(activation), "int8");
}
const dataInput = (op: OperatorView): number => (op.name === "TRANSPOSE_CONV" ? 2 : 0);

function bias(op: OperatorView, channels: number, type: "float" | "int32"): Tensor | undefined {
  if (!op.has(2)) return undefined;
  const b = op.constant(2, "biases");
  if (b.type !== type || b.data.length !== channels) throw op.malformed(`its bias is ${b.type}[${b.shape.join(", ")}] for ${channels} channels`);
  return { ...b, shape: [channels] } as Tensor;
}

const asFloats = (t: Tensor): Tensor => floats(Float32Array.from(t.data as Int8Array), t.shape);

/** Whole sums in steps of a row's and a channel's scale -> float. Whole numbers below 2^24 are exact in float. */
function hybridResult(op: OperatorView, c: LiteContext, sums: Value, rowScale: Value, channels: number, activation: string): Value {
  const scales = op.tensor(1).quantization!.scales;
  if (scales.length !== 1 && scales.length !== channels) throw op.malformed(`${scales.length} scales for ${channels} channels`);
  const b = bias(op, channels, "float");
  const scaled = c.o.mul(c.o.mul(sums, rowScale), c.graph.constant(floats(Float32Array.from(scales), [scales.length])));
  return op.activate(b ? c.o.add(scaled, b) : scaled, activation);
}

/** The engine pads by itself only where it does not dilate. */
function padding(op: OperatorView, kernel: readonly number[], strides: readonly number[], dilations: readonly number[]): { readonly pads: number[] } | { readonly auto_pad: string } {
  if (op.byte(0) !== 0) return { auto_pad: "VALID" };
  const sizes = op.shape(0).slice(1, 3);
  const totals = kernel.map((k, i) => {
    const width = (k - 1) * dilations[i]! + 1;
    const size = sizes[i];
    return strides[i] === 1 ? width - 1 : typeof size === "number" ? Math.max(0, (Math.ceil(size / strides[i]!) - 1) * strides[i]! + width - size) : NaN;
  });
  return totals.some((v) => Number.isNaN(v)) ? { auto_pad: "SAME_UPPER" } : { pads: [...totals.map((v) => Math.floor(v / 2)), ...totals.map((v) => Math.ceil(v / 2))] };
}

function convolve(op: OperatorView, c: LiteContext, depthwise: boolean): Value {
  const raw = op.constant(1, "weights");
  if (raw.shape.length !== 4) throw op.malformed(`its weights have ${raw.shape.length} dimensions`);
  // [out, h, w, in] or [1, h, w, channels] -> [out, in, h, w].
  const w = transposed(raw, depthwise ? [3, 0, 1, 2] : [0, 3, 1, 2]);
  const inputChannels = op.shape(0)[3];
  if (op.shape(0).length !== 4 || typeof inputChannels !== "number") throw op.malformed("its input is not [N, H, W, C] with a known C");
  const out = w.shape[0]!;
  const group = inputChannels / w.shape[1]!;
  if (!Number.isInteger(group) || group < 1 || out % group !== 0) throw op.malformed(`${inputChannels} channels do not fit weights [${raw.shape.join(", ")}]`);
  const [act, dilation] = depthwise ? [4, 5] : [3, 4];
  const [sw, sh, dw, dh] = [op.int(1), op.int(2), op.int(dilation, 1), op.int(dilation + 1, 1)];
  if ([sw, sh, dw, dh].some((v) => v < 1)) throw op.malformed("its strides or dilations are below 1");
  const attributes = { kernel_shape: w.shape.slice(2), strides: [sh, sw], dilations: [dh, dw], group, ...padding(op, w.shape.slice(2), [sh, sw], [dh, dw]) };
  const activation = op.activation(act);
  const how = form(op, raw);
  if (how === "hybrid") {
    const one = w.shape[2] === 1 && w.shape[3] === 1;
    if (!one && (sh > w.shape[2]! || sw > w.shape[3]!)) c.warn("a dynamic-range CONV_2D whose stride is wider than its kernel is computed as LiteRT does; tf.lite.Interpreter() of TensorFlow 2.21 gives other results");
    // XNNPACK takes a window of one place as a dense layer of every place; depthwise windows are left to the interpreter's own kernel.
    const q = depthwise ? quantizeRowsPlainly(op.value(0), [1, 2, 3], c) : quantizeRows(op.value(0), one && sw === 1 && sh === 1 ? [3] : [1, 2, 3], c);
    const centred = c.o.sub(c.float(q.value), c.o.add(q.zeroPoint, 128));
    const sums = toNhwc(c, c.graph.op("Conv", [toNchw(c, centred), c.graph.constant(asFloats(w))], attributes));
    return hybridResult(op, c, sums, q.scale, out, activation);
  }
  if (how === "float") {
    const b = bias(op, out, "float");
    const y = c.graph.op("Conv", [toNchw(c, op.value(0)), c.graph.constant(w), b ? c.graph.constant(b) : null], attributes);
    return op.activate(toNhwc(c, y), activation);
  }
  const b = bias(op, out, "int32");
  const x = toNchw(c, unsigned(c, op.value(0)));
  const sums = toNhwc(c, c.graph.op("ConvInteger", [x, c.graph.constant(unsignedConstant(w)), byte(c, op.zeroPoint(op.tensor(0)) + 128), byte(c, op.zeroPoint(op.tensor(1)) + 128)], attributes));
  return requantize(op, c, b ? c.o.add(sums, b) : sums, out, activation);
}

const conv: Operator = { names: ["CONV_2D"], convert: (op, c) => convolve(op, c, false) };
const depthwise: Operator = { names: ["DEPTHWISE_CONV_2D"], convert: (op, c) => convolve(op, c, true) };

const fullyConnected: Operator = {
  names: ["FULLY_CONNECTED"],
  convert: (op, c) => {
    const raw = op.constant(1, "weights");
    if (raw.shape.length !== 2 || op.byte(1) !== 0) throw op.unsupported("weights in a special order are not compiled");
    const [units, features] = raw.shape as [number, number];
    const w = transposed(raw, [1, 0]);
    const activation = op.activation(0);
    const keep = op.flag(2);
    const x = op.value(0);
    const shape = op.shape(0);
    const flat = keep || (shape.length === 2 && shape[1] === features) ? x : c.o.reshape(x, [-1, features]);
    const how = form(op, raw);
    if (how === "hybrid") {
      const rank = flat.shape?.length ?? 2;
      const q = quantizeRows(flat, [rank - 1], c);
      const sums = c.graph.op("MatMul", [c.o.sub(c.float(q.value), c.o.add(q.zeroPoint, 128)), c.graph.constant(asFloats(w))]);
      return hybridResult(op, c, sums, q.scale, units, activation);
    }
    if (how === "float") {
      const b = bias(op, units, "float");
      const product = c.graph.op("MatMul", [flat, c.graph.constant(w)]);
      return op.activate(b ? c.o.add(product, b) : product, activation);
    }
    const b = bias(op, units, "int32");
    const sums = c.graph.op("MatMulInteger", [unsigned(c, flat), c.graph.constant(unsignedConstant(w)), byte(c, op.zeroPoint(op.tensor(0)) + 128), byte(c, op.zeroPoint(op.tensor(1)) + 128)]);
    return requantize(op, c, b ? c.o.add(sums, b) : sums, units, activation);
  },
};

const MAX_EXACT = 2 ** 24;

const transposeConv: Operator = {
  names: ["TRANSPOSE_CONV"],
  convert: (op, c) => {
    const raw = op.constant(1, "weights");
    const x = op.value(2);
    const how = form(op, raw);
    const channels = op.shape(2)[3];
    if (raw.shape.length !== 4 || channels !== raw.shape[3]) throw op.malformed("its weights do not fit its input");
    // [out, h, w, in] -> [in, out, h, w].
    const w = transposed(raw, [3, 0, 1, 2]);
    const [strides, size] = [[op.int(2), op.int(1)], [raw.shape[1]!, raw.shape[2]!]];
    if (strides.some((v) => v < 1)) throw op.malformed("its strides are below 1");
    const same = op.byte(0) === 0;
    const over = size.map((k, i) => (same ? k - strides[i]! : Math.min(0, k - strides[i]!)));
    const begin = over.map((v) => Math.max(0, Math.floor(v / 2)));
    const attributes = { kernel_shape: size, strides, pads: [...begin, ...over.map((v, i) => Math.max(0, v) - begin[i]!)], output_padding: over.map((v) => Math.max(0, -v)) };
    const out = raw.shape[0]!;
    if (how === "float") {
      const b = op.has(3) ? op.constant(3, "biases") : undefined;
      return op.activate(toNhwc(c, c.graph.op("ConvTranspose", [toNchw(c, x), c.graph.constant(w), b ? c.graph.constant(b) : null], attributes)), op.activation(3));
    }
    // Whole numbers in float, as long as they are exact there.
    const each = raw.data.length / out;
    for (let o = 0; o < out; o++) {
      if ((raw.data as Int8Array).subarray(o * each, (o + 1) * each).reduce((n, v) => n + Math.abs(v), 0) * 255 >= MAX_EXACT) throw op.unsupported("so large an int8 convolution is not compiled");
    }
    const centred = c.o.sub(c.float(x), op.zeroPoint(op.tensor(2)));
    const sums = c.o.cast(toNhwc(c, c.graph.op("ConvTranspose", [toNchw(c, centred), c.graph.constant(asFloats(w))], attributes)), "int32");
    const b = op.has(3) ? op.constant(3, "biases") : undefined;
    if (b && (b.type !== "int32" || b.data.length !== out)) throw op.malformed(`its bias is ${b.type}[${b.shape.join(", ")}] for ${out} channels`);
    return requantize(op, c, b ? c.o.add(sums, { ...b, shape: [out] } as Tensor) : sums, out, op.activation(3));
  },
};

export const CONVOLUTION: readonly Operator[] = [conv, depthwise, fullyConnected, transposeConv];
