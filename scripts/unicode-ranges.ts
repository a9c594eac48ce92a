// Writes packages/core/src/convert/sklearn/text/unicode-ranges.generated.ts: the ranges of the general categories that
// Python's \w and \d are made of, from this Node's Unicode, so that no conversion has to look for them.
//   node scripts/unicode-ranges.ts

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TOP = 0x10ffff;

/** [first, last, first, last, ...] */
function rangesOf(category: string): number[] {
  const test = new RegExp(`\\p{${category}}`, "u");
  const out: number[] = [];
  let inside = false;
  for (let code = 0; code <= TOP + 1; code++) {
    const now = code <= TOP && test.test(String.fromCodePoint(code));
    if (now !== inside) out.push(now ? code : code - 1);
    inside = now;
  }
  return out;
}

const lines = ["L", "Nd", "Nl", "No"].map((category) => {
  let last = 0;
  const steps = rangesOf(category).map((code) => {
    const step = code - last;
    last = code;
    return step.toString(36);
  });
  return `  ${category}: "${steps.join(" ")}",`;
});
const text = `// General categories of Unicode ${process.versions["unicode"]}: written by scripts/unicode-ranges.ts; do not edit.
// Per category the first and the last code point of every range, in order: base 36, each less the one before it.

export const UNICODE_RANGES: Readonly<Record<"L" | "Nd" | "Nl" | "No", string>> = {
${lines.join("\n")}
};
`;
writeFileSync(fileURLToPath(new URL("../packages/core/src/convert/sklearn/text/unicode-ranges.generated.ts", import.meta.url)), text);
