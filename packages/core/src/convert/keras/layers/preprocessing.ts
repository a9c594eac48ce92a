// Preprocessing layers: Normalization, Rescaling, Resizing, Discretization, CategoryEncoding, StringLookup, IntegerLookup.

import type { Value } from "../../../onnx/index.ts";
import { elementCount, floats } from "../../../tensor/index.ts";
import { defineLayer, rankOf, single, toFloats, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { normalAxis } from "./core.ts";
import { bilinearAxis, boundedSize } from "./shape.ts";

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

const resizing = defineLayer({
  names: ["Resizing"],
  mask: "stop",
  convert: (layer, call, c) => {
    layer.channelsLast();
    let x = c.float(single(layer, call).value);
    rankOf(layer, x, 4);
    for (const option of ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"]) if (layer.bool(option, false)) throw layer.refuse(`${option}=True`, "this is not compiled");
    const how = layer.word("interpolation", ["bilinear", "nearest"], "bilinear");
    [layer.int("height", undefined, 1), layer.int("width", undefined, 1)].forEach((to, i) => {
      const from = c.size(x, i + 1, layer);
      if (how === "bilinear") x = bilinearAxis(x, i + 1, to, layer, c);
      else if (from !== to) {
        const scale = Math.fround(from / to);
        const at = BigInt64Array.from({ length: boundedSize(to, layer) }, (_, k) => BigInt(Math.min(from - 1, Math.floor(Math.fround(Math.fround(k + 0.5) * scale)))));
        x = c.o.gather(x, { type: "int64", shape: [to], data: at }, i + 1);
      }
    });
    return x;
  },
});

/** int64 categories -> the layer's output_mode. */
function encode(layer: LayerView, index: Value, depth: number, mode: string, c: KerasContext): Value {
  if (mode === "int") return index;
  const hot = (v: Value): Value => c.graph.op("OneHot", [v, c.o.scalar(depth, "int64"), c.graph.constant(floats([0, 1]))], { axis: -1 });
  const last = c.shape(index).at(-1);
  if (mode === "one_hot") return hot(last === 1 ? c.o.squeeze(index, -1) : index);
  return mode === "multi_hot" ? c.o.max(hot(index), -2) : c.o.sum(hot(index), -2);
}

const discretization = defineLayer({
  names: ["Discretization"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
    const raw = layer.raw("bin_boundaries");
    if (!Array.isArray(raw)) throw layer.malformed("it was saved before it was adapted");
    const bounds = layer.numbers("bin_boundaries");
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
    return encode(layer, c.o.cast(value, "int64"), layer.int("num_tokens", undefined, 1), layer.word("output_mode", ["multi_hot", "one_hot", "count"], "multi_hot"), c);
  },
});

const MAX_VOCABULARY = 5_000_000;

/** Keras leaves the tokens for missing and unknown values in or out of a vocabulary. */
function vocabulary(layer: LayerView, special: readonly (string | number)[]): (string | number)[] {
  const raw = layer.raw("vocabulary");
  let list: (string | number)[];
  if (Array.isArray(raw)) {
    list = (raw as unknown[]).map((v) => {
      if (typeof v !== "string" && typeof v !== "number") throw layer.malformed("its vocabulary holds more than texts and numbers");
      return v;
    });
  } else {
    const file = layer.store.asset("vocabulary.txt");
    if (!file) throw layer.malformed("its vocabulary is not in the file; .h5 files do not hold an adapted one. Save the model as .keras");
    const lines = new TextDecoder().decode(file).split("\n");
    if (lines.at(-1) === "") lines.pop();
    list = layer.className === "IntegerLookup" ? lines.map(Number) : lines;
  }
  if (list.length > MAX_VOCABULARY) throw layer.malformed(`its vocabulary has ${list.length} entries`);
  const tokens = special.length > 0 && special.every((s, i) => list[i] === s) ? list.slice(special.length) : list;
  if (new Set(tokens).size !== tokens.length) throw layer.malformed("its vocabulary has an entry twice");
  return tokens;
}

const lookup = defineLayer({
  names: ["StringLookup", "IntegerLookup"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    const text = layer.className === "StringLookup";
    const mode = layer.word("output_mode", ["int", "one_hot", "multi_hot", "count", "tf_idf"], "int");
    if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
    const unknowns = layer.int("num_oov_indices", 1);
    if (unknowns === 0) throw layer.refuse("num_oov_indices=0", "it fails for values outside its vocabulary", "Use num_oov_indices=1.");
    if (unknowns > 1) throw layer.refuse(`num_oov_indices=${unknowns}`, "unknown values are spread by a hash", "Use num_oov_indices=1.");
    const maskToken = layer.raw("mask_token") ?? undefined;
    const oov = layer.raw("oov_token") ?? (text ? "[UNK]" : -1);
    const masked = mode === "int" && maskToken !== undefined;
    const special = [...(masked ? [maskToken as string | number] : []), oov as string | number];
    const tokens = vocabulary(layer, special);
    const start = special.length;
    const indices = BigInt64Array.from(tokens, (_, i) => BigInt(i + start));
    if (layer.bool("invert", false)) {
      const names = tokens.map(String);
      if (!text) throw layer.refuse("invert=True", "only texts can be");
      return c.graph.op("LabelEncoder", [c.o.cast(value, "int64")], { keys_int64s: masked ? BigInt64Array.from([0n, ...indices]) : indices, values_strings: masked ? [String(maskToken), ...names] : names, default_string: String(oov) });
    }
    if (text && value.type !== "string") throw layer.malformed(`it is given ${value.type} instead of texts`);
    const base = { values_int64s: indices, default_int64: masked ? 1 : 0 };
    let index = tokens.length === 0
      ? c.graph.op("Expand", [c.o.int64s([masked ? 1 : 0]), c.graph.op("Shape", [value])])
      : text ? c.graph.op("LabelEncoder", [value], { keys_strings: tokens.map(String), ...base })
        : c.graph.op("LabelEncoder", [c.o.cast(value, "int64")], { keys_int64s: BigInt64Array.from(tokens, (v) => BigInt(Number(v))), ...base });
    if (masked) index = c.o.where(c.o.equal(value, text ? { type: "string", shape: [], data: [String(maskToken)] } : c.o.scalar(Number(maskToken), value.type)), 0, index);
    const most = layer.raw("max_tokens");
    const depth = boundedSize(layer.bool("pad_to_max_tokens", false) && typeof most === "number" ? most : start + tokens.length, layer);
    if (mode !== "tf_idf") return encode(layer, index, depth, mode, c);
    const idf = layer.raw("idf_weights");
    if (!Array.isArray(idf) || idf.length !== tokens.length) throw layer.refuse("output_mode='tf_idf'", "its weights are not in the configuration");
    const weights = layer.numbers("idf_weights");
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    return c.o.mul(encode(layer, index, depth, "count", c), c.floats(Float32Array.from({ length: depth }, (_, i) => (i < start ? mean : (weights[i - start] ?? 0)))));
  },
});

export const PREPROCESSING: readonly LayerDefinition[] = [normalization, rescaling, resizing, discretization, categoryEncoding, lookup];
