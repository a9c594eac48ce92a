// Packages and attachments in the OCI store. Blobs first, then the manifest that names them: a store that was left in the
// middle has blobs too many, never one too few.

import { setTimeout as sleep } from "node:timers/promises";
import { MEDIA, readLayout, REF_NAME, toJsonBytes, type ModelPackage } from "@slipway/core/package";
import { digestOf, MEDIA_TYPE, readAttachments, type BlobStore } from "../oci/index.ts";

const MAX_PACKAGE_PART = 2 ** 31 - 1;
const EMPTY = new TextEncoder().encode("{}");

/** The tag by which a version is found with other tools; what is too long for a tag is cut. */
export function versionTag(model: string, version: number): string {
  const end = `-v${version}`;
  return `${model.slice(0, 128 - end.length)}${end}`;
}
/** The tag that a package has from its first moment on: a registry's own clean-up takes what has none. */
export function digestTag(model: string, digest: string): string {
  const end = `-${digest.slice("sha256:".length, "sha256:".length + 16)}`;
  return `${model.slice(0, 128 - end.length)}${end}`;
}

export function storePackage(blobs: BlobStore, pkg: ModelPackage): Promise<void> {
  return patiently("oci-incomplete", async () => {
    for (const [digest, bytes] of pkg.blobs) if (digest !== pkg.digest) await blobs.writeBlob(bytes);
    await blobs.writeManifest(pkg.blobs.get(pkg.digest)!, { tag: digestTag(pkg.manifest.name, pkg.digest) });
  });
}

const TRIES = 6;

/**
 * Again where a registry does not see for a moment what it holds: Docker's rewrites its links in place, so that whoever
 * looks while another stores the same content finds nothing.
 */
export async function patiently<T>(code: string, work: () => Promise<T>): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== code || i >= TRIES) throw error;
      await sleep(50 * 2 ** i * (0.5 + Math.random()));
    }
  }
}

/** A store, or what else has manifests and blobs; one that knows of no referrers has no signatures. */
export type PackageSource = Pick<BlobStore, "readManifest" | "readBlob"> & Partial<Pick<BlobStore, "referrers" | "resolve">>;

function hasReferrers(source: PackageSource): source is PackageSource & Pick<BlobStore, "referrers" | "resolve"> {
  return source.referrers !== undefined && source.resolve !== undefined;
}

/** The whole package with its signatures and attestations; every byte was hashed. @throws oci-not-found and what else the store and the package room throw */
export async function loadPackage(blobs: PackageSource, digest: string, packageVersion: string): Promise<ModelPackage> {
  const { bytes, mediaType } = await blobs.readManifest(digest);
  const pkg = await readLayout(async (path, maxBytes) => {
    if (path === "oci-layout") return toJsonBytes({ imageLayoutVersion: "1.0.0" });
    if (path === "index.json") {
      return toJsonBytes({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ mediaType, digest, size: bytes.length, annotations: { [REF_NAME]: packageVersion }, artifactType: MEDIA.artifact }] });
    }
    const blob = path.slice("blobs/".length).replace("/", ":");
    return blob === digest ? bytes : blobs.readBlob(blob, { maxBytes: Math.min(maxBytes, MAX_PACKAGE_PART) });
  }, { reference: digest });
  return { ...pkg, attachments: hasReferrers(blobs) ? await readAttachments(blobs, digest) : [] };
}

export interface Referrer {
  readonly subject: string;
  readonly mediaType: string;
  readonly artifactType: string;
  readonly bytes: Uint8Array;
  readonly title: string;
}

/** Stores bytes as an artifact whose subject is a package (image-spec 1.1, "guidelines for artifact usage"). */
export function storeReferrer(blobs: BlobStore, referrer: Referrer): Promise<{ digest: string; manifestDigest: string }> {
  return patiently("oci-incomplete", () => writeReferrer(blobs, referrer));
}

async function writeReferrer(blobs: BlobStore, { subject, mediaType, artifactType, bytes, title }: Referrer): Promise<{ digest: string; manifestDigest: string }> {
  const subjectSize = (await patiently("oci-not-found", () => blobs.readManifest(subject))).bytes.length;
  const digest = await blobs.writeBlob(bytes);
  const config = await blobs.writeBlob(EMPTY);
  const manifest = toJsonBytes({
    schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, artifactType,
    config: { mediaType: MEDIA_TYPE.empty, digest: config, size: EMPTY.length },
    layers: [{ mediaType, digest, size: bytes.length, annotations: { "org.opencontainers.image.title": title } }],
    subject: { mediaType: MEDIA_TYPE.manifest, digest: subject, size: subjectSize },
  });
  await blobs.writeManifest(manifest);
  return { digest, manifestDigest: await digestOf(manifest) };
}
