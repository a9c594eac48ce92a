// What a text column's `normalize` list asks for, done by the runtime before the graph sees the text: str.lower, and
// scikit-learn's strip_accents_unicode and strip_accents_ascii (feature_extraction/text.py, 1.0 to 1.9).
// ONNX can do none of these exactly: its StringNormalizer lowers without final sigma and dotted capital I, and nothing
// in it decomposes a character. JavaScript's toLowerCase follows the same Unicode rules as Python's.

import { catboostHash } from "./category-hash.ts";
import { asBucketing, textBucket } from "./text-bucket.ts";
import type { TextNormalization } from "./signature.ts";

export function normalizeText(text: string, steps: readonly TextNormalization[]): string {
  let s = text;
  for (const step of steps) {
    if (step === "lowercase") s = s.toLowerCase();
    else if (step === "strip_accents_unicode") s = stripCombining(s);
    else if (step === "catboost_hash") s = catboostHash(s);
    else if (step === "strip_accents_ascii") s = s.normalize("NFKD").replace(/[^\x00-\x7f]/gu, "");
    else s = textBucket(s, asBucketing(step)!);
  }
  return s;
}

function stripCombining(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, (c) => (isCombining(c) ? "" : c));
}

const known = new Map<string, boolean>();

/**
 * Python's unicodedata.combining(c) != 0. Many marks (vowel signs of Indic scripts) have class 0 and stay.
 * JavaScript does not tell the class, but canonical ordering does: a mark of class 1 to 239 moves in front of one of
 * class 240 (U+0345), and one of class 240 behind one of class 1 (U+0334).
 */
function isCombining(c: string): boolean {
  let found = known.get(c);
  if (found === undefined) {
    found = `\u0345${c}`.normalize("NFD") === `${c}\u0345` || `${c}\u0334`.normalize("NFD") === `\u0334${c}` || c === "\u0345" || c === "\u0334";
    known.set(c, found);
  }
  return found;
}
