// Pools over windows and over whole values, channels last.

import { defineLayer, rankOf, single, type LayerDefinition, type LayerView } from "../layer.ts";
import { toChannelsFirst, toChannelsLast } from "./convolution.ts";

const dimensions = (layer: LayerView): number => Number(/(\d)D$/.exec(layer.className)![1]);

const pool = defineLayer({
  names: ["Max", "Average"].flatMap((k) => ["1D", "2D", "3D"].flatMap((d) => [`${k}Pooling${d}`, `${k}Pool${d}`])),
  mask: "stop",
  convert: (layer, call, c) => {
    layer.channelsLast();
    const d = dimensions(layer);
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, d + 2);
    const kernel = layer.perAxis("pool_size", d, 2);
    const strides = layer.raw("strides") === null || layer.raw("strides") === undefined ? kernel : layer.perAxis("strides", d, 2);
    const same = layer.word("padding", ["valid", "same"], "valid") === "same";
    return toChannelsLast(c.graph.op(layer.className.startsWith("Max") ? "MaxPool" : "AveragePool", [toChannelsFirst(x, c)], {
      kernel_shape: kernel, strides, ...(same ? { auto_pad: "SAME_UPPER" } : {}) }), c);
  },
});

const global = defineLayer({
  names: ["Max", "Average"].flatMap((k) => ["1D", "2D", "3D"].flatMap((d) => [`Global${k}Pooling${d}`, `Global${k}Pool${d}`])),
  mask: "own",
  convert: (layer, call, c) => {
    layer.channelsLast();
    const d = dimensions(layer);
    const { value, mask } = single(layer, call);
    const x = c.float(value);
    rankOf(layer, x, d + 2);
    const keepdims = layer.bool("keepdims", false) ? 1 : 0;
    const axes = c.o.int64s(Array.from({ length: d }, (_, i) => i + 1));
    if (mask && layer.className.startsWith("GlobalAverage") && d === 1) {
      // The mean of the steps that are kept.
      const kept = c.o.unsqueeze(c.float(mask), 2);
      const sum = c.graph.op("ReduceSum", [c.o.mul(x, kept), axes], { keepdims });
      return { value: c.o.div(sum, c.graph.op("ReduceSum", [kept, axes], { keepdims })) };
    }
    return { value: c.graph.op(layer.className.startsWith("GlobalMax") ? "ReduceMax" : "ReduceMean", [x, axes], { keepdims }) };
  },
});

export const POOLING: readonly LayerDefinition[] = [pool, global];
