// Dense, Activation and the activation layers, and the layers that only act in training.

import type { Value } from "../../../onnx/index.ts";
import { elementCount } from "../../../tensor/index.ts";
import { activation } from "../activations.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";

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
    if (layer.raw("quantization_config")) throw layer.refuse("quantization_config", "only float32 weights can be");
    const features = c.size(value, -1, layer);
    const units = layer.int("units", undefined, 1);
    const bias = layer.bool("use_bias", true);
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
    if (mask) throw layer.refuse("a mask", "softmax over masked values is not compiled");
    const axis = layer.raw("axis");
    if (axis !== undefined && typeof axis !== "number") throw layer.refuse(`axis=${JSON.stringify(axis)}`, "only one axis can be");
    return c.graph.op("Softmax", [c.float(value)], { axis: normalAxis(layer, axis ?? -1, rankOf(layer, value, 1, 8)) });
  },
});

export function normalAxis(layer: LayerView, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) throw layer.malformed(`axis ${axis} is outside an input of ${rank} dimensions`);
  return at;
}

export const CORE: readonly LayerDefinition[] = [denseLayer, activationLayer, identity, relu, leaky, elu, thresholded, prelu, softmax];
