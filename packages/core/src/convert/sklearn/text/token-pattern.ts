// A vectorizer's token_pattern (Python `re`, findall) as rules for ONNX's Tokenizer (RE2, leftmost-longest, no
// assertions that know Unicode). A pattern is only taken where both provably find the same tokens in every text.

import { atomsOf, hasCharacter, spellSet, ASCII_WORD_SET, WORD_SET, type CharacterSet } from "./character-set.ts";
import { parsePattern, type PatternNode } from "./parse-pattern.ts";
import { firstIsLongest } from "./pattern-automaton.ts";

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

/** The rule, or why there is none. */
export function translateTokenPattern(pattern: string): TokenRule | string {
  const parsed = parsePattern(pattern);
  if (typeof parsed === "string") return parsed;
  let parts = flatten(parsed.root);
  const isBoundary = (node: PatternNode | undefined): boolean => node?.kind === "boundary";
  const leading = isBoundary(parts[0]);
  const trailing = parts.length > 1 && isBoundary(parts.at(-1));
  parts = parts.slice(leading ? 1 : 0, trailing ? -1 : undefined);
  // findall gives the one group; here it is all that is left, and may itself have the boundaries.
  if (parts.length === 1 && parts[0]!.kind === "capture") {
    const inner = flatten(parts[0]!.body);
    if (!inner.some((n) => n.kind === "boundary")) parts = inner;
    else if (!leading && !trailing) return withoutCapture(parts[0]!.body, pattern);
  }
  const ahead = parts.at(-1)?.kind === "ahead" ? (parts.at(-1) as PatternNode & { kind: "ahead" }) : undefined;
  if (ahead) parts = parts.slice(0, -1);
  const body: PatternNode = parts.length === 1 ? parts[0]! : { kind: "all", parts };
  const found = survey(body);
  if (found.capture) return "it captures only a part of what it matches";
  if (found.ahead) return "look-ahead has no equal in ONNX but at the end of a pattern";
  if (found.boundary) return BOUNDARY;
  if (nullable(body)) return "it can match nothing at all, which makes empty tokens";
  if (found.nullableLoop) return "it repeats something that can be empty";
  const word = parsed.ascii ? ASCII_WORD_SET : WORD_SET;
  const holdsSpace = found.sets.some((s) => hasCharacter(s, " "));
  if (ahead) {
    if (leading || trailing) return BOUNDARY;
    return followedBy(parts, ahead.body, holdsSpace);
  }
  if (leading || trailing) {
    const rule = atBoundaries(body, parts, word, leading, trailing);
    return typeof rule === "string" ? rule : { ...rule, holdsSpace };
  }
  switch (firstIsLongest(body)) {
    case "same": return { expression: spell(body), holdsSpace };
    case "too-large": return "it is too large to show that ONNX's tokenizer would find the same tokens";
    case "different": return "Python takes the first alternative that matches, ONNX's tokenizer the longest, and for this pattern they differ";
  }
}

/** `(\b...\b)`: the same without the parentheses. */
function withoutCapture(body: PatternNode, pattern: string): TokenRule | string {
  const text = pattern.replace(/^(\(\?[aisu]+\))?\(/, "$1").slice(0, -1);
  const parsed = parsePattern(text);
  return typeof parsed !== "string" && JSON.stringify(parsed.root) === JSON.stringify(body) ? translateTokenPattern(text) : BOUNDARY;
}

function atBoundaries(body: PatternNode, parts: readonly PatternNode[], word: CharacterSet, leading: boolean, trailing: boolean): Omit<TokenRule, "holdsSpace"> | string {
  const w = spellSet(word);
  const run = runOf(parts);
  // A greedy run of word characters ends where the word ends, whatever stands around it.
  if (run && same(run.set, word) && run.max === Infinity && (run.greedy || trailing)) return { expression: `${w}{${run.min},}` };
  // Between two boundaries and of word characters only: all of a word or nothing of it.
  if (leading && trailing && survey(body).sets.every((s) => within(s, word))) return { expression: `${w}+`, filter: spell(body) };
  // Word characters, then any of a larger class (\w[\w'-]+): up to the last word character of the run. It cannot begin
  // inside a word, for a word at whose start it fails is too short for every later start as well.
  const shape = wordThenMore(parts, word);
  if (shape) {
    const { prefix, min, more } = shape;
    const m = spellSet(more);
    const head = prefix === 0 ? "" : `${w}{${prefix}}`;
    if (prefix > 0 && !trailing) return { expression: `${head}${m}{${min},}` };
    if (trailing && prefix > 0) return { expression: min === 0 ? `${head}(?:${m}*${w})?` : `${head}${m}{${min - 1},}${w}` };
    if (leading && trailing) return { expression: min === 1 ? `${w}(?:${m}*${w})?` : `${w}${m}{${min - 2},}${w}` };
  }
  return BOUNDARY;
}

/** A run of one class that something of another class must follow: [A-Za-z0-9]+(?=\s+). */
function followedBy(parts: readonly PatternNode[], after: PatternNode, holdsSpace: boolean): TokenRule | string {
  const run = runOf(parts);
  const next = runOf(flatten(after));
  if (!run || !next || run.max !== Infinity || !run.greedy || next.min !== 1 || overlap(run.set, next.set)) return "this look-ahead has no equal in ONNX";
  const [a, b] = [spellSet(run.set), spellSet(next.set)];
  const sample = sampleOf(run.set);
  if (sample === undefined) return "this look-ahead has no equal in ONNX";
  const expression = `${a}{${run.min},}`;
  return { expression: `${expression}${b}?`, filter: `${a}+${b}`, core: { expression, sample: sample.repeat(run.min) }, holdsSpace };
}

function sampleOf(set: CharacterSet): string | undefined {
  for (let code = 32; code < 0x3000; code++) if (hasCharacter(set, String.fromCodePoint(code))) return String.fromCodePoint(code);
  return undefined;
}

/** Several sets in a row that are all the same class: how often, at least and at most. */
function runOf(parts: readonly PatternNode[]): { set: CharacterSet; min: number; max: number; greedy: boolean } | undefined {
  let set: CharacterSet | undefined;
  let [min, max, greedy] = [0, 0, true];
  for (const part of parts) {
    const inner = part.kind === "repeat" ? part.body : part;
    if (inner.kind !== "set" || (set && !same(set, inner.set))) return undefined;
    set = inner.set;
    min += part.kind === "repeat" ? part.min : 1;
    max += part.kind === "repeat" ? part.max : 1;
    if (part.kind === "repeat") greedy &&= part.greedy;
  }
  return set && { set, min, max, greedy };
}

function wordThenMore(parts: readonly PatternNode[], word: CharacterSet): { prefix: number; min: number; more: CharacterSet } | undefined {
  const last = parts.at(-1);
  if (last?.kind !== "repeat" || last.body.kind !== "set" || last.max !== Infinity || !last.greedy) return undefined;
  const more = last.body.set;
  if (!within(word, more)) return undefined;
  let prefix = 0;
  for (const part of parts.slice(0, -1)) {
    if (part.kind === "set" && same(part.set, word)) prefix++;
    else if (part.kind === "repeat" && part.body.kind === "set" && same(part.body.set, word) && part.min === part.max) prefix += part.min;
    else return undefined;
  }
  return { prefix, min: last.min, more };
}

const both = (a: CharacterSet, b: CharacterSet, holds: (x: boolean, y: boolean) => boolean): boolean => atomsOf([a, b]).every(([x, y]) => holds(x!, y!));
const same = (a: CharacterSet, b: CharacterSet): boolean => both(a, b, (x, y) => x === y);
const within = (a: CharacterSet, b: CharacterSet): boolean => both(a, b, (x, y) => !x || y);
const overlap = (a: CharacterSet, b: CharacterSet): boolean => !both(a, b, (x, y) => !(x && y));

function flatten(node: PatternNode): readonly PatternNode[] {
  return node.kind === "all" ? node.parts.flatMap(flatten) : [node];
}

interface Survey {
  readonly sets: CharacterSet[];
  boundary: boolean;
  ahead: boolean;
  capture: boolean;
  nullableLoop: boolean;
}
function survey(node: PatternNode, out: Survey = { sets: [], boundary: false, ahead: false, capture: false, nullableLoop: false }): Survey {
  switch (node.kind) {
    case "set": out.sets.push(node.set); break;
    case "boundary": out.boundary = true; break;
    case "ahead": out.ahead = true; break;
    case "capture": out.capture = true; survey(node.body, out); break;
    case "repeat":
      if (node.max > 1 && nullable(node.body)) out.nullableLoop = true;
      survey(node.body, out);
      break;
    default: for (const part of node.parts) survey(part, out);
  }
  return out;
}

function nullable(node: PatternNode): boolean {
  switch (node.kind) {
    case "set": return false;
    case "boundary": case "ahead": return true;
    case "capture": return nullable(node.body);
    case "repeat": return node.min === 0 || nullable(node.body);
    case "all": return node.parts.every(nullable);
    case "any": return node.parts.some(nullable);
  }
}

/** For RE2, where only which texts match matters, not in which order. */
function spell(node: PatternNode): string {
  switch (node.kind) {
    case "set": return spellSet(node.set);
    case "all": return node.parts.map((p) => (p.kind === "any" ? `(?:${spell(p)})` : spell(p))).join("");
    case "any": return node.parts.map(spell).join("|");
    case "repeat": {
      const body = node.body.kind === "set" ? spell(node.body) : `(?:${spell(node.body)})`;
      return `${body}{${node.min},${node.max === Infinity ? "" : node.max}}`;
    }
    default: throw new TypeError(`RE2 is not given a ${node.kind}`);
  }
}
