export { MISSING_STRING, type Column, type ColumnType, type Output, type OutputKind, type Scalar, type Signature, type TextNormalization } from "./signature.ts";
export { parseSignature, signatureToJson } from "./parse-signature.ts";
export { type ModelPackage, type PackageManifest, type PackageParts, type PackageSource } from "./types.ts";
export { checkName, checkVersion, nameFromFile, parseManifest } from "./manifest.ts";
export { checksToJson, parseChecks, type Checks, type CheckValue, type Tolerance } from "./checks.ts";
export { buildPackage, writeLayout, writeSlip } from "./oci.ts";
export { readLayout, readSlip, type ReadFile, type ReadOptions } from "./read.ts";
export { sha256 } from "./sha256.ts";
export { packageError } from "./errors.ts";
