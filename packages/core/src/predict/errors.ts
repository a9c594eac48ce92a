// Coded errors of predicting, wherever it runs: rows that do not fit the model, and engines that fail.

import { defineErrors, type ErrorDetails, type SlipwayError } from "../base/index.ts";

const table = {
  "runtime-load-failed": { kind: "invalid", doc: "ONNX Runtime does not accept the compiled model. The package is damaged, or needs a newer ONNX Runtime." },
  "runtime-failed": { kind: "internal", doc: "The engine failed while it computed a prediction. Nothing is wrong with the request; report it with the model's digest." },
  "kernel-not-able": { kind: "unsupported", doc: "The model was to be served by Slipway's own kernel, which does not know an operator of it. The error names the operator; ONNX Runtime serves the model." },
  "request-invalid": {
    kind: "invalid",
    doc: "Rows of the request do not fit the model's columns. The error lists row, column, what was expected and what was found, and shows a valid request.",
  },
  "request-shape": { kind: "invalid", doc: "The request is none of the forms that are understood: records, rows, columns, texts or CSV. The error shows a valid request." },
  "request-limit": { kind: "limit", doc: "The request has more rows, nesting or columns than allowed. Send it in parts." },
  "image-unwanted": { kind: "unsupported", doc: "The model does not take images: its one input is no [N, H, W, C] or [N, C, H, W] of one, three or four channels. Send tensors." },
  "audio-unwanted": { kind: "unsupported", doc: "A sound was sent to a model whose package does not say how sounds become its tensor." },
  "image-option": { kind: "invalid", doc: "How a picture is to become a tensor (resize, order, scale, mean, std) is not said in a way that this model's tensor allows." },
  "output-unknown": { kind: "invalid", doc: "An output was asked for by a name that the model does not have. The error lists the names." },
} as const;

export const predictError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
