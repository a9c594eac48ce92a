// What a text vectorizer does to a text before counting: its options, read and checked.
// After _VectorizerMixin in sklearn/feature_extraction/text.py (1.0 to 1.9): preprocess, tokenize, stop words, n-grams.

import type { TextNormalization } from "../../../package/index.ts";
import { PyGlobal, PyObject, PySet, type PyValue } from "../../../pickle/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { SPACE } from "./character-classes.ts";
import { ENGLISH_STOP_WORDS } from "./stop-words.ts";
import { translateTokenPattern, USUAL_PATTERN, type TokenRule } from "./token-pattern.ts";

interface Common {
  /** Lower-casing and accents, in the order they are done. */
  readonly normalize: readonly TextNormalization[];
  readonly minGram: number;
  readonly maxGram: number;
}
export interface WordAnalyzer extends Common {
  readonly kind: "word";
  readonly tokens: TokenRule;
  readonly stopWords: ReadonlySet<string>;
}
export interface CharAnalyzer extends Common {
  readonly kind: "char" | "char_wb";
}
export type Analyzer = WordAnalyzer | CharAnalyzer;

const ADVICE = "Use the vectorizer's own options (token_pattern, lowercase, strip_accents, stop_words), or do that work before the model is called.";

export function readAnalyzer(est: Estimator, c: Conversion): Analyzer {
  const input = est.string("input", "content");
  if (input !== "content") throw c.refuse(est, `input=${JSON.stringify(input)}`, "the model would read files by name; a service is given texts", "Fit it with input=\"content\".");
  const kind = est.raw("analyzer") ?? "word";
  if (typeof kind !== "string") {
    if (isSplit(kind)) return { kind: "word", normalize: [], minGram: 1, maxGram: 1, tokens: NON_SPACE, stopWords: new Set() };
    throw refuseCallable(est, c, "analyzer", kind);
  }
  const [minGram, maxGram] = readRange(est, c);
  const normalize = readNormalize(est, c);
  if (kind === "char" || kind === "char_wb") return { kind, normalize, minGram, maxGram };
  if (kind !== "word") throw c.malformed(est, `there is no analyzer ${JSON.stringify(kind)}`);
  const tokens = readTokens(est, c);
  if (maxGram > 1 && tokens.holdsSpace) {
    throw c.refuse(est, `token_pattern=${JSON.stringify(est.raw("token_pattern"))} and n-grams`, "its tokens can hold spaces, so the vocabulary does not tell where one word of an n-gram ends");
  }
  return { kind, normalize, minGram, maxGram, tokens, stopWords: readStopWords(est, c) };
}

function readRange(est: Estimator, c: Conversion): [number, number] {
  const range = est.has("ngram_range") ? est.list("ngram_range").map(Number) : [1, 1];
  const [low, high] = range;
  if (range.length !== 2 || !Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low! < 1 || high! < low! || high! > 1000) {
    throw c.malformed(est, `ngram_range is (${range.join(", ")})`);
  }
  return [low!, high!];
}

function readNormalize(est: Estimator, c: Conversion): TextNormalization[] {
  const preprocessor = est.raw("preprocessor") ?? null;
  if (preprocessor !== null) {
    if (isMethod(preprocessor, "lower")) return ["lowercase"];
    throw refuseCallable(est, c, "preprocessor", preprocessor);
  }
  const steps: TextNormalization[] = est.bool("lowercase", true) ? ["lowercase"] : [];
  const accents = est.raw("strip_accents") ?? null;
  if (accents === "unicode") steps.push("strip_accents_unicode");
  else if (accents === "ascii") steps.push("strip_accents_ascii");
  else if (accents !== null && accents !== "" && accents !== false) {
    if (typeof accents === "string") throw c.malformed(est, `there is no strip_accents ${JSON.stringify(accents)}`);
    throw refuseCallable(est, c, "strip_accents", accents);
  }
  return steps;
}

const NON_SPACE: TokenRule = { expression: `[^${SPACE}]+`, holdsSpace: false };

function readTokens(est: Estimator, c: Conversion): TokenRule {
  const tokenizer = est.raw("tokenizer") ?? null;
  if (tokenizer !== null) {
    if (isSplit(tokenizer)) return NON_SPACE;
    throw refuseCallable(est, c, "tokenizer", tokenizer);
  }
  const pattern = est.string("token_pattern", USUAL_PATTERN);
  const rule = translateTokenPattern(pattern);
  if (typeof rule === "string") throw c.refuse(est, `token_pattern=${JSON.stringify(pattern)}`, rule, "A pattern such as (?u)\\b\\w+\\b, [a-zA-Z]+ or \\S+ can be compiled.");
  return rule;
}

function readStopWords(est: Estimator, c: Conversion): ReadonlySet<string> {
  const v = est.raw("stop_words") ?? null;
  if (v === null) return new Set();
  if (typeof v === "string") {
    if (v === "english") return new Set(ENGLISH_STOP_WORDS);
    throw c.malformed(est, `there is no stop word list ${JSON.stringify(v)}`);
  }
  const items = v instanceof PySet ? v.items : est.list("stop_words");
  return new Set(items.filter((x): x is string => typeof x === "string"));
}

/** `str.split` and its like: pickle writes a method of a builtin type as getattr(str, "split"). */
function isMethod(v: PyValue, method: string): boolean {
  if (v instanceof PyGlobal) return (v.module === "builtins" || v.module === "__builtin__") && v.name === `str.${method}`;
  if (!(v instanceof PyObject) || !(v.callable instanceof PyGlobal)) return false;
  const [owner, name] = v.args.items;
  return /^(builtins|__builtin__)\.getattr$/.test(v.callable.qualifiedName) && v.args.items.length === 2
    && owner instanceof PyGlobal && /^(builtins|__builtin__)\.(str|unicode)$/.test(owner.qualifiedName) && name === method;
}
function isSplit(v: PyValue): boolean {
  return isMethod(v, "split");
}

function refuseCallable(est: Estimator, c: Conversion, option: string, v: PyValue): Error {
  return c.refuse(est, `${option}=${describe(v)}`, "a function of one's own is not in the file as data, and Slipway runs no code from a file", ADVICE);
}
