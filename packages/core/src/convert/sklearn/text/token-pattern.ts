import { WORD } from "./character-classes.ts";

export interface TokenRule {
  /** RE2, leftmost-longest: every match in the text is a candidate token. */
  readonly expression: string;
  /** Candidates that do not match this as a whole are no tokens. */
  readonly filter?: string;
  /** Whether a token can hold a space. */
  readonly holdsSpace: boolean;
}
export function translateTokenPattern(pattern: string): TokenRule | string {
  if (pattern === "(?u)\\b\\w\\w+\\b") return { expression: `[${WORD}]{2,}`, holdsSpace: false };
  return "cannot be compiled";
}
