// Layers after model.quantize("int8") (Keras 3.4 to 3.15): whole numbers of 8 bits with a scale for each output, times inputs
// that are brought to whole numbers by the largest of their row. The sums are whole numbers, so that only what comes before
// can move them.

import type { Value } from "../../onnx/index.ts";
import { floats, type Tensor } from "../../tensor/index.ts";
import { isObject } from "./config.ts";
import type { KerasContext, LayerView } from "./layer.ts";

export interface Quantization {
  /** How inputs become whole numbers; undefined where they stay as they are. */
  readonly inputs: { readonly low: number; readonly high: number; readonly epsilon: number } | undefined;
}

/** Up to so many products of 127 and 127 add up exactly in float32. */
const EXACT_IN_FLOAT = 1040;

/** undefined for a layer that is not quantized. */
export function quantization(layer: LayerView): Quantization | undefined {
  const policy = layer.raw("dtype");
  const settings = isObject(policy) && isObject(policy["config"]) ? policy["config"] : {};
  const config = layer.raw("quantization_config");
  const named = typeof settings["mode"] === "string" ? settings["mode"] : typeof policy === "string" && policy.includes("_from_") ? policy.split("_from_")[0]! : undefined;
  if (named === undefined && !config) return undefined;
  if (named !== undefined && named !== "int8") throw layer.refuse(`quantize(${JSON.stringify(named.slice(0, 40))})`, 'quantize("int8") is compiled', "Save the model before it is quantized.");
  if (layer.raw("lora_rank")) throw layer.refuse("lora_rank", "weights that are being adapted are not compiled beside int8", "Save the model before it is quantized.");
  if (!isObject(config)) return { inputs: { low: -127, high: 127, epsilon: 1e-7 } };
  const own = isObject(config["config"]) ? config["config"] : {};
  if (config["class_name"] !== "Int8QuantizationConfig") throw layer.refuse(`quantization_config ${JSON.stringify(config["class_name"] ?? null).slice(0, 60)}`, "Int8QuantizationConfig is compiled", "Save the model before it is quantized.");
  const quantizer = own["activation_quantizer"];
  if (quantizer === null || quantizer === undefined) return { inputs: undefined };
  const given = isObject(quantizer) && quantizer["class_name"] === "AbsMaxQuantizer" && isObject(quantizer["config"]) ? quantizer["config"] : undefined;
  const range = given?.["value_range"];
  const [low, high] = Array.isArray(range) ? range : [];
  const epsilon = given?.["epsilon"];
  if (typeof low !== "number" || typeof high !== "number" || typeof epsilon !== "number") throw layer.refuse("activation_quantizer", "AbsMaxQuantizer is compiled", "Save the model before it is quantized.");
  return { inputs: { low, high, epsilon } };
}

/** Weight `i`, whole numbers, of this shape (-1: any), as float32. */
export function wholeWeights(layer: LayerView, i: number, count: number, shape: readonly number[]): Tensor<"float"> {
  const t = layer.weights[i];
  if (layer.weights.length !== count || t?.type !== "int8" || t.shape.length !== shape.length || t.shape.some((d, k) => shape[k] !== -1 && shape[k] !== d)) throw layer.malformed("its weights are not those of a quantized layer");
  return floats(Float32Array.from(t.data as Int8Array), t.shape);
}

/** Whole numbers (as floats) and their scale, which keeps the dimensions: x is about whole / scale. */
export function quantize(x: Value, axes: readonly number[], { low, high, epsilon }: NonNullable<Quantization["inputs"]>, c: KerasContext): { whole: Value; scale: Value } {
  const { o } = c;
  const largest = c.graph.op("ReduceMax", [o.abs(x), o.int64s(axes)], { keepdims: 1 });
  const scale = o.div(c.scalar(high), o.add(largest, epsilon));
  const whole = c.graph.op("Round", [o.mul(x, scale)]);
  return { whole: o.maximum(o.minimum(whole, high), low), scale };
}

/** A product of whole numbers whose sums have `terms` of them, in float32. */
export function wholeProduct(a: Value, b: Value, terms: number, c: KerasContext, product: (a: Value, b: Value) => Value): Value {
  return terms <= EXACT_IN_FLOAT ? product(a, b) : c.float(product(c.o.cast(a, "double"), c.o.cast(b, "double")));
}

/** x [N, ..., F] times whole numbers [F, U] with a scale for each of U. */
export function quantizedDense(x: Value, kernel: Tensor<"float">, scales: Value, how: Quantization, c: KerasContext): Value {
  const { o } = c;
  const matmul = (a: Value, b: Value): Value => c.graph.op("MatMul", [a, b]);
  const weights = c.constant(kernel);
  if (how.inputs === undefined) return o.div(matmul(x, weights), scales);
  const { whole, scale } = quantize(x, [-1], how.inputs, c);
  return o.div(wholeProduct(whole, weights, kernel.shape[0]!, c, matmul), o.mul(scales, scale));
}
