// Errors of who asks.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "credentials-missing": { kind: "unauthenticated", doc: "This address needs a key or a token. Send `Authorization: Bearer ...` (or `X-Api-Key`)." },
  "credentials-refused": { kind: "unauthenticated", doc: "The key or token is not one that this server believes: unknown, revoked, damaged, or made for another audience." },
  "credentials-expired": { kind: "unauthenticated", doc: "The key or token was valid once; its time is over. Get a new one." },
  forbidden: { kind: "refused", doc: "Who asks is known and may not do this: their roles do not allow the action, or the model is not theirs." },
  "admin-closed": { kind: "refused", doc: "Acts of administration are not taken on this port. Start the server with `--admin-port`, and ask there." },
  "rate-limited": { kind: "exhausted", doc: "This client asks more often than it may. `Retry-After` says when to ask again." },
  "quota-exhausted": { kind: "exhausted", doc: "This client has used up its rows, or its tokens, of the day. `Retry-After` says when the next day begins (UTC)." },
  "origin-refused": { kind: "refused", doc: "A web page of another origin asks, which this server was not told to answer (`--cors-origin`)." },
  "auth-config": { kind: "usage", doc: "The settings of authentication cannot be used: the error names which and why." },
  "key-file": { kind: "invalid", doc: "The file of API keys cannot be read or is none. `slipway keys create` makes one." },
  "key-unknown": { kind: "not-found", doc: "There is no key with that id. `slipway keys list` shows them." },
} as const;

export const authError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
