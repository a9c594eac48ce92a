import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "rollout-unknown": { kind: "not-found", doc: "There is no such rollout. `slipway rollout history MODEL` lists a model's." },
  "rollout-open": { kind: "conflict", doc: "A rollout of this model goes on already. Wait for its end, or abort it." },
  "rollout-over": { kind: "conflict", doc: "The rollout has ended: nothing can be done to it any more." },
  "rollout-baseline": { kind: "usage", doc: "There is nothing to compare with: the alias names no version yet, or names this one already. Set the first version of an alias with `slipway registry alias`." },
  "rollout-no-way-back": { kind: "conflict", doc: "The alias names no version, or named none before the one in use: there is nothing to go back to. `slipway registry alias MODEL ALIAS` shows where it has been." },
  "rollout-reason": { kind: "usage", doc: "Going back to the version before needs a reason, which the audit log keeps." },
  "rollout-plan": { kind: "invalid", doc: "The plan of a rollout cannot be carried out: a step has less weight than the one before, or there are too many." },
} as const;

export const rolloutError: ErrorMaker<typeof table> = defineErrors(table);
