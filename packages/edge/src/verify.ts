// Whether a trusted key signed exactly this package. A file of its own in the built module: only who asks for it loads it.

import type { ModelPackage } from "@slipway/core/package";
import { readVerificationKey, verifyPackage } from "@slipway/core/signing";

/** @param trust public keys, PEM @returns the key that signed, as `slipway verify` shows it @throws signature-missing, signature-invalid, signed-files-differ, signing-key-malformed, signing-key-unsupported, signing-no-crypto */
export async function verifySigned(source: ModelPackage, trust: readonly string[]): Promise<string> {
  const { key } = await verifyPackage(source, await Promise.all(trust.map((pem) => readVerificationKey(pem))));
  return key.id;
}
