// The vocabulary of a text column as a distribution of words: of each text one word, chosen by the text's own hash, so that
// rows stay independent and what is true of categories is true of words. Those that the reference has most often have a bin
// each; all others share the last one.

import { Tally, type Distribution } from "./distribution.ts";
import { hashText } from "./distinct.ts";

const MOST_WORDS = 50;
const MAX_LENGTH = 2000;
const MAX_WORD = 40;
const WORD = /[\p{L}\p{N}]+/gu;

/** In lower case; null where a text has none. */
export function wordOf(text: string): string | null {
  const words = text.slice(0, MAX_LENGTH).match(WORD);
  return words === null ? null : words[hashText(text) % words.length]!.slice(0, MAX_WORD).toLowerCase();
}

/** Of the reference's texts; null is missing. */
export function freezeWords(texts: readonly (string | null)[]): Distribution {
  const words = texts.map((text) => (text === null ? null : wordOf(text)));
  const counts = new Map<string, number>();
  for (const word of words) if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
  const values = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_WORDS).map(([word]) => word);
  const tally = new Tally({ kind: "category", values });
  for (const word of words) tally.add(word);
  return tally.read();
}
