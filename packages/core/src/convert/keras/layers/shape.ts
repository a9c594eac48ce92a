// Layers that move elements: Flatten, Reshape, Permute, RepeatVector, ZeroPadding, Cropping.

import type { Value } from "../../../onnx/index.ts";
import { convertError } from "../../conversion/errors.ts";
import type { Json } from "../config.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { toChannelsLast } from "./convolution.ts";

const flatten = defineLayer({
  names: ["Flatten"],
  mask: "stop",
  convert: (layer, call, c) => {
    let { value } = single(layer, call);
    if (layer.channelsFirst && c.shape(value).length > 1) value = toChannelsLast(value, c);
    const shape = c.shape(value).slice(1);
    if (shape.length === 1) return value;
    if (shape.length === 0) return c.o.unsqueeze(value, 1);
    const size = shape.reduce<number>((n, d) => (typeof d === "number" ? n * d : NaN), 1);
    return c.o.reshape(value, [Number.isNaN(size) ? 0 : -1, Number.isNaN(size) ? -1 : size]);
  },
});

const reshape = defineLayer({
  names: ["Reshape"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    const target = layer.ints("target_shape");
    const sizes = c.shape(value).slice(1);
    const size = sizes.reduce<number>((n, d) => (typeof d === "number" ? n * d : NaN), 1);
    const hole = target.indexOf(-1);
    const rest = target.reduce((n, d, i) => (i === hole ? n : n * d), 1);
    if (target.some((d) => d < -1 || d === 0) || target.lastIndexOf(-1) !== hole) throw layer.malformed(`target_shape is [${target.join(", ")}]`);
    if (!Number.isNaN(size) && (hole < 0 ? rest !== size : size % rest !== 0)) throw layer.malformed(`${size} elements cannot be reshaped to [${target.join(", ")}]`);
    if (hole < 0) return c.o.reshape(value, [-1, ...target]);
    if (!Number.isNaN(size)) return c.o.reshape(value, [-1, ...target.map((d, i) => (i === hole ? size / rest : d))]);
    return c.graph.op("Reshape", [value, c.shapeValue([{ of: value, axis: 0 }, ...target])]);
  },
});

const permute = defineLayer({
  names: ["Permute"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    const dims = layer.ints("dims");
    const rank = rankOf(layer, value, dims.length + 1);
    if ([...dims].sort((a, b) => a - b).some((d, i) => d !== i + 1)) throw layer.malformed(`dims is [${dims.join(", ")}] for ${rank} dimensions`);
    return c.o.transpose(value, [0, ...dims]);
  },
});

const repeat = defineLayer({
  names: ["RepeatVector"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    rankOf(layer, value, 2);
    return c.graph.op("Tile", [c.o.unsqueeze(value, 1), c.o.int64s([1, layer.int("n", undefined, 1), 1])]);
  },
});

/** [[before, after], ...] for each spatial axis, from 1, [1, 2] or [[1, 2], [3, 4]]. */
function pairs(layer: LayerView, key: string, count: number): [number, number][] {
  const whole = (v: Json | undefined): number => {
    if (typeof v !== "number" || !Number.isSafeInteger(v) || v < 0) throw layer.malformed(`${key} is ${JSON.stringify(layer.raw(key) ?? null).slice(0, 80)}`);
    return v;
  };
  const raw = layer.raw(key);
  if (typeof raw === "number") return Array.from({ length: count }, () => [whole(raw), whole(raw)]);
  const list = layer.list(key);
  if (count === 1 && list.length === 2 && !Array.isArray(list[0])) return [[whole(list[0]), whole(list[1])]];
  if (list.length !== count) throw layer.malformed(`${key} is ${JSON.stringify(raw).slice(0, 80)} for ${count} dimensions`);
  return list.map((v) => (Array.isArray(v) ? [whole((v as Json[])[0]), whole((v as Json[])[1])] : [whole(v), whole(v)]));
}
const dimensions = (layer: LayerView): number => Number(/(\d)D$/i.exec(layer.className)![1]);

const zeroPadding = defineLayer({
  names: ["ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const k = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, k + 2);
    const by = pairs(layer, "padding", k);
    const all = layer.channelsFirst ? [[0, 0], [0, 0], ...by] : [[0, 0], ...by, [0, 0]];
    return c.graph.op("Pad", [x, c.o.int64s([...all.map((p) => p[0]!), ...all.map((p) => p[1]!)]), c.scalar(0)]);
  },
});

const cropping = defineLayer({
  names: ["Cropping1D", "Cropping2D", "Cropping3D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const k = dimensions(layer);
    let { value } = single(layer, call);
    rankOf(layer, value, k + 2);
    pairs(layer, "cropping", k).forEach(([before, after], at) => {
      const i = at + Number(layer.channelsFirst);
      const size = c.shape(value)[i + 1];
      if (typeof size === "number" && before + after >= size) throw convertError("malformed-model", `${layer.where}: ${before} and ${after} are cropped from a dimension of ${size}`);
      if (before + after > 0) value = c.o.slice(value, before, after === 0 ? Number.MAX_SAFE_INTEGER : -after, i + 1);
    });
    return value;
  },
});

const MAX_SIZE = 2 ** 22;
/** A dimension that an index is made for. */
export function boundedSize(size: number, layer: LayerView): number {
  if (!(size <= MAX_SIZE)) throw layer.malformed(`a dimension becomes ${size}; at most ${MAX_SIZE} is taken`);
  return size;
}

/** Each element of an axis several times. */
export function repeatAxis(x: Value, axis: number, times: number, layer: LayerView, c: KerasContext): Value {
  if (times === 1) return x;
  const size = c.size(x, axis, layer);
  boundedSize(size * times, layer);
  return c.o.gather(x, { type: "int64", shape: [size * times], data: BigInt64Array.from({ length: size * times }, (_, i) => BigInt(Math.floor(i / times))) }, axis);
}

export const SHAPE: readonly LayerDefinition[] = [flatten, reshape, permute, repeat, zeroPadding, cropping];
