// Embedding and Masking.

import { floats, type Tensor } from "../../../tensor/index.ts";
import { defineLayer, single, type LayerDefinition, type LayerView } from "../layer.ts";
import { quantization, wholeWeights } from "../quantized.ts";

const embedding = defineLayer({
  names: ["Embedding"],
  mask: "own",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    if (value.type === "string" || value.type === "bool") throw layer.malformed(`it is given ${value.type} instead of numbers`);
    const count = layer.int("input_dim", undefined, 1);
    const width = layer.int("output_dim", undefined, 1);
    const table = c.constant(quantization(layer) ? restored(layer, count, width) : layer.weight(0, 1, [count, width]));
    const index = c.o.cast(value.type === "int32" || value.type === "int64" ? value : c.o.cast(value, "int32"), "int64");
    const mask = layer.bool("mask_zero", false) ? c.o.not(c.o.equal(value, 0)) : undefined;
    return { value: c.o.gather(table, index, 0), mask };
  },
});

/** Whole numbers over a scale for each row. */
function restored(layer: LayerView, count: number, width: number): Tensor<"float"> {
  const whole = wholeWeights(layer, 0, 2, [count, width]);
  const scales = layer.weight(1, 2, [count]).data;
  return floats(whole.data.map((v, i) => v / scales[Math.floor(i / width)]!), whole.shape);
}

const masking = defineLayer({
  names: ["Masking"],
  mask: "own",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    const kept = c.o.not(c.o.equal(x, layer.number("mask_value", 0)));
    const any = c.o.max(c.o.cast(kept, "float"), -1, true);
    return { value: c.o.mul(x, any), mask: c.o.cast(c.o.squeeze(any, -1), "bool") };
  },
});

export const EMBEDDING: readonly LayerDefinition[] = [embedding, masking];
