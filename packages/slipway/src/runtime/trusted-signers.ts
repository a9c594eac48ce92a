// Who must have signed a package before it is used.

import type { ModelPackage } from "@slipway/core/package";
import { certificatesOfPem, readVerificationKey, signingError, verifyPackage } from "@slipway/core/signing";

/** Texts, so that they can be handed to a thread. */
export interface TrustedSigners {
  /** Public keys in PEM: a signature by one of them is enough. */
  readonly keys: readonly string[];
  /** Root certificates in PEM: a signer whose certificate leads to one of them is believed too. */
  readonly roots?: readonly string[] | undefined;
}

/** @throws signature-missing, signature-invalid, signed-files-differ, certificate-untrusted and what reading a signature throws */
export async function requireSignature(pkg: ModelPackage, { keys, roots = [] }: TrustedSigners): Promise<void> {
  await verifyPackage(pkg, { keys: await Promise.all(keys.map(readVerificationKey)), roots: roots.flatMap(certificatesOfPem) });
}

/** A saved model that would be compiled now: nobody can have signed what comes of it. */
export function refuseUnpacked(path: string): Error {
  return signingError("signature-missing", `${JSON.stringify(path)} is no package, and only signed packages are taken`, { hint: "Pack it with slipway pack --sign KEY, and use the package." });
}
