import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "registry-reference": { kind: "usage", doc: "Not a reference to a version of the registry. Write NAME, NAME:3, NAME@ALIAS or NAME@sha256:DIGEST." },
  "registry-alias-name": { kind: "usage", doc: "An alias has letters, digits, '.', '_' and '-' (at most 64) and begins with a letter; `latest` always is the newest version and cannot be set." },
  "registry-not-found": { kind: "not-found", doc: "The registry holds no such model, version, alias or attachment. `slipway registry list` shows the models." },
  "registry-version-removed": { kind: "not-found", doc: "The version was removed: the registry knows that there was one, its package is gone. Offer the same package again and it is back under its number." },
  "registry-alias-moved": { kind: "conflict", doc: "The alias does not name the version that was expected: somebody moved it meanwhile. Look at it again, then decide again." },
  "registry-in-use": { kind: "conflict", doc: "The version cannot be removed: an alias, an open request or a rollout needs it. The message says which." },
  "registry-lineage": { kind: "usage", doc: "What was said about where the version comes from cannot be: its parent is no version of the model, or a text is too long." },
  "registry-attachment": { kind: "invalid", doc: "What is to be attached to a version is too large, or its kind, media type or summary is not what is allowed." },
  "registry-attachment-newer": { kind: "conflict", doc: "Somebody attached a newer one since it was looked at: a card that two people edit. Read it again and edit that." },
  "registry-policy": { kind: "usage", doc: "A rule of what is kept is not complete: it needs the number of versions to keep, one at least." },
  "registry-export": { kind: "invalid", doc: "The folder or file is not an export of a registry, was cut off, or was changed. Copy it again, or export again." },
  "registry-export-exists": { kind: "usage", doc: "The export's target exists already. Name another, or remove it." },
  "registry-damaged": { kind: "failed-check", doc: "The registry's tables, blobs and audit log do not fit together. `slipway registry verify` lists every place." },
} as const;

export const registryError: ErrorMaker<typeof table> = defineErrors(table);
