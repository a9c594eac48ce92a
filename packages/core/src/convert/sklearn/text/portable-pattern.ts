// Patterns spelled so that every engine of ONNX's text operators reads them alike: RE2 (ONNX Runtime) knows \p{L} and
// \x{e9}, Python's re (the reference evaluator of the onnx package) neither. Both take the characters themselves.

import { categoryRanges, isCategory, type Category } from "./unicode-ranges.ts";

/** Of the last few patterns: the usual ones, which all vectorizers share. */
const spelled = new Map<string, string>();
const MAX_SPELLED = 32;
const classes = new Map<Category, string>();

/** `pattern` uses \p{...} inside of bracket expressions only; the categories are those of unicode-ranges.ts, and N. */
export function spellPortably(pattern: string): string {
  let text = spelled.get(pattern);
  if (text === undefined) {
    text = pattern.replace(/\\p\{(\w+)\}|\\x\{([0-9a-f]+)\}/g, (_, category: string | undefined, code: string | undefined) =>
      (category === undefined ? spell(Number.parseInt(code!, 16)) : spellCategory(category)));
    if (spelled.size >= MAX_SPELLED) spelled.clear();
    spelled.set(pattern, text);
  }
  return text;
}

function spellCategory(name: string): string {
  if (name === "N") return spellCategory("Nd") + spellCategory("Nl") + spellCategory("No");
  if (!isCategory(name)) throw new TypeError(`there is no table for the category ${name}`);
  let text = classes.get(name);
  if (text === undefined) {
    text = categoryRanges(name).map(([first, last]) => (first === last ? spell(first) : `${spell(first)}-${spell(last)}`)).join("");
    classes.set(name, text);
  }
  return text;
}

function spell(code: number): string {
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : String.fromCodePoint(code);
}
