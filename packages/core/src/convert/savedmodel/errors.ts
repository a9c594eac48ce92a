import { defineErrors, type ErrorMaker, type SlipwayError } from "../../base/index.ts";

const table = {
  "savedmodel-operator": { kind: "unsupported", doc: "A SavedModel's graph uses a TensorFlow operator, a type or an option of one that is not compiled. The message names it and its node." },
  "savedmodel-signature": { kind: "unsupported", doc: "A SavedModel has no signature to serve, or several, or one that takes or gives what is no tensor. Save it with one serving signature." },
  "savedmodel-files": { kind: "invalid", doc: "Files of a SavedModel are missing. It is a folder: saved_model.pb, and its weights in variables/." },
  "savedmodel-malformed": { kind: "invalid", doc: "A SavedModel contradicts itself or is damaged: a node that does not exist, a circle, a weight outside its file, a checksum that does not fit." },
  "savedmodel-limit": { kind: "limit", doc: "A SavedModel asks for more nodes, nested functions or bytes than a model needs." },
} as const;

export const savedModelError: ErrorMaker<typeof table> = defineErrors(table);

export const malformed = (message: string, where?: string): SlipwayError =>
  savedModelError("savedmodel-malformed", message, { where, hint: "Save the model again, or copy the whole folder again." });

/** Text of the file, short and printable. */
export function shown(text: string): string {
  return text.slice(0, 160).replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
}
