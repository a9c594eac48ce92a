// Signatures and attestations of a package in a store: referrers of its manifest, one layer each, as cosign 2.4 and later and
// OpenSSF Model Signing have them; and what cosign keeps under the tag sha256-<hex>.sig. Reports, cards and whatever else
// refers to the package stay where they are.

import { EMPTY_CONFIG, makeAttachment, type Attachment } from "@slipway/core/package";
import type { BlobStore } from "./blob-store.ts";
import { parseManifest } from "./parse-manifest.ts";

const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE = "dev.cosignproject.cosign/signature";
const TRAVELLING: readonly string[] = [BUNDLE, SIMPLE_SIGNING];
const MAX = 200;
const MAX_BYTES = 16 << 20;

/** Where cosign keeps its signatures of an artifact. */
export function cosignTag(digest: string): string {
  return `${digest.replace(":", "-")}.sig`;
}

/** Blobs first, then the manifest that names them; writing the same again changes nothing. @throws as the store */
export async function writeAttachments(store: BlobStore, attachments: readonly Attachment[]): Promise<void> {
  for (const { bytes, manifest } of attachments) {
    await store.writeBlob(EMPTY_CONFIG.bytes);
    await store.writeBlob(bytes);
    await store.writeManifest(manifest);
  }
}

/** What of the package with this digest was signed and attested; of each the bytes were hashed. @throws as the store */
export async function readAttachments(store: Pick<BlobStore, "readManifest" | "readBlob" | "referrers" | "resolve">, subject: string): Promise<Attachment[]> {
  const found: Attachment[] = [];
  // What go-containerregistry writes into the fallback tag is the configuration's type in place of the artifact's.
  const manifests = (await store.referrers(subject)).filter((d) => d.artifactType === undefined || d.artifactType === EMPTY_CONFIG.mediaType || TRAVELLING.includes(d.artifactType)).slice(0, MAX);
  for (const { digest } of manifests) {
    const { bytes: manifest } = await store.readManifest(digest);
    const parsed = parseManifest(manifest, digest);
    const [, layer, ...more] = parsed.blobs;
    if (parsed.kind !== "manifest" || parsed.subject?.digest !== subject || layer === undefined || more.length > 0 || !TRAVELLING.includes(layer.mediaType)) continue;
    found.push({ artifactType: parsed.artifactType ?? layer.mediaType, mediaType: layer.mediaType, annotations: parsed.annotations, bytes: await store.readBlob(layer.digest, { maxBytes: MAX_BYTES, size: layer.size }), manifest, digest });
  }
  return [...found, ...(await cosignSignatures(store, subject, found))];
}

async function cosignSignatures(store: Pick<BlobStore, "readManifest" | "readBlob" | "resolve">, subject: string, known: readonly Attachment[]): Promise<Attachment[]> {
  const at = await store.resolve(cosignTag(subject));
  if (at === undefined) return [];
  const { bytes, mediaType } = await store.readManifest(at);
  const found: Attachment[] = [];
  const size = (await store.readManifest(subject)).bytes.length;
  for (const layer of parseManifest(bytes, at, mediaType).blobs.slice(1, MAX)) {
    const signature = layer.annotations !== undefined && Object.hasOwn(layer.annotations, SIGNATURE) ? layer.annotations[SIGNATURE] : undefined;
    if (layer.mediaType !== SIMPLE_SIGNING || signature === undefined) continue;
    const made = await makeAttachment({ digest: subject, size }, { artifactType: SIMPLE_SIGNING, bytes: await store.readBlob(layer.digest, { maxBytes: MAX_BYTES, size: layer.size }), annotations: { [SIGNATURE]: signature } });
    if (!known.some((a) => a.digest === made.digest)) found.push(made);
  }
  return found;
}
