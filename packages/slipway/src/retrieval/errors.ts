// Coded errors of folders that are indexed.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "index-folder": { kind: "invalid", doc: "The folder cannot be indexed: it has no Markdown and no text in it, or a file is no UTF-8. The message names it." },
  "index-limit": { kind: "limit", doc: "The folder has more, or larger, documents than one index takes. Index parts of it, each as a model of its own." },
  "index-embedder": { kind: "unsupported", doc: "The model does not turn a text into one vector: an embedding model's folder, or a text pipeline that ends in a transformer (TfidfVectorizer, TruncatedSVD) does." },
} as const;

export const retrievalError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
