// Errors of the registry's interface over HTTP.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "body-invalid": { kind: "invalid", doc: "The body or the query of a request to /api/v1 is not what the address takes. The error says which part." },
  "upload-too-large": { kind: "limit", doc: "What is offered is larger than the registry takes (`uploadLimit`)." },
  "upload-empty": { kind: "invalid", doc: "The request to offer a version has no body. Send the package or the model's file." },
  "offer-misnamed": { kind: "conflict", doc: "The package has another name than the model it is offered to. Offer it under its own name, or pack it again with --name." },
  "check-unwanted": { kind: "invalid", doc: "The check file that came beside a model cannot be used: it is no text, or what it came with is a package that was checked already." },
  "job-failed": { kind: "unavailable", doc: "The process that packs or tests a model ended before it was done: too little memory, or killed. Ask again." },
  "job-timeout": { kind: "timeout", doc: "Packing or testing a model took longer than it may." },
  "gate-running": { kind: "conflict", doc: "The gate of this version runs already." },
  "alias-unknown": { kind: "not-found", doc: "The model has no such alias." },
  "attachment-unknown": { kind: "not-found", doc: "The version has no attachment with that id." },
  "card-changed": { kind: "conflict", doc: "Somebody edited the card since it was read. Read it again and edit that." },
  "api-keys-unwritable": { kind: "unavailable", doc: "API keys cannot be made or revoked here: the server's file of keys cannot be written, or its keys come from elsewhere." },
  "gate-none": { kind: "not-found", doc: "The version has no report of the gate, or not one that can be read." },
} as const;

export const apiError: ErrorMaker<typeof table> = defineErrors(table);
