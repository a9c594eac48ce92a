// Proves that a pattern finds the same match in Python's way (the first alternative that leads to a match, greedy or
// not) and in RE2's leftmost-longest way, for every text. Both are run at once over the pattern's atoms: in Python's
// way the states are ordered and everything behind a match is given up; in the other nothing is. They differ exactly
// when the second reaches a match where the first does not.

import { atomsOf, type CharacterSet } from "./character-set.ts";
import type { PatternNode } from "./parse-pattern.ts";

const MAX_STATES = 3000;
const MAX_PAIRS = 4000;

type State =
  | { readonly kind: "match" }
  | { readonly kind: "set"; readonly set: number; readonly next: number }
  | { kind: "split"; next: number[] };

export type Verdict = "same" | "different" | "too-large";

export function firstIsLongest(root: PatternNode): Verdict {
  const sets: CharacterSet[] = [];
  const states: State[] = [{ kind: "match" }];
  let large = false;
  const push = (state: State): number => {
    if (states.length >= MAX_STATES) large = true;
    return large ? 0 : states.push(state) - 1;
  };
  const build = (node: PatternNode, next: number): number => {
    if (large) return 0;
    switch (node.kind) {
      case "set": return push({ kind: "set", set: sets.push(node.set) - 1, next });
      case "all": return node.parts.reduceRight((n, part) => build(part, n), next);
      case "any": return push({ kind: "split", next: node.parts.map((part) => build(part, next)) });
      case "capture": return build(node.body, next);
      case "repeat": {
        const order = (body: number, out: number): number[] => (node.greedy ? [body, out] : [out, body]);
        let at = next;
        if (node.max === Infinity) {
          const loop: State = { kind: "split", next: [] };
          at = push(loop);
          loop.next = order(build(node.body, at), next);
        } else for (let i = node.min; i < node.max && !large; i++) at = push({ kind: "split", next: order(build(node.body, at), next) });
        for (let i = 0; i < node.min && !large; i++) at = build(node.body, at);
        return at;
      }
      default: throw new TypeError(`an automaton has no ${node.kind}`);
    }
  };
  const start = build(root, 0);
  if (large) return "too-large";
  const atoms = atomsOf(sets);

  /** States reached without a character, in order; after a match nothing more when `cut`. */
  const close = (from: readonly number[], cut: boolean): number[] => {
    const out: number[] = [];
    const seen = new Set<number>();
    const stack = from.toReversed();
    while (stack.length > 0) {
      const at = stack.pop()!;
      if (seen.has(at)) continue;
      seen.add(at);
      const state = states[at]!;
      if (state.kind === "split") stack.push(...state.next.toReversed());
      else {
        out.push(at);
        if (cut && state.kind === "match") break;
      }
    }
    return out;
  };
  const step = (from: readonly number[], atom: readonly boolean[], cut: boolean): number[] =>
    close(from.flatMap((at) => {
      const s = states[at]!;
      return s.kind === "set" && atom[s.set] ? [s.next] : [];
    }), cut);

  const queue: [number[], number[]][] = [[close([start], true), close([start], false)]];
  const seen = new Set<string>();
  while (queue.length > 0) {
    const [first, all] = queue.pop()!;
    if (all.includes(0) !== first.includes(0)) return "different";
    if (all.length === 0) continue;
    for (const atom of atoms) {
      const pair: [number[], number[]] = [step(first, atom, true), step(all, atom, false).sort((a, b) => a - b)];
      const key = `${pair[0].join()}|${pair[1].join()}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MAX_PAIRS) return "too-large";
      queue.push(pair);
    }
  }
  return "same";
}
