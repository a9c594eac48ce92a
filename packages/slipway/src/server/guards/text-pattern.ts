// Patterns that texts from anybody are held against, in time that grows with the text and with nothing else: RE2's syntax
// and engine (re2js), so there is no pattern and no text for which it backtracks. What RE2 cannot do (backreferences, looking
// around) is refused when the pattern is read.

import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { serverError } from "../errors.ts";

type Engine = typeof RE2JS;
/** A hundred kilobytes of tables, which nobody waits for who has no pattern. */
let engine: Engine | undefined;

/** To be awaited before patterns are made by programs that were put into one file. */
export async function loadPatterns(): Promise<void> {
  engine ??= (await import("re2js")).RE2JS;
}

/** A pattern that matches, in any case, somewhere in a text. */
export interface TextPattern {
  matches(text: string): boolean;
}

/** Steps of RE2's program; a pattern of nested counts would grow into millions. */
const MAX_PROGRAM = 20_000;

/** @param what "pattern of the guard x", for the error @throws SlipwayError guard-pattern */
export function textPattern(pattern: string, what: string): TextPattern {
  const used = (engine ??= (createRequire(import.meta.url)("re2js") as { readonly RE2JS: Engine }).RE2JS);
  let compiled: RE2JS;
  try {
    compiled = used.compile(used.translateRegExp(pattern), used.CASE_INSENSITIVE);
  } catch (cause) {
    throw serverError("guard-pattern", `the ${what} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: "Patterns are RE2's (https://github.com/google/re2/wiki/Syntax): no backreferences, and nothing that looks ahead or behind.", cause });
  }
  if (compiled.programSize() > MAX_PROGRAM) throw serverError("guard-pattern", `the ${what} becomes ${compiled.programSize()} steps; ${MAX_PROGRAM} are allowed`, { hint: "Count less in it: {1,1000} is a thousand copies." });
  return { matches: (text) => compiled.test(text) };
}

/** Words of their own, whatever their case. @throws SlipwayError guard-pattern */
export function wordPattern(words: readonly string[], what: string): TextPattern | undefined {
  if (words.length === 0) return undefined;
  if (words.some((word) => word.trim() === "")) throw serverError("guard-pattern", `one of the ${what} is empty`, { hint: "Leave it out: it would stand between any two signs." });
  // Only fixed texts between two looks at one character: nothing to backtrack into.
  const any = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map((w) => w.normalize("NFKC").replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![\\p{L}\\p{N}])`, "iu");
  return { matches: (text) => any.test(text) };
}
