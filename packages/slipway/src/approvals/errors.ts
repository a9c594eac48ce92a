// Errors of requests, decisions and policies.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "policy-unmet": { kind: "refused", doc: "The alias may not name this version yet. The error lists what is missing: approvals, a group's approval, a green gate report, a signature." },
  "policy-invalid": { kind: "usage", doc: "A policy under `approvals` of the configuration cannot be kept: a name is none, or its numbers contradict each other." },
  "request-unknown": { kind: "not-found", doc: "There is no request with that id." },
  "request-open": { kind: "conflict", doc: "The same release is asked for already. The error gives the open request's id." },
  "request-closed": { kind: "conflict", doc: "The request was promoted, rejected, withdrawn, or has expired. Open a new one." },
  "decision-invalid": { kind: "invalid", doc: "A request, a decision or a comment is malformed. The error says what was expected." },
  "decision-repeated": { kind: "conflict", doc: "This person has approved the request already, perhaps with another key. One person counts once." },
  "decision-by-author": { kind: "refused", doc: "Who offered the version asks to approve it, which the policy does not allow." },
  "group-foreign": { kind: "refused", doc: "The decision is given for a group that the person does not speak for. Groups stand in their key or token." },
  "envelope-foreign": { kind: "refused", doc: "A decision's envelope does not say what was decided: another package, request, alias, person or decision, or it is signed by no key of this person." },
  "person-key-exists": { kind: "conflict", doc: "The public key is registered already, or was. Make a new one." },
  "person-key-unknown": { kind: "not-found", doc: "The person has no public key with that id." },
  "not-yours": { kind: "refused", doc: "Only who opened a request, or an administrator, may withdraw it." },
  "override-reason": { kind: "invalid", doc: "Moving an alias past its policy needs a reason of ten characters or more." },
} as const;

export const approvalError: ErrorMaker<typeof table> = defineErrors(table);
