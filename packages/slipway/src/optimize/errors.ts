// Coded errors of making a model smaller or faster.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "optimize-rows": { kind: "usage", doc: "The rows that a model is to be judged with do not fit: there are too few, they lack the target, or they are no records where a target is named." },
  "optimize-unsupported": { kind: "unsupported", doc: "Something of the package stands outside its graph and belongs to it as it is: items and their vectors, a tokenizer. Optimise the model before it gets them." },
} as const;

export const optimizeError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
