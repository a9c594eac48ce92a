import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "monitor-unknown": { kind: "not-found", doc: "Nothing was counted of this model or version: it was not asked yet, or what was counted is older than the store keeps." },
  "feedback-invalid": { kind: "invalid", doc: "A label cannot be understood: it needs a `prediction_id` or a `key`, and a `label`. The message says which one; nothing was kept of the request." },
  "feedback-limit": { kind: "limit", doc: "Too many labels in one request. Send them in parts." },
} as const;

export const monitorError: ErrorMaker<typeof table> = defineErrors(table);
