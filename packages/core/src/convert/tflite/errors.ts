import { defineErrors, type ErrorMaker } from "../../base/index.ts";

const table = {
  "unsupported-operator": { kind: "unsupported", doc: "The TensorFlow Lite model uses an operator, a type or a form of quantization that is not compiled. The message names it." },
} as const;

export const tfliteError: ErrorMaker<typeof table> = defineErrors(table);
