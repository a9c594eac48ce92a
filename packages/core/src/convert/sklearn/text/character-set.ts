// Sets of characters of a token pattern, with Python's meaning, and their spelling for RE2.
// A set is decided by a character's kind (other, space, word, digit: the four that \w, \d and \s tell apart) and by
// explicit ranges. Below LOW every character is looked at; above, only where an explicit range begins or ends.

import { SPACE_RANGES } from "./character-classes.ts";
import { categoryRanges, isInCategory } from "./unicode-ranges.ts";

const OTHER = 1;
const SPACE_KIND = 2;
const WORD_KIND = 4;
const DIGIT_KIND = 8;
const KINDS = [OTHER, SPACE_KIND, WORD_KIND, DIGIT_KIND];
const ALL = 15;
const LOW = 0x300;
const TOP = 0x10ffff;

export interface CharacterSet {
  /** A mask of kinds. */
  readonly kinds: number;
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
}

export const WORD_SET: CharacterSet = { kinds: WORD_KIND | DIGIT_KIND, ranges: [], negated: false };
export const ASCII_WORD_SET: CharacterSet = { kinds: 0, ranges: [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]], negated: false };

/** The set of an escape \w \W \d \D \s \S. */
export function escapeSet(letter: string, ascii: boolean): CharacterSet | undefined {
  const negated = letter !== letter.toLowerCase();
  switch (letter.toLowerCase()) {
    case "w": return { ...(ascii ? ASCII_WORD_SET : WORD_SET), negated };
    case "d": return { kinds: ascii ? 0 : DIGIT_KIND, ranges: ascii ? [[0x30, 0x39]] : [], negated };
    case "s": return { kinds: ascii ? 0 : SPACE_KIND, ranges: ascii ? [[0x9, 0xd], [0x20, 0x20]] : [], negated };
    default: return undefined;
  }
}

/** A class is a union of items, negated or not. A negated escape inside can be joined when it is made of kinds only. */
export function joinSets(items: readonly CharacterSet[], negated: boolean): CharacterSet {
  let kinds = 0;
  const ranges: (readonly [number, number])[] = [];
  for (const item of items) {
    if (!item.negated) {
      kinds |= item.kinds;
      ranges.push(...item.ranges);
    } else if (item.ranges.length === 0) kinds |= ALL & ~item.kinds;
    else ranges.push(...complement(item.ranges));
  }
  return { kinds, ranges, negated };
}

function complement(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = [];
  let from = 0;
  for (const [a, b] of ranges.toSorted((x, y) => x[0] - y[0])) {
    if (a > from) out.push([from, a - 1]);
    from = Math.max(from, b + 1);
  }
  if (from <= TOP) out.push([from, TOP]);
  return out;
}

/** With Python's IGNORECASE; undefined where a range goes beyond ASCII. */
export function ignoreCase(set: CharacterSet): CharacterSet | undefined {
  const ranges: (readonly [number, number])[] = [...set.ranges];
  for (const [a, b] of set.ranges) {
    if (b > 0x7f) return undefined;
    for (const [from, to, shift] of [[0x41, 0x5a, 32], [0x61, 0x7a, -32]] as const) {
      const [low, high] = [Math.max(a, from), Math.min(b, to)];
      if (low <= high) ranges.push([low + shift, high + shift]);
    }
  }
  const has = (c: number): boolean => ranges.some(([a, b]) => a <= c && c <= b);
  if (has(0x69)) ranges.push([0x130, 0x131]);
  if (has(0x73)) ranges.push([0x17f, 0x17f]);
  if (has(0x6b)) ranges.push([0x212a, 0x212a]);
  return { ...set, ranges };
}

function contains(set: CharacterSet, code: number, kind: number): boolean {
  return ((set.kinds & kind) !== 0 || set.ranges.some(([a, b]) => a <= code && code <= b)) !== set.negated;
}

function kindOf(code: number): number {
  if (isInCategory(code, "Nd")) return DIGIT_KIND;
  if (code === 0x5f || isInCategory(code, "L") || isInCategory(code, "Nl") || isInCategory(code, "No")) return WORD_KIND;
  return SPACE_RANGES.some(([a, b]) => a <= code && code <= b) ? SPACE_KIND : OTHER;
}
let lowTable: Uint8Array | undefined;
function lowKinds(): Uint8Array {
  if (lowTable !== undefined) return lowTable;
  lowTable = new Uint8Array(LOW).fill(OTHER);
  const mark = (ranges: Iterable<readonly [number, number]>, kind: number): void => {
    for (const [first, last] of ranges) if (first < LOW) lowTable!.fill(kind, first, Math.min(last + 1, LOW));
  };
  mark(SPACE_RANGES, SPACE_KIND);
  for (const category of ["L", "Nl", "No"] as const) mark(categoryRanges(category), WORD_KIND);
  mark([[0x5f, 0x5f]], WORD_KIND);
  mark(categoryRanges("Nd"), DIGIT_KIND);
  return lowTable;
}

export function hasCharacter(set: CharacterSet, char: string): boolean {
  const code = char.codePointAt(0)!;
  return contains(set, code, kindOf(code));
}

/** Where a set can change above LOW. */
function highStarts(sets: readonly CharacterSet[]): number[] {
  const starts = new Set([LOW]);
  for (const { ranges } of sets) for (const [a, b] of ranges) for (const at of [a, b + 1]) if (at > LOW && at <= TOP) starts.add(at);
  return [...starts].sort((a, b) => a - b);
}

/** Kinds of the characters from `from` up to `to`; of long stretches all kinds are assumed. */
function kindsBetween(from: number, to: number): readonly number[] {
  if (to - from > LOOK_AT) return KINDS;
  const found = new Set<number>();
  for (let code = from; code < to && found.size < KINDS.length; code++) found.add(kindOf(code));
  return [...found];
}
const LOOK_AT = 0x8000;

/**
 * Characters that no set tells apart, as one atom each: for every atom, which of the sets hold it.
 * Some atoms may be empty in truth; they only make the tests that use them stricter.
 */
export function atomsOf(sets: readonly CharacterSet[]): readonly (readonly boolean[])[] {
  const atoms = new Map<string, boolean[]>();
  const add = (code: number, kind: number): void => {
    const flags = sets.map((s) => contains(s, code, kind));
    atoms.set(flags.join(), flags);
  };
  // Below LOW: where the kind changes, and where an explicit range begins or ends.
  const kinds = lowKinds();
  const changes = new Set(sets.flatMap(({ ranges }) => ranges.flatMap(([a, b]) => [a, b + 1])));
  for (let code = 0; code < LOW; code++) if (code === 0 || kinds[code] !== kinds[code - 1] || changes.has(code)) add(code, kinds[code]!);
  const starts = highStarts(sets);
  starts.forEach((code, i) => {
    for (const kind of kindsBetween(code, starts[i + 1] ?? TOP + 1)) add(code, kind);
  });
  return [...atoms.values()];
}

export function isWithin(a: CharacterSet, b: CharacterSet): boolean {
  return atomsOf([a, b]).every(([x, y]) => !x || y);
}
export function overlaps(a: CharacterSet, b: CharacterSet): boolean {
  return atomsOf([a, b]).some(([x, y]) => x && y);
}

/** What a set has in common with the word characters; undefined where that has no short description. */
export function withinWord(set: CharacterSet, word: CharacterSet): CharacterSet | undefined {
  const size = set.ranges.reduce((n, [a, b]) => n + b - a + 1, 0);
  if (set.negated || size > LOOK_AT || (word.kinds === 0 && set.kinds !== 0)) return undefined;
  const ranges = set.ranges.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i))
    .filter((code) => contains(word, code, kindOf(code)))
    .map((code): [number, number] => [code, code]);
  return { kinds: set.kinds & word.kinds, ranges: mergeRanges(ranges), negated: false };
}

/** A bracket expression for RE2. */
export function spellSet(set: CharacterSet): string {
  const starts = highStarts([set]);
  const flip = starts.every((code) => contains(set, code, OTHER));
  const s: CharacterSet = flip ? { ...set, negated: !set.negated } : set;
  const parts: [number, number][] = [];
  const kindsAt = (code: number): number => KINDS.reduce((mask, kind) => (contains(s, code, kind) ? mask | kind : mask), 0);
  const masks = starts.map(kindsAt);
  const common = masks.reduce((a, b) => a & b, ALL);
  let simple = true;
  masks.forEach((mask, i) => {
    if (mask === ALL) parts.push([starts[i]!, (starts[i + 1] ?? TOP + 1) - 1]);
    else if (mask !== common) simple = false;
  });
  if (common === ALL || (common & OTHER) !== 0) simple = common === ALL;
  for (let code = 0; code < LOW; code++) {
    const inside = contains(s, code, lowKinds()[code]!);
    if (inside) parts.push([code, code]);
    else if ((common & lowKinds()[code]! & (WORD_KIND | DIGIT_KIND)) !== 0 && code !== 0x5f) simple = false;
  }
  let names = "";
  if (simple && common !== ALL) {
    if (common & SPACE_KIND) parts.push(...SPACE_RANGES.filter(([a]) => a >= LOW).map(([a, b]): [number, number] => [a, b]));
    if (common & WORD_KIND) names += "\\p{L}\\p{Nl}\\p{No}";
    if (common & DIGIT_KIND) names += "\\p{Nd}";
  } else if (!simple) {
    // Kinds cut by ranges: RE2 knows no intersection, so every character is listed.
    parts.length = 0;
    for (let code = 0; code <= TOP; code++) if ((code < 0xd800 || code > 0xdfff) && contains(s, code, code < LOW ? lowKinds()[code]! : kindOf(code))) parts.push([code, code]);
  }
  const body = names + mergeRanges(parts).map(([a, b]) => (a === b ? hex(a) : `${hex(a)}-${hex(b)}`)).join("");
  if (body === "") return flip ? "(?s:.)" : NEVER;
  return flip ? `[^${body}]` : `[${body}]`;
}

const NEVER = "[^\\x{0}-\\x{10ffff}]";
const hex = (code: number): string => (/[A-Za-z0-9_]/.test(String.fromCharCode(code)) && code < 128 ? String.fromCharCode(code) : `\\x{${code.toString(16)}}`);

function mergeRanges(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = [];
  for (const [a, b] of ranges.toSorted((x, y) => x[0] - y[0])) {
    const last = out.at(-1);
    if (last && a <= last[1] + 1) last[1] = Math.max(last[1], b);
    else out.push([a, b]);
  }
  return out;
}
