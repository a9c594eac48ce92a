// TextVectorization (Keras 2.12 to 3.15): lower-casing of ASCII, ASCII punctuation taken out, words between ASCII white
// space or single characters, n-grams joined by a space, then the table.

import type { Value } from "../../../onnx/index.ts";
import { CHARACTER, cut, lowerAscii, NOT_SPACE, withoutPunctuation } from "../../tensorflow-text.ts";
import { closeGaps } from "../../sklearn/text/ids.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { DROPPED } from "./encode.ts";
import { encodeIndices, lookUp, readTable } from "./lookup.ts";
import { boundedSize } from "./shape.ts";

const MAX_GRAM = 32;
const END = Number.MAX_SAFE_INTEGER;

function standardize(layer: LayerView, texts: Value, c: KerasContext): Value {
  const raw = layer.raw("standardize");
  if (raw === null) return texts;
  if (raw !== undefined && typeof raw !== "string") throw layer.refuse("a standardize function", "a function of one's own is not in the file as data, and Slipway runs no code from a file", "Use standardize=\"lower_and_strip_punctuation\", \"lower\", \"strip_punctuation\" or None.");
  const how = layer.word("standardize", ["lower_and_strip_punctuation", "lower", "strip_punctuation"], "lower_and_strip_punctuation");
  const lower = how === "strip_punctuation" ? texts : lowerAscii(texts, c);
  return how === "lower" ? lower : withoutPunctuation(lower, c);
}

function gramLengths(layer: LayerView): number[] {
  const raw = layer.raw("ngrams");
  if (raw === undefined || raw === null) return [1];
  const list = typeof raw === "number" ? Array.from({ length: boundedSize(layer.int("ngrams", undefined, 1), layer) }, (_, i) => i + 1) : layer.ints("ngrams");
  if (list.length === 0 || list.some((n) => n < 1)) throw layer.malformed(`ngrams is ${JSON.stringify(raw).slice(0, 80)}`);
  if (list.length > MAX_GRAM || list.some((n) => n > MAX_GRAM)) throw layer.refuse(`ngrams=${JSON.stringify(raw).slice(0, 80)}`, `n-grams of more than ${MAX_GRAM} are not compiled`);
  return list;
}

const vectorization = defineLayer({
  names: ["TextVectorization"],
  mask: "stop",
  convert: (layer, call, c) => {
    let { value } = single(layer, call);
    if (value.type !== "string") throw layer.malformed(`it is given ${value.type} instead of texts`);
    const rank = rankOf(layer, value, 1, 2);
    if (layer.bool("ragged", false)) throw layer.refuse("ragged=True", "only dense results can be");
    const table = readTable(layer, true, ["int", "multi_hot", "count", "tf_idf"], { mode: "int", mask: layer.raw("output_mode") === undefined || layer.raw("output_mode") === "int" ? "" : undefined, oov: "[UNK]" });
    const split = layer.raw("split");
    if (split !== null && split !== undefined && typeof split !== "string") throw layer.refuse("a split function", "a function of one's own is not in the file as data, and Slipway runs no code from a file", "Use split=\"whitespace\", \"character\" or None.");
    const how = split === null ? null : layer.word("split", ["whitespace", "character"], "whitespace");
    const lengths = gramLengths(layer);
    let tokens: Value;
    let real: Value | undefined;
    if (how === null) {
      const width = rank === 2 ? c.size(value, 1, layer) : 1;
      const flat = standardize(layer, c.o.reshape(value, [-1]), c);
      if (rank === 1 && lengths.some((n) => n > 1)) throw layer.refuse("ngrams of single values", "all rows would be joined", "Give the model's Input the shape (1,).");
      tokens = c.o.reshape(flat, [-1, width]);
    } else {
      if (rank === 2 && c.shape(value)[1] !== 1) throw layer.malformed("it is given more than one text a row");
      tokens = cut(standardize(layer, c.o.reshape(value, [-1]), c), how === "character" ? CHARACTER : NOT_SPACE, c);
      real = c.o.not(c.graph.op("Equal", [tokens, c.o.strings([""], [])]));
    }
    const parts = lengths.map((n) => {
      const at = (j: number): Value => c.o.slice(tokens, j, j === n - 1 ? END : j - (n - 1), 1);
      let gram = at(0);
      for (let j = 1; j < n; j++) gram = c.graph.op("StringConcat", [c.graph.op("StringConcat", [gram, c.o.strings([" "], [])]), at(j)]);
      const ids = lookUp(layer, table, gram, c);
      // A row's tokens stand on the left: where the last of the n is one, all are.
      return real ? c.o.where(n === 1 ? real : c.o.slice(real, n - 1, END, 1), ids, DROPPED - 2) : ids;
    });
    let ids = c.o.concat(parts, 1);
    if (real && parts.length > 1 && table.mode === "int") ids = closeGaps(ids, c.o.greaterEqual(ids, 0), c);
    if (table.mode !== "int") return encodeIndices(layer, table, ids, c);
    const length = layer.raw("output_sequence_length");
    value = c.o.where(c.o.less(ids, 0), 0, ids);
    if (typeof length === "number") {
      const steps = boundedSize(layer.int("output_sequence_length", undefined, 1), layer);
      const rows = c.o.slice(c.graph.op("Shape", [ids]), 0, 1, 0);
      const blank = c.graph.op("ConstantOfShape", [c.o.concat([rows, c.o.int64s([steps])], 0)], { value: { type: "int64", shape: [1], data: BigInt64Array.of(0n) } });
      return c.o.reshape(c.o.slice(c.o.concat([value, blank], 1), 0, steps, 1), [-1, steps]);
    }
    if (!real) return rank === 1 ? c.o.squeeze(value, 1) : value;
    // As many steps as the longest row has: rows are not computed one by one.
    c.rowsTogether();
    const most = c.graph.op("ReduceMax", [c.o.sum(c.o.cast(c.o.greaterEqual(ids, 0), "int64"), 1)], { keepdims: 0 });
    return c.graph.op("Slice", [value, c.o.int64s([0]), c.o.reshape(most, [1]), c.o.int64s([1])]);
  },
});

export const TEXT: readonly LayerDefinition[] = [vectorization];
