// HashingVectorizer (sklearn/feature_extraction/text.py and _hashing_fast.pyx, 1.0 to 1.9): every n-gram, as UTF-8, is
// hashed with MurmurHash3 (32 bit, seed 0); its column is |h| mod n_features and its sign that of h.

import type { Value } from "../../../onnx/index.ts";
import { doubles, floats } from "../../../tensor/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { mixFlows, type Feature } from "../../conversion/frame.ts";
import { readAnalyzer, type Analyzer, type WordAnalyzer } from "./analyzer.ts";
import { closeGaps, cutCharacters, cutWords, encode, END, NOTHING, paddedCharacters, spreadWords, UNKNOWN } from "./ids.ts";
import { textValue } from "./text-value.ts";
import { normalizeRows } from "./tfidf.ts";
import { numberType } from "./vectorizers.ts";

/** Rows are dense here: 2 ** 20 columns, the default, are 8 MB a row. */
const MAX_FEATURES = 2 ** 21;
const MAX_GRAM = 32;

export const hashingVectorizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.HashingVectorizer"],
  convert(est, X, c) {
    const width = est.int("n_features", 2 ** 20);
    if (width < 1) throw c.malformed(est, `n_features is ${width}`);
    if (width > MAX_FEATURES) throw c.refuse(est, `n_features=${width}`, `rows of more than ${MAX_FEATURES} columns are not compiled`, "Use fewer features, or a CountVectorizer.");
    const analyzer = readAnalyzer(est, c);
    if (analyzer.maxGram > MAX_GRAM) throw c.refuse(est, `ngram_range up to ${analyzer.maxGram}`, `n-grams of more than ${MAX_GRAM} are not compiled`);
    const type = numberType(est, c);
    return {
      kind: "transformer",
      transform: memo(() => {
        c.rowCells = Math.max(c.rowCells, width);
        const feature: Feature = { name: null, flows: mixFlows(X.features, { clearMissing: true, clearInfinite: true }) };
        const texts = textValue(est, X, analyzer.normalize, c);
        return c.frame(normalizeRows(est, hash(est, texts, analyzer, width, type, c), c), Array.from({ length: width }, () => feature));
      }),
    };
  },
});

function hash(est: Estimator, texts: Value, analyzer: Analyzer, width: number, type: "double" | "float", c: Conversion): Value {
  const { o } = c;
  const wb = analyzer.kind === "char_wb" ? wordCharacters(texts, c) : undefined;
  const tokens = wb?.tokens ?? (analyzer.kind === "word" ? words(texts, analyzer, c) : characters(texts, c));
  const columns: Value[] = [];
  const values: Value[] = [];
  const signed = est.bool("alternate_sign", true) && !est.bool("binary", false);
  // char_wb counts a word that is shorter than every n once, with its two spaces.
  for (let n = wb ? Math.min(analyzer.minGram, SHORTEST) : analyzer.minGram; n <= analyzer.maxGram; n++) {
    const shifted = (v: Value, j: number): Value => o.slice(v, j, j === n - 1 ? END : j - (n - 1), 1);
    const at = (j: number): Value => shifted(tokens, j);
    let gram = at(0);
    for (let j = 1; j < n; j++) {
      const next = at(j);
      gram = join(join(gram, analyzer.kind === "word" ? o.strings([" "], []) : undefined, c), next, c);
    }
    const h = o.cast(c.graph.op("MurmurHash3", [gram], { positive: 0, seed: 0 }), "int64");
    columns.push(c.graph.op("Mod", [o.abs(h), o.scalar(width, "int64")]));
    // A row's tokens stand on the left: where the last of the n is one, all are.
    const whole = wb ? within(wb, n, n < analyzer.minGram, shifted, c) : o.not(c.graph.op("Equal", [at(n - 1), o.strings([""], [])]));
    const one = o.scalar(1, type);
    values.push(o.where(whole, signed ? o.where(o.less(h, 0), o.scalar(-1, type), one) : one, 0));
  }
  const rows = o.slice(c.graph.op("Shape", [tokens]), 0, 1, 0);
  const zeros = c.graph.op("ConstantOfShape", [o.concat([rows, o.int64s([width])], 0)], { value: type === "double" ? doubles([0]) : floats([0]) });
  const counts = c.graph.op("ScatterElements", [zeros, o.concat(columns), o.concat(values)], { axis: 1, reduction: "add" });
  // Also a term whose signs cancel counts as present.
  return est.bool("binary", false) ? o.minimum(counts, 1) : counts;
}

/** A space, one character, a space. */
const SHORTEST = 3;

interface WordCharacters {
  /** [N, T] characters, words with a space before and after, "" between them and at the end. */
  readonly tokens: Value;
  /** [N, T] bool. */
  readonly inside: Value;
}

function wordCharacters(texts: Value, c: Conversion): WordCharacters {
  const { o } = c;
  const { tokens, run } = paddedCharacters(texts, c);
  // The spreading moves numbers: those of the places, after a column for what is no character and one for the space.
  const first = c.graph.op("Expand", [o.strings(["", " "], [1, 2]), o.concat([o.slice(c.graph.op("Shape", [tokens]), 0, 1, 0), o.int64s([2])], 0)]);
  const places = o.add(columnNumbers(tokens, c), 2);
  const blank = c.graph.op("Equal", [tokens, o.strings([""], [])]);
  const spread = spreadWords(o.where(blank, o.scalar(NOTHING, "int64"), places), run, c);
  return {
    tokens: c.graph.op("GatherElements", [o.concat([first, tokens]), o.maximum(spread, 0)], { axis: 1 }),
    inside: o.greaterEqual(spread, 1),
  };
}

/** Whether n characters from here on are of one word; `alone`: and are all of it. */
function within({ inside }: WordCharacters, n: number, alone: boolean, shifted: (v: Value, j: number) => Value, c: Conversion): Value {
  const { o } = c;
  let whole = shifted(inside, 0);
  for (let j = 1; j < n; j++) whole = o.and(whole, shifted(inside, j));
  if (!alone) return whole;
  const outside = o.not(inside);
  const edge = o.greater(o.add(o.cast(o.slice(inside, 0, 1, 1), "int64"), 1), 0);
  const before = o.concat([edge, o.slice(outside, 0, -1, 1)]);
  const after = o.concat([o.slice(outside, 1, END, 1), edge]);
  return o.and(whole, o.and(shifted(before, 0), shifted(after, n - 1)));
}

function join(a: Value, b: Value | undefined, c: Conversion): Value {
  return b ? c.graph.op("StringConcat", [a, b]) : a;
}

/** Stop words are taken out before n-grams are formed. */
function words(texts: Value, { tokens: rule, stopWords, maxGram }: WordAnalyzer, c: Conversion): Value {
  const { o } = c;
  const { tokens, isToken } = cutWords(texts, rule, c);
  if (!isToken && stopWords.size === 0) return tokens;
  let kept = o.equal(encode(tokens, new Map([["", NOTHING], ...[...stopWords].map((word) => [word, NOTHING] as const)]), c), UNKNOWN);
  if (isToken) kept = o.and(kept, isToken);
  const blank = o.strings([""], []);
  if (maxGram === 1) return c.graph.op("Where", [kept, tokens, blank]);
  // What is left moves to the left: places first, then the words at those places. Place T holds "".
  const shape = c.graph.op("Shape", [tokens]);
  const width = o.slice(shape, 1, 2, 0);
  const places = closeGaps(columnNumbers(tokens, c), kept, c);
  const rowEnd = c.graph.op("Expand", [blank, o.concat([o.slice(shape, 0, 1, 0), o.int64s([1])], 0)]);
  return c.graph.op("GatherElements", [o.concat([tokens, rowEnd]), o.where(o.less(places, 0), width, places)], { axis: 1 });
}

/** 0, 1, 2 ... along every row. */
function columnNumbers(tokens: Value, c: Conversion): Value {
  const ones = c.graph.op("ConstantOfShape", [c.graph.op("Shape", [tokens])], { value: { type: "int64", shape: [1], data: BigInt64Array.of(1n) } });
  return c.o.sub(c.graph.op("CumSum", [ones, c.o.scalar(1, "int64")]), 1);
}

function characters(texts: Value, c: Conversion): Value {
  const { tokens, run } = cutCharacters(texts, c);
  return c.graph.op("Where", [run, c.o.strings([" "], []), tokens]);
}
