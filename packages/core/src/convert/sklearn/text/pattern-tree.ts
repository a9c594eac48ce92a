// Questions about a parsed token pattern, and its spelling for RE2.

import { isWithin, overlaps, spellSet, withinWord, type CharacterSet } from "./character-set.ts";
import type { PatternNode } from "./parse-pattern.ts";

export interface Survey {
  readonly sets: CharacterSet[];
  boundary: boolean;
  ahead: boolean;
  capture: boolean;
  nullableLoop: boolean;
}
export function survey(node: PatternNode, out: Survey = { sets: [], boundary: false, ahead: false, capture: false, nullableLoop: false }): Survey {
  switch (node.kind) {
    case "set": out.sets.push(node.set); break;
    case "boundary": out.boundary = true; break;
    case "ahead": out.ahead = true; break;
    case "capture": out.capture = true; survey(node.body, out); break;
    case "repeat":
      if (node.max > 1 && isNullable(node.body)) out.nullableLoop = true;
      survey(node.body, out);
      break;
    default: for (const part of node.parts) survey(part, out);
  }
  return out;
}

export function flatten(node: PatternNode): readonly PatternNode[] {
  return node.kind === "all" ? node.parts.flatMap(flatten) : [node];
}

export function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case "set": return false;
    case "boundary": case "ahead": return true;
    case "capture": return isNullable(node.body);
    case "repeat": return node.min === 0 || isNullable(node.body);
    case "all": return node.parts.every(isNullable);
    case "any": return node.parts.some(isNullable);
  }
}

/** The sets that a match can begin with. */
export function firstSets(node: PatternNode): readonly CharacterSet[] {
  switch (node.kind) {
    case "set": return [node.set];
    case "any": return node.parts.flatMap(firstSets);
    case "all": {
      const out: CharacterSet[] = [];
      for (const part of node.parts) {
        out.push(...firstSets(part));
        if (!isNullable(part)) break;
      }
      return out;
    }
    case "repeat": case "capture": return firstSets(node.body);
    default: return [];
  }
}

/** A pattern for those of the matches that end in a word character; undefined for none, null where it cannot be told. */
export function endingInWord(node: PatternNode, word: CharacterSet): PatternNode | undefined | null {
  switch (node.kind) {
    case "set": {
      if (isWithin(node.set, word)) return node;
      if (!overlaps(node.set, word)) return undefined;
      const set = withinWord(node.set, word);
      return set ? { kind: "set", set } : null;
    }
    case "any": return union(node.parts.map((part) => endingInWord(part, word)));
    case "all": {
      const [head, ...tail] = node.parts;
      if (head === undefined) return undefined;
      const rest: PatternNode = { kind: "all", parts: tail };
      const last = endingInWord(rest, word);
      const whole = last ? ({ kind: "all", parts: [head, last] } as const) : last;
      return isNullable(rest) ? union([whole, endingInWord(head, word)]) : whole;
    }
    case "repeat": {
      const last = endingInWord(node.body, word);
      if (!last || node.max === 0) return last && undefined;
      return { kind: "all", parts: [{ ...node, min: Math.max(0, node.min - 1), max: node.max - 1 }, last] };
    }
    case "capture": return endingInWord(node.body, word);
    default: return null;
  }
}
function union(parts: readonly (PatternNode | undefined | null)[]): PatternNode | undefined | null {
  if (parts.includes(null)) return null;
  const some = parts.filter((part): part is PatternNode => part !== undefined && part !== null);
  return some.length <= 1 ? some[0] : { kind: "any", parts: some };
}

/** Several sets in a row that are all the same class: how often, at least and at most. */
export function runOf(parts: readonly PatternNode[]): { set: CharacterSet; min: number; max: number; greedy: boolean } | undefined {
  let set: CharacterSet | undefined;
  let [min, max, greedy] = [0, 0, true];
  for (const part of parts) {
    const inner = part.kind === "repeat" ? part.body : part;
    if (inner.kind !== "set" || (set && !(isWithin(set, inner.set) && isWithin(inner.set, set)))) return undefined;
    set = inner.set;
    min += part.kind === "repeat" ? part.min : 1;
    max += part.kind === "repeat" ? part.max : 1;
    if (part.kind === "repeat") greedy &&= part.greedy;
  }
  return set && { set, min, max, greedy };
}

/** How many characters RE2's program has when repeats are written out; a large one makes it slow. */
export function patternSize(node: PatternNode): number {
  switch (node.kind) {
    case "set": return 1;
    case "capture": return patternSize(node.body);
    case "repeat": return patternSize(node.body) * (node.max === Infinity ? Math.max(1, node.min) : node.max);
    case "all": case "any": return node.parts.reduce((n, part) => n + patternSize(part), 0);
    default: return 0;
  }
}

/** For RE2, where only which texts match matters, not in which order. */
export function spellPattern(node: PatternNode, spell: (set: CharacterSet) => string = spellSet): string {
  switch (node.kind) {
    case "set": return spell(node.set);
    case "all": return node.parts.map((p) => (p.kind === "any" ? `(?:${spellPattern(p, spell)})` : spellPattern(p, spell))).join("");
    case "any": return node.parts.map((p) => spellPattern(p, spell)).join("|");
    case "capture": return `(?:${spellPattern(node.body, spell)})`;
    case "repeat": {
      const body = node.body.kind === "set" ? spell(node.body.set) : `(?:${spellPattern(node.body, spell)})`;
      return `${body}{${node.min},${node.max === Infinity ? "" : node.max}}`;
    }
    default: throw new TypeError(`RE2 is not given a ${node.kind}`);
  }
}
