// Pools over windows, over parts of equal size and over whole values.

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { inward, outward } from "./convolution.ts";
import { boundedSize } from "./shape.ts";

const dimensions = (layer: LayerView): number => Number(/(\d)D$/.exec(layer.className)![1]);

const pool = defineLayer({
  names: ["Max", "Average"].flatMap((k) => ["1D", "2D", "3D"].flatMap((d) => [`${k}Pooling${d}`, `${k}Pool${d}`])),
  mask: "stop",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const kernel = layer.perAxis("pool_size", d, 2);
    const strides = layer.raw("strides") === null || layer.raw("strides") === undefined ? kernel : layer.perAxis("strides", d, 2);
    const same = layer.word("padding", ["valid", "same"], "valid") === "same";
    return outward(c.graph.op(layer.className.startsWith("Max") ? "MaxPool" : "AveragePool", [inward(x, layer, c)], {
      kernel_shape: kernel, strides, ...(same ? { auto_pad: "SAME_UPPER" } : {}) }), layer, c);
  },
});

const global = defineLayer({
  names: ["Max", "Average"].flatMap((k) => ["1D", "2D", "3D"].flatMap((d) => [`Global${k}Pooling${d}`, `Global${k}Pool${d}`])),
  mask: "own",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    const { value, mask } = single(layer, call);
    const x = c.float(value);
    rankOf(layer, x, d + 2);
    const keepdims = layer.bool("keepdims", false) ? 1 : 0;
    const over = Array.from({ length: d }, (_, i) => i + (layer.channelsFirst ? 2 : 1));
    const axes = c.o.int64s(over);
    if (mask && layer.className.startsWith("GlobalAverage") && d === 1) {
      // The mean of the steps that are kept.
      const kept = c.o.unsqueeze(c.float(mask), layer.channelsFirst ? 1 : 2);
      const sum = c.graph.op("ReduceSum", [c.o.mul(x, kept), axes], { keepdims });
      return { value: c.o.div(sum, c.graph.op("ReduceSum", [kept, axes], { keepdims })) };
    }
    return { value: layer.className.startsWith("GlobalMax") ? c.graph.op("ReduceMax", [x, axes], { keepdims }) : c.o.meanOver(x, over, keepdims === 1) };
  },
});

/** Windows of one axis from floor(i * size / out) to ceil((i + 1) * size / out), as PyTorch's adaptive pools have them. */
function adapt(x: Value, axis: number, out: number, most: boolean, layer: LayerView, c: KerasContext): Value {
  const size = c.size(x, axis, layer);
  boundedSize(out, layer);
  if (out === size) return x;
  const from = Array.from({ length: out }, (_, i) => Math.floor((i * size) / out));
  const to = Array.from({ length: out }, (_, i) => Math.ceil(((i + 1) * size) / out));
  const parts = from.map((start, i) => c.graph.op(most ? "ReduceMax" : "ReduceMean", [c.o.slice(x, start, to[i]!, axis), c.o.int64s([axis])], { keepdims: 1 }));
  return c.o.concat(parts, axis);
}
const adaptive = defineLayer({
  names: ["Max", "Average"].flatMap((k) => ["1D", "2D", "3D"].map((d) => `Adaptive${k}Pooling${d}`)),
  mask: "stop",
  convert: (layer, call, c) => {
    const d = dimensions(layer);
    let x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    layer.perAxis("output_size", d, 1).forEach((out, i) => {
      if (out > 4096) throw layer.malformed(`output_size is ${out}`);
      x = adapt(x, i + (layer.channelsFirst ? 2 : 1), out, layer.className.startsWith("AdaptiveMax"), layer, c);
    });
    return x;
  },
});

export const POOLING: readonly LayerDefinition[] = [pool, global, adaptive];
