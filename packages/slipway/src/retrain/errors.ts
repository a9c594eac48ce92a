import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "retrain-unknown": { kind: "not-found", doc: "There is no such training. GET /api/v1/retrains lists them." },
  "retrain-open": { kind: "conflict", doc: "The model is being trained anew already. Wait for its end, or cancel it." },
  "retrain-over": { kind: "conflict", doc: "The training has ended, or is at another stage: no version can be handed in." },
  "retrain-unattended": { kind: "unavailable", doc: "No `slipway up` runs on this store, so nobody carries the training out, and looking on would never end. Start one there, or name the service with --server." },
  "retrain-settings": { kind: "usage", doc: "What stands under `retrain` of the configuration cannot be carried out: no model of that name is set, a metric without a bound, a schedule that is none." },
  "retrain-command": { kind: "failed-check", doc: "The program that trains could not be started, ended with an error, took too long, or left no file. Its last output is kept with the training." },
} as const;

export const retrainError: ErrorMaker<typeof table> = defineErrors(table);
