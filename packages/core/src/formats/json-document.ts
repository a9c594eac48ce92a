// JSON of model files (XGBoost, LightGBM's dump_model): bounded in depth before the engine's own parser sees it, and with
// the bare NaN and Infinity that C++ writers print.

import { defineErrors, type ErrorMaker } from "../base/index.ts";

const table = {
  "document-malformed": { kind: "invalid", doc: "A model file in JSON or UBJSON is damaged: cut off, or not what its first bytes say." },
  "document-too-deep": { kind: "limit", doc: "A model file in JSON or UBJSON nests lists or objects deeper than any model does. It was not made by the library." },
} as const;
export const TOO_DEEP_HINT = "It was not made by the library that it is said to be of: save the model again.";
export const documentError: ErrorMaker<typeof table> = defineErrors(table);

/** What JSON and UBJSON files hold. Strongly typed arrays of UBJSON stay typed arrays. */
export type Document = null | boolean | number | string | DocumentNumbers | readonly Document[] | { readonly [key: string]: Document };
export type DocumentNumbers = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** V8 holds no longer text. */
const LONGEST = 0x1fffffe8;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** @throws document-malformed, document-too-deep */
export function readJsonDocument(bytes: Uint8Array, deepest: number): Document {
  if (bytes.length > LONGEST) throw documentError("document-malformed", `${bytes.length} bytes of JSON are more than can be read`, { hint: "Save the model in the binary form of its library (UBJSON, for XGBoost)." });
  const special = scan(bytes, deepest);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw documentError("document-malformed", "the JSON is not UTF-8 text");
  }
  try {
    return JSON.parse(special ? withoutSpecials(text) : text) as Document;
  } catch (error) {
    throw documentError("document-malformed", `the JSON cannot be read: ${(error as Error).message.slice(0, 200)}`, { hint: "The file is cut off or damaged: save it again." });
  }
}

/** Measures the depth outside of strings; tells whether a bare NaN or Infinity stands there. */
function scan(bytes: Uint8Array, deepest: number): boolean {
  let depth = 0;
  let special = false;
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i]!;
    if (b === QUOTE) {
      for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i++;
    } else if (b === 0x5b || b === 0x7b) {
      if (++depth > deepest) throw documentError("document-too-deep", `lists or objects are nested more than ${deepest} deep`, { where: `byte ${i}`, hint: TOO_DEEP_HINT });
    } else if (b === 0x5d || b === 0x7d) depth--;
    else if (b === 0x4e || b === 0x49) special = true;
  }
  return special;
}

/** NaN becomes null and Infinity a number beyond the largest. */
function withoutSpecials(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[^])*"|NaN|Infinity/g, (found) => (found === "NaN" ? "null" : found === "Infinity" ? "1e999" : found));
}
