// Proves that, from any place where a search can begin, a pattern finds the same token in Python's way (the first
// alternative that leads to a match, greedy or not, with \b at its end) and in RE2's leftmost-longest way without \b.
// Both are run at once over the pattern's atoms, for every text: Python's threads are ordered and what is behind a
// match is given up; RE2's are a set. What counts is the last place at which each has matched when nothing can follow.

import { atomsOf, type CharacterSet } from "./character-set.ts";
import type { PatternNode } from "./parse-pattern.ts";

const MAX_STATES = 3000;
const MAX_SITUATIONS = 6000;
const MATCH = 0;

type State =
  | { readonly kind: "match" }
  | { readonly kind: "set"; readonly set: number; readonly next: number }
  | { kind: "split"; next: number[] };

export interface Claim {
  /** Python's pattern without the \b at its two ends. */
  readonly python: PatternNode;
  /** Python's pattern ends in \b. */
  readonly boundary: boolean;
  /** RE2's, whose matches are the tokens. */
  readonly re2: PatternNode;
  /** RE2 is also given whole words, longest wins; one that `re2` does not match is no token. */
  readonly words: boolean;
  readonly word: CharacterSet;
}
export type Verdict = "same" | "different" | "too-large";

interface Situation {
  readonly python: readonly number[];
  readonly re2: readonly number[];
  /** Everything up to here is one word. */
  readonly inWord: boolean;
  /** The character before is a word character. */
  readonly afterWord: boolean;
  readonly begun: boolean;
  /** Python has matched; RE2's last match is a token; both matched last at the same place. */
  readonly found: boolean;
  readonly token: boolean;
  readonly equal: boolean;
  /** Python's last match ended inside a word. */
  readonly split: boolean;
}

export function sameTokens(claim: Claim): Verdict {
  const sets: CharacterSet[] = [claim.word];
  const states: State[] = [{ kind: "match" }];
  const start = [build(claim.python, MATCH, states, sets), build(claim.re2, MATCH, states, sets)];
  if (states.length >= MAX_STATES) return "too-large";
  const atoms = atomsOf(sets);

  const first: Situation = {
    python: close([start[0]!], states), re2: close([start[1]!], states), inWord: claim.words, afterWord: false, begun: false, found: false, token: false, equal: false, split: false,
  };
  const queue = [first];
  const seen = new Set<string>();
  while (queue.length > 0) {
    const here = queue.pop()!;
    const ended = look(here, false, claim);
    if (!agrees(ended, claim)) return "different";
    for (const atom of atoms) {
      const s = look(here, atom[0]!, claim);
      const next: Situation = {
        ...s,
        python: step(s.python, atom, states), re2: step(s.re2, atom, states).sort((a, b) => a - b),
        inWord: s.inWord && atom[0]!, afterWord: atom[0]!, begun: true,
      };
      if (next.python.length === 0 && next.re2.length === 0 && !next.inWord) {
        if (!agrees(next, claim)) return "different";
        continue;
      }
      const key = JSON.stringify(Object.values(next));
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MAX_SITUATIONS) return "too-large";
      queue.push(next);
    }
  }
  return "same";
}

/** With whole words as candidates the next search must not begin inside one, where Python's \b in front would fail. */
function agrees(s: Situation, claim: Claim): boolean {
  return s.token ? s.found && s.equal && !(claim.words && s.split) : !s.found;
}

/** What matches here, now that it is known whether a word character follows. */
function look(s: Situation, wordFollows: boolean, claim: Claim): Situation {
  if (!s.begun) return s;
  const at = s.python.indexOf(MATCH);
  const holds = at >= 0 && (!claim.boundary || s.afterWord !== wordFollows);
  const isToken = s.re2.includes(MATCH);
  const longest = isToken || s.inWord;
  return {
    ...s,
    python: holds ? s.python.slice(0, at) : s.python.filter((state) => state !== MATCH),
    found: s.found || holds,
    token: longest ? isToken : s.token,
    equal: holds || longest ? holds && longest : s.equal,
    split: holds ? s.afterWord && wordFollows : s.split,
  };
}

/** Thompson's construction; the order of a split is Python's preference. */
function build(node: PatternNode, next: number, states: State[], sets: CharacterSet[]): number {
  if (states.length >= MAX_STATES) return MATCH;
  const push = (state: State): number => states.push(state) - 1;
  switch (node.kind) {
    case "set": return push({ kind: "set", set: sets.push(node.set) - 1, next });
    case "all": return node.parts.reduceRight((n, part) => build(part, n, states, sets), next);
    case "any": return push({ kind: "split", next: node.parts.map((part) => build(part, next, states, sets)) });
    case "capture": return build(node.body, next, states, sets);
    case "repeat": {
      const order = (body: number, out: number): number[] => (node.greedy ? [body, out] : [out, body]);
      let at = next;
      if (node.max === Infinity) {
        const loop: State = { kind: "split", next: [] };
        at = push(loop);
        loop.next = order(build(node.body, at, states, sets), next);
      } else for (let i = node.min; i < node.max; i++) at = push({ kind: "split", next: order(build(node.body, at, states, sets), next) });
      for (let i = 0; i < node.min; i++) at = build(node.body, at, states, sets);
      return at;
    }
    default: throw new TypeError(`an automaton has no ${node.kind}`);
  }
}

/** States reached without a character, in order. */
function close(from: readonly number[], states: readonly State[]): number[] {
  const out: number[] = [];
  const seen = new Set<number>();
  const stack = from.toReversed();
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (seen.has(at)) continue;
    seen.add(at);
    const state = states[at]!;
    if (state.kind === "split") stack.push(...state.next.toReversed());
    else out.push(at);
  }
  return out;
}

function step(from: readonly number[], atom: readonly boolean[], states: readonly State[]): number[] {
  return close(from.flatMap((at) => {
    const s = states[at]!;
    return s.kind === "set" && atom[s.set] ? [s.next] : [];
  }), states);
}
