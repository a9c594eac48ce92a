// Errors of the dashboard and of signing in.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "dashboard-missing": { kind: "internal", doc: "The dashboard's files are not there, or could not be built from a checkout. Install the package again, or run `npm ci` in the checkout." },
  "sign-in-refused": { kind: "unauthenticated", doc: "Signing in did not succeed: the link was used already or is too old, the provider refused, or its answer does not belong to this browser. The error says which. Begin anew." },
  "sign-in-invalid": { kind: "invalid", doc: "A request to sign in is malformed. It is {\"key\": \"...\"} or {\"code\": \"...\"}." },
  "sign-in-provider": { kind: "unavailable", doc: "The OpenID Connect provider does not answer, or not as it should. The error says what it did." },
} as const;

export const dashboardError: ErrorMaker<typeof table> = defineErrors(table);
