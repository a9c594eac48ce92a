import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

type PackageCode =
  | "package-not-a-package" | "package-malformed" | "package-missing-part" | "package-corrupt" | "package-too-large"
  | "package-ambiguous" | "package-not-found" | "package-signature" | "package-manifest" | "package-checks" | "package-profile" | "package-recommend" | "package-lags"
  | "package-name" | "package-version" | "package-no-hashing"
  | "package-check-empty" | "package-check-columns" | "package-check-value" | "package-check-output";

export const packageError: ((code: PackageCode, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<PackageCode, ErrorDefinition>>;
} = defineErrors({
  "package-not-a-package": { kind: "invalid", doc: "The file or folder is not a Slipway package (a .slip file or an OCI image layout holding a ModelPack artifact made by Slipway)." },
  "package-malformed": { kind: "invalid", doc: "The package's OCI manifest, index or configuration does not follow its specification. Pack the model again." },
  "package-missing-part": { kind: "invalid", doc: "The package lacks something it names or must hold: a blob, the model, the signature. It was copied incompletely; copy it again." },
  "package-corrupt": { kind: "refused", doc: "A part's size or SHA-256 differs from what the package's manifest says. It was damaged or changed after it was packed; get it again from its source." },
  "package-too-large": { kind: "limit", doc: "A part of the package is larger than allowed." },
  "package-ambiguous": { kind: "invalid", doc: "The layout holds several packages. Say which one by its reference name or digest." },
  "package-not-found": { kind: "not-found", doc: "The layout holds no package with this reference name or digest." },
  "package-signature": { kind: "invalid", doc: "signature.json is not a valid signature: a field is missing, has the wrong type or contradicts another." },
  "package-manifest": { kind: "invalid", doc: "slipway.json is not a valid package manifest: a field is missing or has the wrong type." },
  "package-checks": { kind: "invalid", doc: "checks.json is not valid: a field is missing or has the wrong type, or its rows do not agree in number." },
  "package-profile": { kind: "invalid", doc: "profile.json is not valid: a field is missing or has the wrong type, or its counts do not add up. Pack the model again." },
  "package-check-empty": { kind: "invalid", doc: "The check file has no rows. Write at least one row with the model's inputs and what it predicted." },
  "package-check-columns": { kind: "invalid", doc: "The check file's columns do not fit the model: an input is missing, nothing says what was predicted, or two columns mean the same output." },
  "package-check-value": { kind: "invalid", doc: "A value of the check file is not of its column's type. The message names the row (from 1) and the column." },
  "package-check-output": { kind: "invalid", doc: "The checks do not fit the model's outputs: an output is missing or has another number of values. Pack the model again with its check file." },
  "package-recommend": { kind: "invalid", doc: "recommend.json is not valid: a field is missing or has the wrong type, or an item is there twice. Pack the model again." },
  "package-lags": { kind: "invalid", doc: "The file given as --lags does not tell where the model's columns come from: a key is unknown or of the wrong type, a column is not the model's, or one of the model's is left out. The message says which." },
  "package-name": { kind: "usage", doc: "A package's name has letters, digits, '.', '_' and '-' (at most 128), starting with a letter or digit." },
  "package-version": { kind: "usage", doc: "A package's version is a semantic version such as 1.0.0 or 2.1.0-rc.1." },
  "package-no-hashing": { kind: "unavailable", doc: "This platform offers no Web Crypto (crypto.subtle). Browsers offer it on https and localhost only." },
});
