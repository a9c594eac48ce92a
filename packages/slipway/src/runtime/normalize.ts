// What a text column's `normalize` list asks for, before the graph sees the text: as str.lower and scikit-learn's
// strip_accents_unicode (NFKD without combining marks) and strip_accents_ascii (NFKD, ASCII only) do.

import type { TextNormalization } from "@slipway/core/package";

export function normalizeText(text: string, steps: readonly TextNormalization[]): string {
  let s = text;
  for (const step of steps) {
    if (step === "lowercase") s = s.toLowerCase();
    else if (step === "strip_accents_unicode") s = s.normalize("NFKD").replace(/\p{Mn}/gu, "");
    else s = s.normalize("NFKD").replace(/[^\x00-\x7f]/g, "");
  }
  return s;
}
