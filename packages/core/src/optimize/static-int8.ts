// Static quantisation in the QDQ form: QuantizeLinear and DequantizeLinear around Conv, MatMul and Gemm, which engines fuse
// into integer kernels. Activations in int8 with the range that rows showed, weights in int8 with a scale for each channel,
// biases in int32. Signed on both sides: unsigned times signed saturates on processors without VNNI.

import type { Model } from "../onnx/index.ts";
import { floats, type Tensor } from "../tensor/index.ts";
import { makeNode, quantizeWeight, Rewriter, weightsOf } from "./weights.ts";

/** By the name of a value: the least and the largest number that it had. */
export type Ranges = ReadonlyMap<string, readonly [low: number, high: number]>;

/** The same model that also gives what is to be measured; undefined where there is nothing to quantise. */
export function calibrationModel(model: Model): { readonly model: Model; readonly names: readonly string[] } | undefined {
  const outputs = new Set(model.graph.outputs.map((o) => o.name));
  const inputs = new Set(model.graph.inputs.map((i) => i.name));
  const names = [...new Set(weightsOf(model).flatMap(({ node }) => [node.inputs[0]!, node.outputs[0]!]))];
  if (names.length === 0) return undefined;
  // An input cannot be an output by itself.
  const through = names.filter((n) => inputs.has(n)).map((n) => makeNode("Identity", [n], [`${n}.seen`]));
  const wanted = names.map((n) => (inputs.has(n) ? `${n}.seen` : n));
  return {
    names: wanted,
    model: { ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, ...through], outputs: [...model.graph.outputs, ...wanted.filter((n) => !outputs.has(n)).map((name) => ({ name, type: "float" as const, shape: null }))] } },
  };
}

export function staticInt8(model: Model, ranges: Ranges): Model | undefined {
  const weights = weightsOf(model).filter(({ node }) => rangeOf(ranges, node.inputs[0]!) !== undefined && rangeOf(ranges, node.outputs[0]!) !== undefined);
  if (weights.length === 0) return undefined;
  const rewriter = new Rewriter(model);
  const quantized = new Map<string, { readonly name: string; readonly scale: number }>();
  for (const weight of weights) {
    const { node, place, name, tensor, axis } = weight;
    const x = node.inputs[0]!;
    // Once for all that take it, where the first of them stands.
    let input = quantized.get(x);
    if (input === undefined) {
      const [scale, zero] = quantization(rangeOf(ranges, x)!);
      const [s, z, q, dq] = [rewriter.constant(`${x}.in.scale`, scalar(scale)), rewriter.constant(`${x}.in.zero`, zeroPoint(zero)), rewriter.name(`${x}.in.int8`), rewriter.name(`${x}.in`)];
      rewriter.before(place, makeNode("QuantizeLinear", [x, s, z], [q]));
      rewriter.before(place, makeNode("DequantizeLinear", [q, s, z], [dq]));
      quantized.set(x, (input = { name: dq, scale }));
    }
    const { values, scales } = quantizeWeight(weight);
    const w = rewriter.name(`${name}.float`);
    rewriter.before(place, makeNode("DequantizeLinear", [
      rewriter.constant(`${name}.int8`, { type: "int8", shape: tensor.shape, data: values }),
      rewriter.constant(`${name}.scale`, { type: "float", shape: [scales.length], data: scales }),
      rewriter.constant(`${name}.zero`, { type: "int8", shape: [scales.length], data: new Int8Array(scales.length) }),
    ], [w], new Map([["axis", { int: axis }]])));
    const bias = node.inputs[2] ?? "";
    const b = bias === "" ? "" : quantizedBias(model, rewriter, place, bias, input.scale, scales);
    // The result as well, so that the whole step can be computed in integers.
    const y = node.outputs[0]!;
    const raw = rewriter.name(`${y}.raw`);
    const [scale, zero] = quantization(rangeOf(ranges, y)!);
    const [s, z, q] = [rewriter.constant(`${y}.scale`, scalar(scale)), rewriter.constant(`${y}.zero`, zeroPoint(zero)), rewriter.name(`${y}.int8`)];
    rewriter.instead(place, [
      { ...node, inputs: b === "" ? [input.name, w] : [input.name, w, b], outputs: [raw] },
      makeNode("QuantizeLinear", [raw, s, z], [q]),
      makeNode("DequantizeLinear", [q, s, z], [y]),
    ]);
    rewriter.drop(name);
  }
  return rewriter.finish();
}

function rangeOf(ranges: Ranges, name: string): readonly [number, number] | undefined {
  const range = ranges.get(name) ?? ranges.get(`${name}.seen`);
  return range !== undefined && Number.isFinite(range[0]) && Number.isFinite(range[1]) ? range : undefined;
}

/** Zero is always a whole step, so that padding with it costs nothing. */
function quantization([low, high]: readonly [number, number]): readonly [scale: number, zero: number] {
  const [l, h] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround((h - l) / 255) || 1;
  return [scale, Math.max(-128, Math.min(127, Math.round(-128 - l / scale)))];
}
function scalar(value: number): Tensor {
  return floats([value], []);
}
function zeroPoint(value: number): Tensor {
  return { type: "int8", shape: [], data: Int8Array.of(value) };
}

/** In int32 with the product of both scales, which is what the sums have; a bias that is no constant stays. */
function quantizedBias(model: Model, rewriter: Rewriter, place: number, bias: string, scale: number, scales: Float32Array): string {
  const tensor = model.graph.initializers.find((i) => i.name === bias)?.tensor;
  if (tensor?.type !== "float" || tensor.shape.length !== 1 || tensor.data.length !== scales.length) return bias;
  const steps = Float32Array.from(scales, (s) => s * scale);
  const values = Int32Array.from(tensor.data as Float32Array, (v, i) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.round(v / steps[i]!))));
  const name = rewriter.name(`${bias}.float`);
  rewriter.before(place, makeNode("DequantizeLinear", [
    rewriter.constant(`${bias}.int32`, { type: "int32", shape: tensor.shape, data: values }),
    rewriter.constant(`${bias}.scale`, { type: "float", shape: tensor.shape, data: steps }),
  ], [name], new Map([["axis", { int: 0 }]])));
  return name;
}
