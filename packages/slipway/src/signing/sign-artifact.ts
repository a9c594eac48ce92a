// Signs a package in an OCI registry, so that Slipway, the reference tool of OpenSSF Model Signing and cosign find what they
// look for: a bundle over the files and a bundle over the manifest's digest, both referrers, and cosign's older form under
// the tag sha256-<hex>.sig.

import { JsonObject, makeAttachment, parseJson, sha256, toJsonBytes, type ModelPackage } from "@slipway/core/package";
import { bundleAttachment, COSIGN_SIGN, COSIGN_SIGNATURE, signDigest, signPackage, signSimple, SIMPLE_SIGNING, type SigningKey } from "@slipway/core/signing";
import { cosignTag, MEDIA_TYPE, ociError, writeAttachments, type BlobStore } from "../oci/index.ts";

/** @param repository "host/team/churn" @throws as the store */
export async function signArtifact(store: BlobStore, repository: string, pkg: ModelPackage, key: SigningKey, options: { readonly certificates?: readonly Uint8Array[] } = {}): Promise<void> {
  const subject = { digest: pkg.digest, size: pkg.blobs.get(pkg.digest)!.length };
  const files = (await signPackage({ ...pkg, attachments: [] }, key, options)).attachments;
  await writeAttachments(store, files);
  await signManifest(store, repository, subject, key);
}

/**
 * Signs any manifest or index in a store, such as an image's, so that cosign verifies it: a bundle as its referrer and the
 * older form under the tag sha256-<hex>.sig.
 * @param repository "host/team/churn" @throws as the store
 */
export async function signManifest(store: BlobStore, repository: string, subject: { readonly digest: string; readonly size: number; readonly mediaType?: string }, key: SigningKey): Promise<void> {
  await writeAttachments(store, [await makeAttachment(subject, { ...bundleAttachment(COSIGN_SIGN), bytes: await signDigest("", subject.digest, COSIGN_SIGN, {}, key) })]);
  await writeCosignTag(store, repository, subject.digest, key);
}

/** What others signed stays: the signature is added to those that are there. */
async function writeCosignTag(store: BlobStore, repository: string, digest: string, key: SigningKey): Promise<void> {
  const { payload, signature } = await signSimple(repository, digest, key);
  const tag = cosignTag(digest);
  const layer = { mediaType: SIMPLE_SIGNING, digest: await store.writeBlob(payload), size: payload.length, annotations: { [COSIGN_SIGNATURE]: signature } };
  const layers = [...(await layersAt(store, tag)), layer];
  const config = toJsonBytes({ architecture: "", created: "0001-01-01T00:00:00Z", os: "", config: {}, history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })), rootfs: { type: "layers", diff_ids: layers.map((l) => l.digest) } });
  await store.writeBlob(config);
  await store.writeManifest(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.imageConfig, digest: `sha256:${await sha256(config)}`, size: config.length }, layers }), { tag });
}

async function layersAt(store: BlobStore, tag: string): Promise<{ readonly digest: string }[]> {
  if ((await store.resolve(tag)) === undefined) return [];
  const fail = (message: string, where: string): ReturnType<typeof ociError> => ociError("oci-malformed", message, { where: `${tag}: ${where}` });
  return new JsonObject(parseJson((await store.readManifest(tag)).bytes, tag, fail), tag, fail).array("layers", 100, (item, where) => {
    new JsonObject(item, where, fail).string("digest");
    return item as { readonly digest: string };
  });
}
