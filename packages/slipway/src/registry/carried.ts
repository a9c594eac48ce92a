// Signatures and other attestations that came along in a package's file: they become attachments of the version, and go
// along again when the package is pulled.

import { attach, sha256, type ModelPackage } from "@slipway/core/package";
import { BUNDLE_TYPE, bundleAttachment, MODEL_SIGNATURE, predicateTypeOf } from "@slipway/core/signing";
import type { Actor } from "../audit/index.ts";
import { addAttachment, attachmentsOf, readAttachment } from "./attachments.ts";
import type { RegistryContext } from "./context.ts";

/** Attaches what the version does not have yet. */
export async function keepCarried(context: RegistryContext, pkg: ModelPackage, version: number, actor: Actor): Promise<void> {
  if (pkg.attachments.length === 0) return;
  const model = pkg.manifest.name;
  const there = new Set((await attachmentsOf(context.database, model, version)).map((a) => a.digest));
  for (const { bytes, mediaType, artifactType } of pkg.attachments) {
    if (there.has(`sha256:${await sha256(bytes)}`)) continue;
    const kind = mediaType !== BUNDLE_TYPE ? "attestation" : predicateTypeOf(bytes) === MODEL_SIGNATURE ? "signature" : "attestation";
    await addAttachment(context, model, version, { kind, mediaType, artifactType, bytes, actor });
  }
}

/** The package with the bundles that are attached to its version. */
export async function withCarried(context: RegistryContext, pkg: ModelPackage, version: number): Promise<ModelPackage> {
  let carrying = pkg;
  for (const attachment of await attachmentsOf(context.database, pkg.manifest.name, version)) {
    if (attachment.mediaType !== BUNDLE_TYPE) continue;
    const bytes = await readAttachment(context, attachment);
    const predicateType = predicateTypeOf(bytes);
    if (predicateType !== undefined) carrying = await attach(carrying, { ...bundleAttachment(predicateType), bytes });
  }
  return carrying;
}
