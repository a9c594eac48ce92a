// Hashing and HashedCrossing (Keras 2.12 to 3.15): texts and whole numbers -> buckets. The hash is the runtime's, of the model's inputs.

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { encode } from "./encode.ts";

const computed = (layer: LayerView): Error => layer.refuse("a hash of values that are computed in the model", "only inputs of the model are hashed", "Give the layer an Input of its own, and do what comes before it outside the model.");

/** In the element type that the layer is asked for. */
function settle(layer: LayerView, index: Value, c: KerasContext): Value {
  layer.checkDtype();
  const policy = layer.raw("dtype");
  const name = typeof policy === "object" && policy !== null ? ((policy as { config?: { name?: unknown } }).config?.name) : policy;
  return name === "int32" ? c.o.cast(index, "int32") : index;
}
function bins(layer: LayerView): number {
  const count = layer.int("num_bins");
  if (count < 1 || count > 2 ** 31 - 1) throw layer.malformed(`num_bins is ${count}`);
  if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
  return count;
}

function saltOf(layer: LayerView): readonly [string, string] | undefined {
  const raw = layer.raw("salt");
  if (raw === undefined || raw === null) return undefined;
  const pair = Array.isArray(raw) ? raw : [raw, raw];
  if (pair.length !== 2 || pair.some((v) => typeof v !== "number" || !Number.isSafeInteger(v))) throw layer.refuse(`salt=${JSON.stringify(raw).slice(0, 60)}`, "only whole numbers below 2**53 can be");
  return pair.map((v) => String(BigInt.asUintN(64, BigInt(v as number)))) as [string, string];
}

const hashing = defineLayer({
  names: ["Hashing"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    if (value.type === "bool") throw layer.malformed("it is given truth values");
    const count = bins(layer);
    const mode = layer.word("output_mode", ["int", "one_hot", "multi_hot", "count"], "int");
    const masked = layer.raw("mask_value");
    const salt = saltOf(layer);
    const reserved = masked !== undefined && masked !== null && count > 1;
    const hash = c.hashed([value], { method: salt ? "siphash24" : "farmhash64", ...(salt ? { key: salt } : {}), buckets: reserved ? count - 1 : count });
    if (!hash) throw computed(layer);
    let index = hash;
    if (reserved) {
      if (typeof masked !== (value.type === "string" ? "string" : "number")) throw layer.malformed(`mask_value is ${JSON.stringify(masked).slice(0, 60)} for ${value.type}`);
      const same = typeof masked === "string"
        ? c.graph.op("LabelEncoder", [value], { keys_strings: [masked], values_int64s: BigInt64Array.of(1n), default_int64: 0 })
        : c.o.cast(c.o.equal(value, c.o.scalar(masked as number, value.type as "float")), "int64");
      index = c.o.where(c.o.equal(same, 1), c.o.scalar(0, "int64"), c.o.add(hash, 1));
    }
    return mode === "int" ? settle(layer, index, c) : encode(layer, index, count, mode, c);
  },
});

const crossing = defineLayer({
  names: ["HashedCrossing"],
  mask: "stop",
  convert: (layer, call, c) => {
    const values = call.inputs.map((s) => s.value);
    if (values.length < 2) throw layer.malformed("it is given fewer than two inputs");
    for (const v of values) {
      const shape = c.shape(v);
      if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1) || shape.length !== c.shape(values[0]!).length) throw layer.malformed("its inputs are not one value a row");
      if (v.type !== "string" && v.type !== "int32" && v.type !== "int64") throw layer.refuse(`an input of ${v.type}`, "only texts and whole numbers are crossed");
    }
    const count = bins(layer);
    const mode = layer.word("output_mode", ["int", "one_hot"], "int");
    const index = c.hashed(values, { method: "crossed", buckets: count });
    if (!index) throw computed(layer);
    return mode === "int" ? settle(layer, index, c) : encode(layer, index, count, mode, c);
  },
});

export const HASHING: readonly LayerDefinition[] = [hashing, crossing];
