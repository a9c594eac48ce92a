// What a text may not be: too long, with certain words, of a certain pattern. Used by guards of pipelines and of language models.

import { textPattern, wordPattern } from "./text-pattern.ts";

export interface TextRuleSettings {
  readonly maxCharacters?: number | undefined;
  /** None of them may come, in any case, as a word of its own. */
  readonly words?: readonly string[] | undefined;
  /** A regular expression in RE2's syntax that may not match, in any case. */
  readonly pattern?: string | undefined;
}

/** What is wrong with a text; undefined where nothing is. It never shows the text. */
export type TextRule = (text: string) => string | undefined;

/** Longer texts are not searched, and so not let through: in UTF-16 units. */
export const MAX_SEARCHED = 1_000_000;

/** @throws SlipwayError guard-pattern */
export function textRule(name: string, { maxCharacters, words, pattern }: TextRuleSettings): TextRule {
  const looked = [wordPattern(words ?? [], `words of the guard ${JSON.stringify(name)}`), pattern === undefined ? undefined : textPattern(pattern, `pattern of the guard ${JSON.stringify(name)}`)];
  const reasons = ["has a word that may not come", "matches the pattern"];
  return (text) => {
    if (maxCharacters !== undefined && text.length > maxCharacters) return `has ${text.length} characters, and ${maxCharacters} are allowed`;
    if (looked.every((p) => p === undefined)) return undefined;
    if (text.length > MAX_SEARCHED) return `has ${text.length} characters, and ${MAX_SEARCHED} are searched at most`;
    const plain = text.normalize("NFKC");
    const at = looked.findIndex((p) => p?.matches(plain) === true);
    return at < 0 ? undefined : reasons[at];
  };
}
