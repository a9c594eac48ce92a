// Errors of webhooks.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "webhook-invalid": { kind: "invalid", doc: "A webhook is malformed: its address, events or models. The error says what was expected." },
  "webhook-unknown": { kind: "not-found", doc: "There is no webhook, or no delivery of it, with that id." },
  "webhook-address-refused": { kind: "refused", doc: "The address leads to this machine or into a private network, which is not allowed, or to a public one without TLS. `webhooks.allow` of the configuration names exceptions." },
  "webhook-unreachable": { kind: "unavailable", doc: "The receiver of a webhook could not be reached, or broke off. The call is made again later." },
  "webhook-timeout": { kind: "timeout", doc: "The receiver of a webhook did not answer in time. The call is made again later." },
  "webhook-secret-key": { kind: "unavailable", doc: "A webhook's secret cannot be kept or read: there is no key for it, or not the one that sealed it. On a database that several machines share, give each the same SLIPWAY_SECRETS_KEY." },
  "webhook-limit": { kind: "limit", doc: "There are as many webhooks as a store holds (100). Delete one." },
} as const;

export const webhookError: ErrorMaker<typeof table> = defineErrors(table);
