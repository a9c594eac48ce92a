import { predictError } from "./errors.ts";

/** ONNX Runtime's bindings for JavaScript read texts up to their first U+0000: the rest would be lost without a word. @throws request-invalid */
export function refuseNul(texts: readonly string[]): void {
  for (const text of texts) {
    if (text.includes("\0")) throw predictError("request-invalid", "a text holds the character U+0000, at which ONNX Runtime cuts texts off", { hint: "Take it out of the text." });
  }
}
