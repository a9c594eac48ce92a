import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "monitor-unknown": { kind: "not-found", doc: "Nothing was counted of this model or version: it was not asked yet, or what was counted is older than the store keeps." },
  "monitor-no-profile": { kind: "invalid", doc: "The package has no profile, so there is nothing to compare with. Pack it with `--check check.csv` or `--training train.csv`." },
  "monitor-no-rows": { kind: "invalid", doc: "No row of the file fits the model. `slipway predict` tells what is wrong with each." },
  "monitor-reference": { kind: "invalid", doc: "A reference cannot be made of the period: it is no period, or too few rows were counted in it. Choose another with --from and --to." },
  "monitor-no-store": { kind: "not-found", doc: "There is no store of what was watched. Name the one that the service writes: `--store PATH` or `postgres://...`, or ask the service itself with `--server`." },
  "alert-failed": { kind: "unavailable", doc: "Whom alerts go to did not take one. It is tried again, up to a day; check the address under `monitor.alerts`." },
  "feedback-invalid": { kind: "invalid", doc: "A label cannot be understood: it needs a `prediction_id` or a `key`, and a `label`. The message says which one; nothing was kept of the request." },
  "feedback-limit": { kind: "limit", doc: "Too many labels in one request. Send them in parts." },
} as const;

export const monitorError: ErrorMaker<typeof table> = defineErrors(table);
