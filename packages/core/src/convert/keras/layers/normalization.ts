// BatchNormalization, LayerNormalization, RMSNormalization, GroupNormalization, UnitNormalization, SpectralNormalization at inference.

import type { Value } from "../../../onnx/index.ts";
import { floats } from "../../../tensor/index.ts";
import { isObject } from "../config.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { normalAxis } from "./core.ts";

/** Axes from a number or a list; null is every axis but the rows. */
function axesOf(layer: LayerView, rank: number, otherwise: number): number[] {
  const raw = layer.raw("axis");
  const list = raw === undefined ? [otherwise] : typeof raw === "number" ? [raw] : layer.ints("axis");
  return list.map((a) => normalAxis(layer, a, rank)).sort((a, b) => a - b);
}

const batch = defineLayer({
  names: ["BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 2, 8);
    const [axis] = axesOf(layer, rank, -1);
    const size = c.size(x, axis!, layer);
    const [center, scale] = [layer.bool("center", true), layer.bool("scale", true)];
    const count = 2 + Number(center) + Number(scale);
    let i = 0;
    const gamma = scale ? layer.weight(i++, count, [size]).data : undefined;
    const beta = center ? layer.weight(i++, count, [size]).data : undefined;
    const mean = layer.weight(i++, count, [size]).data;
    const variance = layer.weight(i, count, [size]).data;
    const epsilon = layer.number("epsilon", 1e-3);
    // x * factor + offset, as tf.nn.batch_normalization folds it.
    const factor = variance.map((v, k) => (gamma?.[k] ?? 1) / Math.sqrt(Math.fround(v + epsilon)));
    const offset = mean.map((m, k) => (beta?.[k] ?? 0) - m * factor[k]!);
    const shape = Array.from({ length: rank - axis! }, (_, k) => (k === 0 ? size : 1));
    return c.o.add(c.o.mul(x, c.floats(factor, shape)), c.floats(offset, shape));
  },
});

function reduceMean(x: Value, axes: readonly number[], c: KerasContext): Value {
  return c.graph.op("ReduceMean", [x, c.o.int64s(axes)], { keepdims: 1 });
}
/** (x - mean) / sqrt(variance + epsilon) over some axes. */
function standardize(x: Value, axes: readonly number[], epsilon: number, c: KerasContext): Value {
  const centred = c.o.sub(x, reduceMean(x, axes, c));
  return c.o.div(centred, c.o.sqrt(c.o.add(reduceMean(c.o.mul(centred, centred), axes, c), epsilon)));
}

const layerNorm = defineLayer({
  names: ["LayerNormalization"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 2, 8);
    const axes = axesOf(layer, rank, -1);
    const [center, scale] = [layer.bool("center", true), layer.bool("scale", true)];
    const count = Number(center) + Number(scale);
    const sizes = axes.map((a) => c.size(x, a, layer));
    const spread = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? sizes[axes.indexOf(i)]! : 1));
    const epsilon = layer.number("epsilon", 1e-3);
    if (layer.bool("rms_scaling", false)) {
      // Keras divides by the root of the variance here, without taking the mean away.
      const centred = c.o.sub(x, reduceMean(x, axes, c));
      const root = c.o.sqrt(c.o.add(reduceMean(c.o.mul(centred, centred), axes, c), epsilon));
      const y = c.o.div(x, root);
      return count > 0 ? c.o.mul(y, c.floats(layer.weight(0, count, sizes).data, spread)) : y;
    }
    let y = standardize(x, axes, epsilon, c);
    if (scale) y = c.o.mul(y, c.floats(layer.weight(0, count, sizes).data, spread));
    if (center) y = c.o.add(y, c.floats(layer.weight(count - 1, count, sizes).data, spread));
    return y;
  },
});

const rms = defineLayer({
  names: ["RMSNormalization"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 2, 8);
    const axes = axesOf(layer, rank, -1);
    const sizes = axes.map((a) => c.size(x, a, layer));
    const root = c.o.sqrt(c.o.add(reduceMean(c.o.mul(x, x), axes, c), layer.number("epsilon", 1e-6)));
    // The scale has the sizes of the axes; it is spread over the last dimensions, wherever the axes are.
    return c.o.mul(c.o.div(x, root), c.constant(layer.weight(0, 1, sizes)));
  },
});

const group = defineLayer({
  names: ["GroupNormalization"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 2, 8);
    const [axis] = axesOf(layer, rank, -1) as [number];
    const channels = c.size(x, axis, layer);
    const asked = layer.raw("groups");
    const groups = asked === -1 ? channels : layer.int("groups", 32, 1);
    if (channels % groups !== 0) throw layer.malformed(`${channels} channels in ${groups} groups`);
    const dims = c.shape(x).map((_, i) => ({ of: x, axis: i }));
    const split = c.graph.op("Reshape", [x, c.shapeValue([...dims.slice(0, axis), groups, channels / groups, ...dims.slice(axis + 1)])]);
    // All but the rows and the groups.
    const axes = Array.from({ length: rank }, (_, i) => i + 1).filter((a) => a !== axis);
    const flat = c.graph.op("Reshape", [standardize(split, axes, layer.number("epsilon", 1e-3), c), c.shapeValue([...dims.slice(0, axis), channels, ...dims.slice(axis + 1)])]);
    const [center, scale] = [layer.bool("center", true), layer.bool("scale", true)];
    const count = Number(center) + Number(scale);
    const spread = Array.from({ length: rank - axis }, (_, i) => (i === 0 ? channels : 1));
    let y = flat;
    if (scale) y = c.o.mul(y, c.floats(layer.weight(0, count, [channels]).data, spread));
    if (center) y = c.o.add(y, c.floats(layer.weight(count - 1, count, [channels]).data, spread));
    return y;
  },
});

/** At inference the layer inside computes with the weights that training left. */
const spectral = defineLayer({
  names: ["SpectralNormalization"],
  mask: "own",
  convert: (layer, call, c) => {
    const json = layer.object("layer");
    if (typeof json["class_name"] !== "string" || !isObject(json["config"])) throw layer.malformed("layer is no layer");
    const name = typeof json["config"]["name"] === "string" ? json["config"]["name"] : "";
    return c.build(json, layer.store.inner("layer", 0, 1, name), call, c.depth).map((s) => ({ value: s.value }));
  },
});

const unit = defineLayer({
  names: ["UnitNormalization"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const axes = axesOf(layer, rankOf(layer, x, 2, 8), -1);
    const squares = c.graph.op("ReduceSum", [c.o.mul(x, x), c.o.int64s(axes)], { keepdims: 1 });
    return c.o.mul(x, c.o.div(1, c.o.sqrt(c.o.maximum(squares, c.graph.constant(floats([1e-12], []))))));
  },
});

export const NORMALIZATION: readonly LayerDefinition[] = [batch, layerNorm, rms, group, unit, spectral];
