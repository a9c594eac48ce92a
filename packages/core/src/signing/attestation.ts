// Attestations: signed statements about a package, known by its digest. The gate's report is one of the type that in-toto has
// for tests (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md); the whole report stands in it under a name of our
// own, which other verifiers pass by.

import { attach, type ModelPackage } from "../package/index.ts";
import { readBundle } from "./bundle.ts";
import { isBundle, signDigest } from "./cosign.ts";
import { SlipwayError } from "../base/index.ts";
import type { SigningKey, VerificationKey } from "./keys.ts";
import { bundleAttachment, MODEL_SIGNATURE } from "./model-signature.ts";
import { predicateTypeOf } from "./predicate-type.ts";
import { verifyStatement, type VerifiedStatement } from "./statement.ts";

export const TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1";

export interface TestResult {
  readonly result: "PASSED" | "WARNED" | "FAILED";
  /** What the tests were run with: names and digests. */
  readonly configuration: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
  /** The report as `slipway test --json` prints it. */
  readonly "slipway.report"?: unknown;
}

/** The package with one more statement about it; its digest stays. */
export async function attest(pkg: ModelPackage, predicateType: string, predicate: unknown, key: SigningKey): Promise<ModelPackage> {
  return attach(pkg, { ...bundleAttachment(predicateType), bytes: await signDigest(pkg.manifest.name, pkg.digest, predicateType, predicate, key) });
}

/** Every statement about this package by a trusted key, in the order they were added. What strangers say is left out. */
export async function verifiedAttestations(pkg: Pick<ModelPackage, "digest" | "attachments">, keys: readonly VerificationKey[], predicateType?: string): Promise<VerifiedStatement[]> {
  const found: VerifiedStatement[] = [];
  for (const attachment of pkg.attachments) {
    const type = isBundle(attachment) ? predicateTypeOf(attachment.bytes) : undefined;
    if (type === undefined || type === MODEL_SIGNATURE || (predicateType !== undefined && type !== predicateType)) continue;
    try {
      found.push(await verifyStatement(readBundle(attachment.bytes).envelope, keys, { digest: pkg.digest }));
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
    }
  }
  return found;
}
