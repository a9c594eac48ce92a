// Coded errors of folders that hold a text model.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "text-folder": { kind: "invalid", doc: "The folder holds a tokenizer, but a file beside it cannot be read, or is not what Hugging Face's libraries write. The error names the file." },
  "text-unsupported": { kind: "unsupported", doc: "The text model is for a task, or takes an input, that is not served from such a folder. The error names it." },
} as const;

export const textError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
