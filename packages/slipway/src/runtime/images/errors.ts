// Coded errors of folders that hold an image model.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "image-folder": { kind: "invalid", doc: "The folder tells how images are prepared, but a file in it cannot be read, or is not what Hugging Face's libraries write. The error names the file." },
  "image-preparation": { kind: "unsupported", doc: "Images are prepared in a way that is not done, or is not described completely. The error names it: nothing of it is left out silently." },
  "picture-task": { kind: "invalid", doc: "What the model is to be for (--task) does not go with its network: the error names the outputs that were found and those that were expected, or what of the task's description is not so." },
} as const;

export const imageError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
