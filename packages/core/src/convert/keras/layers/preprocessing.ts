// Preprocessing layers of numbers: Normalization, Rescaling, Discretization, CategoryEncoding.

import type { Value } from "../../../onnx/index.ts";
import { elementCount } from "../../../tensor/index.ts";
import { defineLayer, rankOf, single, toFloats, type LayerDefinition, type LayerView } from "../layer.ts";
import { normalAxis } from "./core.ts";
import { encode } from "./encode.ts";
import { boundedSize } from "./shape.ts";

const EPSILON = 1e-7;

const normalization = defineLayer({
  names: ["Normalization"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const rank = rankOf(layer, x, 1, 8);
    const raw = layer.raw("axis");
    const axes = raw === null ? [] : (typeof raw === "number" ? [raw] : raw === undefined ? [-1] : layer.ints("axis")).map((a) => normalAxis(layer, a, rank)).sort((a, b) => a - b);
    const sizes = axes.map((a) => c.size(x, a, layer));
    const spread = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? sizes[axes.indexOf(i)]! : 1));
    const count = elementCount(sizes);
    const given = (key: string): Float32Array | undefined => {
      const v = layer.raw(key);
      if (v === undefined || v === null) return undefined;
      const list = (typeof v === "number" ? [v] : (Array.isArray(v) ? (v as unknown[]).flat(8) : [])) as number[];
      if (list.some((n) => typeof n !== "number") || (list.length !== 1 && list.length !== count)) throw layer.malformed(`${key} does not fit its input`);
      return Float32Array.from({ length: count }, (_, i) => list.length === 1 ? list[0]! : list[i]!);
    };
    const learnt = (i: number): Float32Array => {
      const t = layer.weights[i];
      if (!t || elementCount(t.shape) !== count) throw layer.malformed("it was saved before it was adapted, or its statistics do not fit its input");
      return toFloats(t, layer).data;
    };
    const mean = given("mean") ?? learnt(0);
    const deviation = (given("variance") ?? learnt(1)).map((v) => Math.max(Math.sqrt(v), EPSILON));
    const [m, s] = [c.floats(mean, spread), c.floats(deviation, spread)];
    return layer.bool("invert", false) ? c.o.add(m, c.o.mul(x, s)) : c.o.div(c.o.sub(x, m), s);
  },
});

const rescaling = defineLayer({
  names: ["Rescaling"],
  mask: "pass",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const factor = (key: string, otherwise: number): Value => {
      const v = layer.raw(key);
      return Array.isArray(v) ? c.floats(layer.numbers(key)) : c.scalar(layer.number(key, otherwise));
    };
    return c.o.add(c.o.mul(x, factor("scale", 1)), factor("offset", 0));
  },
});

/**
 * Keras 2 keeps what it learnt as a summary [2, n] of values and their weights, and takes the bounds from it when the file is
 * loaded (get_bin_boundaries): the values at equal shares of the weight, by linear interpolation.
 */
function learntBounds(layer: LayerView): number[] {
  const [summary] = layer.weights;
  const size = summary?.shape[1] ?? 0;
  if (!summary || summary.shape.length !== 2 || summary.shape[0] !== 2 || size < 1) throw layer.malformed("it was saved before it was adapted");
  const data = toFloats(summary, layer).data;
  const share = 1 / boundedSize(layer.int("num_bins", undefined, 1), layer);
  if (size * share < 1) return [...data.subarray(0, size - 1)];
  let total = 0;
  const sums = Array.from(data.subarray(size), (w) => (total = Math.fround(total + w)));
  const places = sums.map((v) => Math.fround(v / total));
  const at = (p: number): number => {
    if (!(p > places[0]!)) return data[0]!;
    if (p >= places[size - 1]!) return data[size - 1]!;
    let j = 0;
    while (j < size - 2 && places[j + 1]! <= p) j++;
    return ((data[j + 1]! - data[j]!) / (places[j + 1]! - places[j]!)) * (p - places[j]!) + data[j]!;
  };
  return Array.from({ length: Math.ceil(1 / share) - 1 }, (_, i) => Math.fround(at(share + i * share)));
}

const discretization = defineLayer({
  names: ["Discretization"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
    const bounds = Array.isArray(layer.raw("bin_boundaries")) ? layer.numbers("bin_boundaries") : learntBounds(layer);
    const above = c.o.cast(c.o.greaterEqual(c.o.unsqueeze(x, -1), c.floats(Float32Array.from(bounds), [bounds.length])), "int64");
    return encode(layer, c.o.sum(above, -1), bounds.length + 1, layer.word("output_mode", ["int", "one_hot", "multi_hot", "count"], "int"), c);
  },
});

const categoryEncoding = defineLayer({
  names: ["CategoryEncoding"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
    if (call.named.has("count_weights") && !("json" in call.named.get("count_weights")!)) throw layer.refuse("count_weights", "this is not compiled");
    const depth = boundedSize(layer.int("num_tokens", undefined, 1), layer);
    const index = c.o.cast(value, "int64");
    c.refuseRows(c.o.or(c.o.less(index, 0), c.o.greaterEqual(index, depth)), `${layer.where}: a value is not from 0 to ${depth - 1}`);
    return encode(layer, index, depth, layer.word("output_mode", ["multi_hot", "one_hot", "count"], "multi_hot"), c);
  },
});

export const PREPROCESSING: readonly LayerDefinition[] = [normalization, rescaling, discretization, categoryEncoding];
