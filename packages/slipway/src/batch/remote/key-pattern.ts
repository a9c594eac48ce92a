// Patterns over keys: * and ? within a part between slashes, ** over any, [abc], {a,b}.

import { batchError } from "../errors.ts";

export interface KeyPattern {
  /** What all that match begin with. */
  readonly prefix: string;
  matches(key: string): boolean;
}

/** Undefined: it is no pattern. @throws SlipwayError batch-source-address */
export function patternOf(pattern: string): KeyPattern | undefined {
  const first = pattern.search(/[*?[{]/);
  if (first < 0) return undefined;
  let source = "";
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const c = pattern[at]!;
    if (c === "*" && pattern[at + 1] === "*") {
      // Also no folder: a/**/b is a/b too.
      source += pattern[at + 2] === "/" ? "(?:.*/)?" : ".*";
      at += pattern[at + 2] === "/" ? 2 : 1;
    } else if (c === "*") source += "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (c === "[" && pattern.indexOf("]", at + 2) > 0) {
      const end = pattern.indexOf("]", at + 2);
      const inside = pattern.slice(at + 1, end);
      source += `[${inside.startsWith("!") ? `^${escape(inside.slice(1))}` : escape(inside)}]`;
      at = end;
    } else if (c === "{" && pattern.indexOf("}", at) > 0) {
      source += "(?:";
      depth++;
    } else if (c === "}" && depth > 0) {
      source += ")";
      depth--;
    } else source += c === "," && depth > 0 ? "|" : c.replace(/[.*+?^${}()|[\]\\/]/, "\\$&");
  }
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`, "s");
  } catch {
    throw batchError("batch-source-address", `${JSON.stringify(pattern.slice(0, 200))} is no pattern`, { hint: "* and ? stand for characters between slashes, ** for any, [abc] for one of them, {a,b} for either." });
  }
  return { prefix: pattern.slice(0, first), matches: (key) => expression.test(key) };
}

/** In a class of characters, where - is what it is. */
function escape(inside: string): string {
  return inside.replace(/[\]\\^]/g, "\\$&");
}
