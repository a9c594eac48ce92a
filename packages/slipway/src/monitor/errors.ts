import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "monitor-unknown": { kind: "not-found", doc: "Nothing was counted of this model or version: it was not asked yet, or what was counted is older than the store keeps." },
} as const;

export const monitorError: ErrorMaker<typeof table> = defineErrors(table);
