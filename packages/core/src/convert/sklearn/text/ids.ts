// Texts to numbered tokens: [N, T] int64, a row's tokens from the left. 0 is a token that is in no term, negative is no
// token at all. Removed tokens leave no gap, since n-grams are formed of what is left.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { CharAnalyzer, WordAnalyzer } from "./analyzer.ts";
import { SPACE, SPACES } from "./character-classes.ts";
import { spellPortably } from "./portable-pattern.ts";
import type { TokenRule } from "./token-pattern.ts";

export const UNKNOWN = 0;
/** Ends of rows, stop words. */
export const NOTHING = -1;
/** Between two words of char_wb; in no term. */
const GAP = -2;

export interface TokenIds {
  readonly value: Value;
  /** What a term of the vocabulary is made of: its tokens' numbers, or undefined where no text can hold it. */
  readonly termIds: (term: string) => readonly number[] | undefined;
}

export function wordIds(texts: Value, analyzer: WordAnalyzer, terms: readonly string[], c: Conversion): TokenIds {
  const { stopWords, minGram, maxGram, tokens: rule } = analyzer;
  const numbers = new Map<string, number>([["", NOTHING]]);
  for (const word of stopWords) numbers.set(word, NOTHING);
  const split = (term: string): string[] => (maxGram === 1 ? [term] : term.split(" "));
  let next = 1;
  for (const term of terms) {
    const parts = split(term);
    if (parts.length < minGram || parts.length > maxGram) continue;
    for (const part of parts) if (!numbers.has(part)) numbers.set(part, next++);
  }
  const { tokens, isToken } = cutWords(texts, rule, c);
  let ids = encode(tokens, numbers, c);
  if (isToken) ids = c.o.where(isToken, ids, NOTHING);
  if (maxGram > 1 && (stopWords.size > 0 || rule.filter !== undefined)) ids = closeGaps(ids, c.o.greaterEqual(ids, 0), c);
  return {
    value: ids,
    termIds: (term) => {
      const parts = split(term);
      if (parts.length < minGram || parts.length > maxGram) return undefined;
      const found = parts.map((part) => numbers.get(part) ?? UNKNOWN);
      return found.every((id) => id > 0) ? found : undefined;
    },
  };
}

/** [N, T] words, rows filled with "", and, where not all of them are tokens, which are. */
export function cutWords(texts: Value, rule: TokenRule, c: Conversion): { tokens: Value; isToken?: Value } {
  const candidates = tokenize(texts, rule.expression, c);
  const tokens = rule.core ? cores(candidates, rule.core, c) : candidates;
  return rule.filter === undefined ? { tokens } : { tokens, isToken: c.graph.op("RegexFullMatch", [candidates], { pattern: spellPortably(rule.filter) }) };
}

/** [N, T] characters; each run of two and more white space characters is one token, of which `run` tells. */
export function cutCharacters(texts: Value, c: Conversion): { tokens: Value; run: Value } {
  const tokens = tokenize(texts, `[${SPACE}]{2,}|(?s:.)`, c);
  return { tokens, run: c.graph.op("RegexFullMatch", [tokens], { pattern: spellPortably(`[${SPACE}]{2,}`) }) };
}

const SPACE_ID = 1;

export function charIds(texts: Value, analyzer: CharAnalyzer, terms: readonly string[], c: Conversion): TokenIds {
  const { o } = c;
  const { kind, minGram, maxGram } = analyzer;
  // A plain space first, so that a run of white space, which becomes one space, has a known number.
  const numbers = new Map<string, number>([["", NOTHING], [" ", SPACE_ID]]);
  for (const term of terms) for (const char of term) if (!numbers.has(char)) numbers.set(char, numbers.size);
  const termIds = (term: string): readonly number[] | undefined => {
    const chars = [...term];
    const whole = chars.length >= minGram && chars.length <= maxGram;
    // char_wb counts a word that is shorter than every n once, with its two spaces. Only the whole of a word has a space
    // at either end, so that the term is matched at its own length.
    const short = kind === "char_wb" && chars.length >= 3 && chars.length < minGram && chars[0] === " " && chars.at(-1) === " ";
    return whole || short ? chars.map((char) => numbers.get(char)!) : undefined;
  };
  if (kind === "char") {
    const { tokens, run } = cutCharacters(texts, c);
    return { value: o.where(run, o.scalar(SPACE_ID, "int64"), encode(tokens, numbers, c)), termIds };
  }
  for (const space of SPACES) numbers.set(space, SPACE_ID);
  const { tokens, run } = paddedCharacters(texts, c);
  return { value: spreadWords(encode(tokens, numbers, c), run, c), termIds };
}

/** char_wb: [N, T] characters of texts with a space at either end, so that every word lies between two runs of white space. */
export function paddedCharacters(texts: Value, c: Conversion): { tokens: Value; run: Value } {
  const space = c.graph.constant({ type: "string", shape: [], data: [" "] });
  const padded = c.graph.op("StringConcat", [c.graph.op("StringConcat", [space, texts]), space]);
  const tokens = tokenize(padded, `[${SPACE}]+|(?s:.)`, c);
  return { tokens, run: c.graph.op("RegexFullMatch", [tokens], { pattern: spellPortably(`[${SPACE}]+`) }) };
}

/**
 * char_wb: characters [N, T] with runs of white space among them -> words, each with a space before and after, and a gap
 * between words. A run becomes (space that ends a word, gap, space that begins one); a row's first run ends no word and
 * its last begins none.
 */
export function spreadWords(chars: Value, run: Value, c: Conversion): Value {
  const { o } = c;
  const space = o.scalar(SPACE_ID, "int64");
  const nothing = o.scalar(NOTHING, "int64");
  const rows = o.slice(c.graph.op("Shape", [chars]), 0, 1, 0);
  const blank = filled(o.concat([rows, o.int64s([1])], 0), NOTHING, c);
  const rest = (v: Value): Value => o.slice(v, 1, END, 1);
  const ends = o.concat([blank, rest(o.where(run, space, chars))]);
  const isLast = o.equal(o.concat([rest(chars), blank]), NOTHING);
  const begins = o.where(o.and(run, o.not(isLast)), space, nothing);
  const gaps = o.where(run, o.scalar(GAP, "int64"), nothing);
  const spread = o.reshape(o.concat([ends, gaps, begins].map((v) => o.unsqueeze(v, 2)), 2), [0, -1]);
  return closeGaps(spread, o.not(o.equal(spread, NOTHING)), c);
}

export const END: number = Number.MAX_SAFE_INTEGER;

/** [N] texts -> [N, T] tokens, rows filled with "". */
function tokenize(texts: Value, expression: string, c: Conversion): Value {
  return c.graph.op("Tokenizer", [texts], { mark: 0, mincharnum: 1, pad_value: "", tokenexp: spellPortably(expression) });
}

/** [N, T] candidates -> [N, T], of each the part that matches. The sample keeps the result from having no column. */
function cores(tokens: Value, core: { readonly expression: string; readonly sample: string }, c: Conversion): Value {
  const flat = c.o.concat([c.o.reshape(tokens, [-1]), c.o.strings([core.sample])], 0);
  const found = c.o.slice(tokenize(flat, core.expression, c), 0, 1, 1);
  return c.graph.op("Reshape", [c.o.slice(found, 0, -1, 0), c.graph.op("Shape", [tokens])], { allowzero: 1 });
}

export function encode(tokens: Value, numbers: ReadonlyMap<string, number>, c: Conversion): Value {
  return c.graph.op("LabelEncoder", [tokens], {
    keys_strings: [...numbers.keys()], values_int64s: Int32Array.from(numbers.values()), default_int64: UNKNOWN,
  });
}

/** [N, T] -> [N, T + 1]: what is kept moves to the left, the rest of a row is NOTHING. */
export function closeGaps(ids: Value, keep: Value, c: Pick<Conversion, "o" | "graph">): Value {
  const { o } = c;
  const width = o.slice(c.graph.op("Shape", [ids]), 1, 2, 0);
  const rows = o.slice(c.graph.op("Shape", [ids]), 0, 1, 0);
  const place = o.sub(c.graph.op("CumSum", [o.cast(keep, "int64"), o.scalar(1, "int64")]), 1);
  const target = o.where(keep, place, width);
  const blank = filled(o.concat([rows, o.add(width, 1)], 0), NOTHING, c);
  return c.graph.op("ScatterElements", [blank, target, o.where(keep, ids, NOTHING)], { axis: 1 });
}

function filled(shape: Value, id: number, c: Pick<Conversion, "graph">): Value {
  return c.graph.op("ConstantOfShape", [shape], { value: int64s([id]) });
}
