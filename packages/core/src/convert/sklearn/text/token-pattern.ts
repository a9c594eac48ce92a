// A vectorizer's token_pattern (Python `re`, findall) as rules for ONNX's Tokenizer (RE2, leftmost-longest, no
// assertions that know Unicode). A pattern is only taken where both provably find the same tokens in every text.

import { hasCharacter, isWithin, overlaps, spellSet, ASCII_WORD_SET, WORD_SET, type CharacterSet } from "./character-set.ts";
import { parsePattern, type PatternNode } from "./parse-pattern.ts";
import { sameTokens } from "./pattern-automaton.ts";
import { endingInWord, firstSets, flatten, isNullable, patternSize, runOf, spellPattern, survey } from "./pattern-tree.ts";

export interface TokenRule {
  /** RE2, leftmost-longest: every match in the text is a candidate. */
  readonly expression: string;
  /** Candidates that do not match this as a whole are no tokens. */
  readonly filter?: string;
  /** The token is the part of a candidate that matches `expression`; every candidate has one. `sample` has one too. */
  readonly core?: { readonly expression: string; readonly sample: string };
  /** Whether a token can hold a space. */
  readonly holdsSpace: boolean;
}

const BOUNDARY = "its \\b stands where ONNX's tokenizer, which has no \\b beyond ASCII, would find other tokens";
const TOO_LARGE = "it is too large to show that ONNX's tokenizer would find the same tokens";
/** RE2's automaton runs out of memory, and becomes slow, with more Unicode classes than this in a row. */
const MAX_SIZE = 8;
const MAX_ASCII_SIZE = 400;

/** Of the last few patterns: most vectorizers share one, and what is shown of a pattern is shown once. */
const translated = new Map<string, TokenRule | string>();
/** scikit-learn's default, whose rule need not be found anew in every process; a test finds it. */
export const USUAL_PATTERN = "(?u)\\b\\w\\w+\\b";
const USUAL_RULE: TokenRule = {
  expression: "[\\p{L}\\p{Nl}\\p{No}\\p{Nd}0-9A-Z_a-z\\x{aa}\\x{b2}-\\x{b3}\\x{b5}\\x{b9}-\\x{ba}\\x{bc}-\\x{be}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{2c1}\\x{2c6}-\\x{2d1}\\x{2e0}-\\x{2e4}\\x{2ec}\\x{2ee}]{2,}",
  holdsSpace: false,
};
const MAX_TRANSLATED = 32;

/** The rule, or why there is none. */
export function translateTokenPattern(pattern: string): TokenRule | string {
  const known = pattern === USUAL_PATTERN ? USUAL_RULE : translated.get(pattern);
  if (known !== undefined) return known;
  const rule = translate(pattern);
  if (translated.size >= MAX_TRANSLATED) translated.clear();
  translated.set(pattern, rule);
  return rule;
}

/** The same, worked out. */
export function translate(pattern: string): TokenRule | string {
  const parsed = parsePattern(pattern);
  if (typeof parsed === "string") return parsed;
  let parts = flatten(parsed.root);
  // findall gives the one group: here it may hold all of the pattern, or all but the boundaries.
  if (parts.length === 1 && parts[0]!.kind === "capture") parts = flatten(parts[0]!.body);
  const leading = parts[0]?.kind === "boundary";
  const trailing = parts.length > 1 && parts.at(-1)!.kind === "boundary";
  parts = parts.slice(leading ? 1 : 0, trailing ? -1 : undefined);
  const ahead = parts.at(-1)?.kind === "ahead" ? (parts.at(-1) as PatternNode & { kind: "ahead" }).body : undefined;
  if (ahead) parts = parts.slice(0, -1);
  if (parts.length === 1 && parts[0]!.kind === "capture") parts = flatten(parts[0]!.body);
  const body: PatternNode = parts.length === 1 ? parts[0]! : { kind: "all", parts };
  const found = survey(body);
  if (found.capture) return "it captures only a part of what it matches";
  if (found.ahead) return "look-ahead has no equal in ONNX but at the end of a pattern";
  if (found.boundary) return BOUNDARY;
  if (isNullable(body)) return "it can match nothing at all, which makes empty tokens";
  if (found.nullableLoop) return "it repeats something that can be empty";
  const holdsSpace = found.sets.some((s) => hasCharacter(s, " "));
  if (ahead) return leading || trailing ? BOUNDARY : followedBy(parts, ahead, holdsSpace);
  const rule = atBoundaries(body, parts, parsed.ascii ? ASCII_WORD_SET : WORD_SET, leading, trailing);
  return typeof rule === "string" ? rule : { ...rule, holdsSpace };
}

function atBoundaries(body: PatternNode, parts: readonly PatternNode[], word: CharacterSet, leading: boolean, trailing: boolean): Omit<TokenRule, "holdsSpace"> | string {
  const w = spellSet(word);
  // A greedy run of word characters ends where the word ends, whatever stands around it.
  const run = runOf(parts);
  if (run && isWithin(run.set, word) && isWithin(word, run.set) && run.max === Infinity && (run.greedy || trailing)) {
    return run.min <= 3 ? { expression: `${w}{${run.min},}` } : { expression: `${w}+`, filter: `(?s:.){${run.min},}` };
  }
  if (!leading && !trailing) {
    if (!isSmall(body)) return TOO_LARGE;
    switch (sameTokens({ python: body, boundary: false, re2: body, words: false, word })) {
      case "same": return { expression: spellPattern(body) };
      case "too-large": return TOO_LARGE;
      case "different": return "Python takes the first alternative that matches, ONNX's tokenizer the longest, and for this pattern they differ";
    }
  }
  // With \b in front a search must not succeed inside a word: whole words are candidates as well, so that one at whose
  // start there is no token is passed over. That \b is the start of a word only if the match begins with a word character.
  if (leading && !firstSets(body).every((set) => isWithin(set, word))) return BOUNDARY;
  const ends = trailing ? endingInWord(body, word) : body;
  if (!ends) return BOUNDARY;
  const verdict = sameTokens({ python: body, boundary: trailing, re2: ends, words: leading, word });
  if (verdict !== "same") return verdict === "too-large" ? TOO_LARGE : BOUNDARY;
  const onlyWords = survey(body).sets.every((set) => isWithin(set, word));
  // In a candidate of word characters only, a word character is any character.
  const filter = spellPattern(ends, (set) => (onlyWords && isWithin(word, set) ? "(?s:.)" : spellSet(set)));
  if (leading && onlyWords) return isSmall(ends, word) ? { expression: `${w}+`, filter } : TOO_LARGE;
  if (!isSmall(ends)) return TOO_LARGE;
  return leading ? { expression: `${spellPattern(ends)}|${w}+`, filter } : { expression: spellPattern(ends) };
}

function isSmall(node: PatternNode, any?: CharacterSet): boolean {
  const ascii = survey(node).sets.every((s) => !hasBeyondAscii(s) || (any !== undefined && isWithin(any, s)));
  return patternSize(node) <= (ascii ? MAX_ASCII_SIZE : MAX_SIZE);
}
function hasBeyondAscii(set: CharacterSet): boolean {
  return set.negated || set.kinds !== 0 || set.ranges.some(([, b]) => b > 0x7f);
}

/** A run of one class that something of another class must follow: [A-Za-z0-9]+(?=\s+). */
function followedBy(parts: readonly PatternNode[], after: PatternNode, holdsSpace: boolean): TokenRule | string {
  const run = runOf(parts);
  const next = runOf(flatten(after));
  const sample = run && sampleOf(run.set);
  if (!run || !next || sample === undefined || run.max !== Infinity || run.min > 3 || !run.greedy || next.min !== 1 || overlaps(run.set, next.set)) {
    return "this look-ahead has no equal in ONNX";
  }
  const [a, b] = [spellSet(run.set), spellSet(next.set)];
  const expression = `${a}{${run.min},}`;
  return { expression: `${expression}${b}?`, filter: `${a}+${b}`, core: { expression, sample: sample.repeat(run.min) }, holdsSpace };
}

function sampleOf(set: CharacterSet): string | undefined {
  for (let code = 32; code < 0x3000; code++) if (hasCharacter(set, String.fromCodePoint(code))) return String.fromCodePoint(code);
  return undefined;
}
