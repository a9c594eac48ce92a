import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

type SigningCode =
  | "signing-key-malformed" | "signing-key-unsupported" | "signing-key-password" | "signing-no-crypto"
  | "envelope-malformed" | "statement-malformed" | "bundle-malformed" | "bundle-unsupported"
  | "signature-invalid" | "signature-missing" | "statement-mismatch" | "signed-files-differ" | "signed-name"
  | "certificate-malformed" | "certificate-untrusted";

export const signingError: ((code: SigningCode, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<SigningCode, ErrorDefinition>>;
} = defineErrors({
  "signing-key-malformed": { kind: "invalid", doc: "The key is not a PEM file of a public key (PUBLIC KEY) or a private key (PRIVATE KEY, ENCRYPTED PRIVATE KEY, EC PRIVATE KEY), or its contents are damaged." },
  "signing-key-unsupported": { kind: "unsupported", doc: "The key is of a kind that is not used for signing models (only the elliptic curves P-256, P-384 and P-521 are), or it is encrypted in another way than PBES2 with PBKDF2 and AES-CBC. `slipway keys signing create` makes one." },
  "signing-key-password": { kind: "usage", doc: "The private key is encrypted and no password was given, or it is not the right one." },
  "signing-no-crypto": { kind: "unavailable", doc: "This platform offers no Web Crypto (crypto.subtle). Browsers offer it on https and localhost only." },
  "envelope-malformed": { kind: "invalid", doc: "The signature is not a DSSE envelope: a field is missing or has the wrong type, or its base64 is broken." },
  "statement-malformed": { kind: "invalid", doc: "What was signed is not an in-toto statement of version 1, or its predicate lacks a field." },
  "bundle-malformed": { kind: "invalid", doc: "The signature file is not a sigstore bundle: a field is missing or has the wrong type." },
  "bundle-unsupported": { kind: "unsupported", doc: "The sigstore bundle is of a version or holds a kind of signature that is not verified here: another media type than version 0.3, a keyless certificate, a hash other than SHA-256." },
  "signature-invalid": { kind: "failed-check", doc: "The signature was not made by any of the given keys over exactly this content. It was changed after it was signed, or somebody else signed it." },
  "signature-missing": { kind: "failed-check", doc: "There is no signature to verify. `slipway sign` makes one." },
  "statement-mismatch": { kind: "failed-check", doc: "The signature is valid, but says something else than what was asked: another subject or another kind of statement." },
  "signed-files-differ": { kind: "failed-check", doc: "The signature is valid, but the files are not the ones that were signed. The message lists what was changed, added or is missing." },
  "signed-name": { kind: "refused", doc: "A file's name cannot be signed or verified: it is absolute, leads outside its folder, stands twice, or is a symbolic link or something else that is not a file." },
  "certificate-malformed": { kind: "invalid", doc: "A certificate is not PEM or DER of X.509 version 3, or lacks something that is needed." },
  "certificate-untrusted": { kind: "failed-check", doc: "The signing certificate does not lead to one of the given roots, may not sign code, or was not valid at the time." },
});
