// StringLookup and IntegerLookup, and the table that TextVectorization has inside (IndexLookup of Keras 2.12 to 3.15).

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, single, toFloats, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { DROPPED, encode, MODES, type Mode } from "./encode.ts";
import { boundedSize } from "./shape.ts";

const MAX_VOCABULARY = 5_000_000;
type Token = string | number;

export interface Table {
  readonly text: boolean;
  readonly mode: Mode;
  readonly mask: Token | undefined;
  readonly oov: Token;
  readonly unknowns: number;
  /** Without those for missing and unknown values. */
  readonly tokens: readonly Token[];
  /** Of the first token. */
  readonly start: number;
}

/** A text, or a whole number that is exact as a double. */
function isToken(v: unknown, text: boolean): v is Token {
  return text ? typeof v === "string" : Number.isSafeInteger(v);
}

function readVocabulary(layer: LayerView, text: boolean): Token[] {
  const raw = layer.raw("vocabulary");
  if (Array.isArray(raw)) {
    return (raw as unknown[]).map((v) => {
      if (!isToken(v, text)) throw layer.malformed(`its vocabulary holds ${JSON.stringify(v).slice(0, 80)}`);
      return v;
    });
  }
  if (typeof raw === "string") throw layer.refuse("a vocabulary in a file of its own", "it is not in the model's file", "Give the layer the list itself: vocabulary=[...].");
  const file = layer.store.asset("vocabulary.txt") ?? layer.store.inner("_lookup_layer", 0, 1).asset("vocabulary.txt");
  if (!file) throw layer.malformed("its vocabulary is not in the file; .h5 files do not hold an adapted one. Save the model as .keras");
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(file).split("\n");
  const size = layer.raw("vocabulary_size");
  const count = typeof size === "number" ? size : undefined;
  let end = lines.length;
  while (end > 0 && lines[end - 1] === "") end--;
  lines.length = Math.min(lines.length, Math.max(end, count ?? 0));
  if (count !== undefined && lines.length !== count) throw layer.malformed(`its vocabulary of ${count} entries is ${lines.length} lines: an entry holds a line break`);
  if (text) return lines;
  return lines.map((line) => {
    if (!/^[+-]?\d{1,19}$/.test(line) || !Number.isSafeInteger(Number(line))) throw layer.malformed(`its vocabulary holds ${JSON.stringify(line.slice(0, 80))}`);
    return Number(line);
  });
}

export function readTable(layer: LayerView, text: boolean, modes: readonly Mode[], defaults: { readonly mode: Mode; readonly mask: Token | undefined; readonly oov: Token }): Table {
  const mode = layer.word("output_mode", modes, defaults.mode);
  if (layer.bool("sparse", false)) throw layer.refuse("sparse=True", "only dense results can be");
  const unknowns = layer.int("num_oov_indices", 1);
  const special = (key: string): Token | undefined => {
    const v = layer.raw(key);
    if (v === undefined || v === null) return undefined;
    if (!isToken(v, text)) throw layer.malformed(`${key} is ${JSON.stringify(v).slice(0, 80)}`);
    return v;
  };
  const mask = special("mask_token") ?? defaults.mask;
  const oov = special("oov_token") ?? defaults.oov;
  const list = readVocabulary(layer, text);
  if (list.length > MAX_VOCABULARY) throw layer.malformed(`its vocabulary has ${list.length} entries`);
  const front = [...(mask !== undefined && mode === "int" ? [mask] : []), ...Array.from({ length: boundedSize(unknowns, layer) }, () => oov)];
  const given = front.every((v, i) => list[i] === v);
  const tokens = given ? list.slice(front.length) : list;
  if (new Set(tokens).size !== tokens.length) throw layer.malformed("its vocabulary has an entry twice");
  if (mask !== undefined && tokens.includes(mask)) throw layer.malformed("its vocabulary holds the token for missing values");
  return { text, mode, mask, oov, unknowns, tokens, start: front.length };
}

/** Texts or whole numbers -> int64 indices; DROPPED: of no category. */
export function lookUp(layer: LayerView, table: Table, value: Value, c: KerasContext): Value {
  const { text, tokens, start, unknowns, mask } = table;
  const first = mask !== undefined && table.mode === "int" ? 1 : 0;
  if (text ? value.type !== "string" : value.type === "string" || value.type === "bool") throw layer.malformed(`it is given ${value.type} instead of ${text ? "texts" : "whole numbers"}`);
  const keys = [...(mask === undefined ? [] : [mask]), ...tokens];
  const indices = BigInt64Array.from(keys, (_, i) => BigInt(mask === undefined ? i + start : i === 0 ? (table.mode === "int" ? 0 : DROPPED) : i - 1 + start));
  const input = text ? value : c.o.cast(value, "int64");
  // Below every index, and not DROPPED.
  const missing = unknowns === 1 ? first : -2;
  const found = keys.length === 0 ? c.graph.op("Expand", [c.o.scalar(missing, "int64"), c.graph.op("Shape", [input])])
    : c.graph.op("LabelEncoder", [input], text
      ? { keys_strings: keys.map(String), values_int64s: indices, default_int64: missing }
      : { keys_int64s: BigInt64Array.from(keys, (v) => BigInt(Number(v))), values_int64s: indices, default_int64: missing });
  if (unknowns === 1) return found;
  if (unknowns === 0) {
    c.refuseRows(c.o.equal(found, -2), `${layer.where}: a value is not in its vocabulary, and num_oov_indices is 0`);
    return found;
  }
  if (text || layer.raw("oov_method") === "farmhash") {
    const spread = c.hashed([value], { method: "farmhash64", buckets: unknowns });
    if (!spread) throw layer.refuse(`num_oov_indices=${unknowns}`, "unknown values that are computed in the model are spread by a hash of their text", "Use num_oov_indices=1.");
    return c.o.where(c.o.equal(found, -2), c.o.add(spread, first), found);
  }
  return c.o.where(c.o.equal(found, -2), c.o.add(c.graph.op("Mod", [input, c.o.scalar(unknowns, "int64")]), first), found);
}

/** Indices -> the layer's result. */
export function encodeIndices(layer: LayerView, table: Table, index: Value, c: KerasContext): Value {
  const most = layer.raw("max_tokens");
  const size = table.start + table.tokens.length;
  const depth = boundedSize(layer.bool("pad_to_max_tokens", false) && typeof most === "number" ? most : size, layer);
  if (table.mode !== "tf_idf") return encode(layer, index, depth, table.mode, c);
  return c.o.mul(encode(layer, index, depth, "count", c), c.floats(idfWeights(layer, table, depth)));
}

/** As the file stores them, or as they were given: then unknown values have the mean. */
function idfWeights(layer: LayerView, table: Table, depth: number): Float32Array {
  const stored = layer.store.variable("idf_weights") ?? layer.store.inner("_lookup_layer", 0, 1).variable("idf_weights");
  const out = new Float32Array(depth);
  if (stored) {
    const { data } = toFloats(stored, layer);
    if (data.length > depth) throw layer.malformed(`it has ${data.length} idf weights for ${depth} columns`);
    out.set(data);
    return out;
  }
  if (!Array.isArray(layer.raw("idf_weights"))) throw layer.refuse("output_mode='tf_idf'", "its weights are not in the file", "Save the model as .keras.");
  const given = layer.numbers("idf_weights");
  const { tokens, start } = table;
  if (given.length !== tokens.length && given.length !== tokens.length + start) throw layer.malformed(`it has ${given.length} idf weights for ${tokens.length} entries`);
  const mean = given.reduce((a, b) => a + b, 0) / given.length;
  const all = given.length === tokens.length ? [...Array.from({ length: start }, () => mean), ...given] : given;
  if (all.length > depth) throw layer.malformed(`it has ${all.length} idf weights for ${depth} columns`);
  out.set(all);
  return out;
}

const lookup = defineLayer({
  names: ["StringLookup", "IntegerLookup"],
  mask: "stop",
  convert: (layer, call, c) => {
    const { value } = single(layer, call);
    const text = layer.className === "StringLookup";
    const table = readTable(layer, text, MODES, { mode: "int", mask: undefined, oov: text ? "[UNK]" : -1 });
    if (!layer.bool("invert", false)) return encodeIndices(layer, table, lookUp(layer, table, value, c), c);
    const keys = BigInt64Array.from([...(table.mask === undefined ? [] : [0n]), ...table.tokens.map((_, i) => BigInt(i + table.start))]);
    const back = [...(table.mask === undefined ? [] : [table.mask]), ...table.tokens];
    if (keys.length === 0) throw layer.malformed("its vocabulary is empty");
    return c.graph.op("LabelEncoder", [c.o.cast(value, "int64")], text
      ? { keys_int64s: keys, values_strings: back.map(String), default_string: String(table.oov) }
      : { keys_int64s: keys, values_int64s: BigInt64Array.from(back, (v) => BigInt(Number(v))), default_int64: Number(table.oov) });
  },
});

export const LOOKUP: readonly LayerDefinition[] = [lookup];
