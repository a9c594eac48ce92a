// Dense, Activation and the activation layers, and the layers that only act in training.

import type { Dim, Value } from "../../../onnx/index.ts";
import { elementCount, type Tensor } from "../../../tensor/index.ts";
import { activation } from "../activations.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { quantization, quantize, quantizedDense, wholeProduct, wholeWeights, type Quantization } from "../quantized.ts";

/** x [N, ..., F] W [F, U] + b [U]. */
export function dense(x: Value, kernel: Value, bias: Value | undefined, c: KerasContext): Value {
  if (c.shape(x).length === 2) return c.graph.op("Gemm", bias ? [x, kernel, bias] : [x, kernel]);
  const y = c.graph.op("MatMul", [x, kernel]);
  return bias ? c.o.add(y, bias) : y;
}

const denseLayer = defineLayer({
  names: ["Dense"],
  mask: "pass",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    rankOf(layer, value, 2, 8);
    const features = c.size(value, -1, layer);
    const units = layer.int("units", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const whole = quantization(layer);
    if (whole) {
      const all = bias ? 3 : 2;
      const y = quantizedDense(c.float(value), wholeWeights(layer, 0, all, [features, units]), c.constant(layer.weight(all - 1, all, [units])), whole, c);
      return activation(layer.raw("activation"), bias ? c.o.add(y, c.constant(layer.weight(1, all, [units]))) : y, layer, c);
    }
    const count = bias ? 2 : 1;
    const kernel = c.constant(layer.weight(0, count, [features, units]));
    return activation(layer.raw("activation"), dense(c.float(value), kernel, bias ? c.constant(layer.weight(1, count, [units])) : undefined, c), layer, c);
  },
});

const activationLayer = defineLayer({ names: ["Activation"], mask: "pass", convert: (layer, call, c) => activation(layer.raw("activation"), c.float(single(layer, call).value), layer, c) });

const identity = defineLayer({
  names: [
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity",
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness", "RandomHeight", "RandomWidth", "RandomShear", "RandomErasing",
    "RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur",
  ],
  mask: "pass",
  convert: (layer, call) => single(layer, call).value,
});

const relu = defineLayer({
  names: ["ReLU"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const slope = layer.number("negative_slope", 0);
    const threshold = layer.number("threshold", 0);
    const most = layer.raw("max_value");
    let y: Value;
    if (threshold !== 0) {
      const kept = c.o.where(c.o.greater(x, threshold), x, 0);
      y = slope === 0 ? kept : c.o.where(c.o.greater(x, threshold), x, c.o.mul(c.o.sub(x, threshold), slope));
    } else y = slope === 0 ? c.o.relu(x) : c.graph.op("LeakyRelu", [x], { alpha: slope });
    return typeof most === "number" ? c.o.minimum(y, most) : y;
  },
});

const leaky = defineLayer({
  names: ["LeakyReLU"],
  mask: "pass",
  convert: (layer, call, c) => c.graph.op("LeakyRelu", [c.float(single(layer, call).value)], { alpha: layer.number("negative_slope", layer.number("alpha", 0.3)) }),
});
const elu = defineLayer({ names: ["ELU"], mask: "pass", convert: (layer, call, c) => c.graph.op("Elu", [c.float(single(layer, call).value)], { alpha: layer.number("alpha", 1) }) });
const thresholded = defineLayer({
  names: ["ThresholdedReLU"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    return c.o.where(c.o.greater(x, layer.number("theta", 1)), x, 0);
  },
});

const prelu = defineLayer({
  names: ["PReLU"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 2, 8);
    const shared = new Set(layer.raw("shared_axes") ? layer.ints("shared_axes") : []);
    const alpha = layer.weight(0, 1, c.shape(x).slice(1).map((d, i) => (shared.has(i + 1) ? 1 : typeof d === "number" ? d : -1)));
    if (alpha.shape.length !== rank - 1 || elementCount(alpha.shape) === 0) throw layer.malformed("its slopes do not fit its input");
    return c.graph.op("PRelu", [x, c.constant(alpha)]);
  },
});

const softmax = defineLayer({
  names: ["Softmax"],
  mask: "own",
  convert: (layer, call, c) => {
    const { value, mask } = single(layer, call);
    let x = c.float(value);
    const rank = rankOf(layer, x, 1, 8);
    if (mask && c.shape(mask).length !== rank) throw layer.refuse("a mask of fewer dimensions than the input", "how it is spread is not compiled");
    if (mask) x = c.since(3, 13) ? c.o.where(mask, x, -1e9) : c.o.add(x, c.o.where(mask, c.scalar(0), -1e9));
    const raw = layer.raw("axis");
    const axes = [...new Set((Array.isArray(raw) ? layer.ints("axis") : [raw === undefined ? -1 : layer.int("axis", undefined, -8)]).map((axis) => normalAxis(layer, axis, rank)))];
    if (axes.includes(0)) throw layer.refuse("axis=0", "it would mix the rows of a request");
    if (axes.length === 0) throw layer.malformed("it has no axis");
    const y = axes.length === 1 ? c.graph.op("Softmax", [x], { axis: axes[0]! }) : c.o.exp(c.o.sub(x, c.graph.op("ReduceLogSumExp", [x, c.o.int64s(axes)], { keepdims: 1 })));
    return { value: mask && c.since(3, 14) ? c.o.where(mask, y, 0) : y, mask };
  },
});

export function normalAxis(layer: LayerView, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) throw layer.malformed(`axis ${axis} is outside an input of ${rank} dimensions`);
  return at;
}

/**
 * Keras 3.7 and later on TensorFlow takes a bias with one dimension above 1 for one of channels: where that size is not the
 * last dimension's but the second's, it is added along the second, wherever broadcasting would put it.
 */
export function alongSecond(bias: readonly number[], value: readonly Dim[], c: KerasContext): boolean {
  const large = bias.filter((d) => d > 1);
  return c.since(3, 7) && large.length === 1 && value.length > 2 && value.at(-1) !== large[0] && value[1] === large[0];
}

const weightOf = (layer: LayerView, i: number, count: number, shape: readonly number[]): Tensor<"float"> => layer.weight(i, count, shape);

/** The largest is taken over the letters that end in the sum; the scale of the weights is kept in the shape of the output. */
function quantizedEinsum(layer: LayerView, x: Value, kernel: Tensor<"float">, equation: string, how: Quantization, count: number, c: KerasContext): Value {
  const [given, weights, result] = equation.split(/,|->/) as [string, string, string];
  const einsum = (a: Value, b: Value): Value => c.graph.op("Einsum", [a, b], { equation });
  const scales = c.constant(layer.weight(count - 1, count, new Array<number>(layer.weights[count - 1]?.shape.length ?? 0).fill(-1)));
  if (how.inputs === undefined) return c.o.div(einsum(x, c.constant(kernel)), scales);
  const summed = [...given].flatMap((letter, i) => (result.includes(letter) ? [] : [i]));
  const terms = [...weights].reduce((n, letter, i) => (result.includes(letter) ? n : n * kernel.shape[i]!), 1);
  const { whole, scale } = quantize(x, summed, how.inputs, c);
  const kept = summed.length === 0 ? scale : c.graph.op("Squeeze", [scale, c.o.int64s(summed)]);
  const letters = [...given].filter((_, i) => !summed.includes(i));
  const order = [...result].filter((letter) => letters.includes(letter)).map((letter) => letters.indexOf(letter));
  const missing = [...result].flatMap((letter, i) => (letters.includes(letter) ? [] : [i]));
  const arranged = c.o.transpose(kept, order);
  const along = missing.length === 0 ? arranged : c.graph.op("Unsqueeze", [arranged, c.o.int64s(missing)]);
  return c.o.div(wholeProduct(whole, c.constant(kernel), terms, c, einsum), c.o.mul(along, scales));
}

/** A product after an equation such as "abc,cd->abd"; the first dimension must stay the rows. */
const einsumDense = defineLayer({
  names: ["EinsumDense"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const equation = layer.string("equation").replaceAll(" ", "");
    const sides = /^(\.\.\.)?([A-Za-z]{0,8}),([A-Za-z]{1,8})->(\.\.\.)?([A-Za-z]{0,8})$/.exec(equation);
    if (!sides) throw layer.unsupported(`the equation ${JSON.stringify(equation.slice(0, 80))} is not compiled`);
    const row = sides[2]![0];
    if (!sides[1] && (row === undefined || sides[5]![0] !== row || sides[3]!.includes(row))) throw layer.refuse(`the equation ${equation}`, "the first dimension must stay that of the rows");
    const biased = layer.raw("bias_axes") !== null && layer.raw("bias_axes") !== undefined;
    const quantized = quantization(layer);
    const count = (biased ? 2 : 1) + (quantized ? 1 : 0);
    const kernel = (quantized ? wholeWeights : weightOf)(layer, 0, count, Array.from(sides[3]!, () => -1));
    // The dimensions that ... stands for, under letters that the equation does not use.
    const rest = c.shape(x).length - sides[2]!.length;
    const letters = [..."abcdefghijklmnopqrstuvwxyz"].filter((l) => !equation.includes(l)).slice(0, Math.max(0, rest)).join("");
    const spelled = equation.replaceAll("...", letters);
    let y = quantized ? quantizedEinsum(layer, x, kernel, spelled, quantized, count, c) : c.graph.op("Einsum", [x, c.constant(kernel)], { equation: spelled });
    if (biased) {
      const rank = layer.weights[1]?.shape.length ?? 0;
      if (rank >= c.shape(y).length) throw layer.malformed("its bias has more dimensions than its output");
      const bias = layer.weight(1, count, new Array<number>(rank).fill(-1));
      const along = alongSecond(bias.shape, c.shape(y), c);
      y = c.o.add(y, along ? c.floats(bias.data, [bias.data.length, ...new Array<number>(c.shape(y).length - 2).fill(1)]) : c.constant(bias));
    }
    return activation(layer.raw("activation"), y, layer, c);
  },
});

export const CORE: readonly LayerDefinition[] = [denseLayer, einsumDense, activationLayer, identity, relu, leaky, elu, thresholded, prelu, softmax];
