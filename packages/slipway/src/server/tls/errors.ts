import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "tls-options": { kind: "usage", doc: "The TLS options do not go together: a certificate needs its key, and client certificates need an authority." },
  "tls-file": { kind: "invalid", doc: "A certificate or key file cannot be read, or is not in PEM." },
  "tls-certificate": { kind: "invalid", doc: "The certificate is malformed or no longer valid." },
  "tls-key": { kind: "invalid", doc: "The key is malformed, protected with a passphrase, or not that of the certificate." },
} as const;

export const tlsError: ErrorMaker<typeof table> = defineErrors(table);
