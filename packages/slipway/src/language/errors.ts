// Coded errors of language models.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "llama-missing": { kind: "unavailable", doc: "Language models in GGUF files are run by node-llama-cpp, which is not installed with Slipway: `npm install node-llama-cpp`, in the folder you start from." },
  "language-load-failed": { kind: "invalid", doc: "The engine does not accept the GGUF file, or it does not fit into the memory there is. The message is the engine's." },
  "language-request": { kind: "invalid", doc: "The request is not one that the OpenAI-compatible interface takes. The error names the field." },
  "language-unsupported": { kind: "unsupported", doc: "The request asks for something that this server, or this model, does not do. The error names it; nothing of it is left out silently." },
  "context-length": { kind: "limit", doc: "The prompt, with the tokens that are to be written, is longer than the model's context. Shorten the conversation, ask for fewer tokens, or start the server with a larger `--context`." },
  "language-guard": { kind: "invalid", doc: "What was asked breaks a rule of the server's (`language.guards` of its configuration). `data.rule` names it." },
  "language-busy": { kind: "exhausted", doc: "All slots of the language model are taken and its queue is full. Ask again after `Retry-After`, or give it more slots (`--slots`)." },
  "language-lost": { kind: "unavailable", doc: "The process of the language model ended before it answered. It is started again; ask again." },
  "language-failed": { kind: "internal", doc: "The engine failed while it wrote an answer. The message is the engine's." },
} as const;

export const languageError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
