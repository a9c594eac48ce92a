// Packages in a store: written and read back byte for byte, with their signatures and attestations as
// referrers. An index of several artifacts gives the one package in it.

import { MEDIA, readLayout, REF_NAME, toJsonBytes, type ModelPackage } from "@slipway/core/package";
import type { BlobStore, Descriptor, StoredManifest } from "./blob-store.ts";
import { readAttachments, writeAttachments } from "./attachments.ts";
import { ociError } from "./errors.ts";
import { parseManifest } from "./parse-manifest.ts";

/** What reading a package needs of a store. */
export type ArtifactSource = Pick<BlobStore, "location" | "readBlob" | "readManifest" | "referrers" | "resolve">;

/** An index within an index ... */
const MAX_DEPTH = 4;
const MAX_CANDIDATES = 100;

export interface PushOptions {
  readonly tag?: string | undefined;
  /** Another repository of the same registry that may hold the blobs already. */
  readonly mountFrom?: string | undefined;
}

/** Blobs first, then the manifest that names them, then what is attached to it. @throws as the store */
export async function pushPackage(store: BlobStore, pkg: ModelPackage, options: PushOptions = {}): Promise<Descriptor> {
  const manifest = pkg.blobs.get(pkg.digest)!;
  await all(parseManifest(manifest, pkg.digest).blobs.map(({ digest }) => store.writeBlob(pkg.blobs.get(digest)!, { mountFrom: options.mountFrom })));
  const written = await store.writeManifest(manifest, { tag: options.tag });
  await writeAttachments(store, pkg.attachments);
  return written;
}

/**
 * With its signatures and attestations.
 * @param reference a tag or digest
 * @throws as the store and the package room
 */
export async function pullPackage(store: ArtifactSource, reference: string): Promise<ModelPackage> {
  const { digest, mediaType, bytes } = await findPackage(store, await store.readManifest(reference));
  const pkg = await readLayout((path, maxBytes) => {
    if (path === "oci-layout") return Promise.resolve(toJsonBytes({ imageLayoutVersion: "1.0.0" }));
    if (path === "index.json") return Promise.resolve(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ mediaType, digest, size: bytes.length, annotations: { [REF_NAME]: "pulled" } }] }));
    const blob = path.slice("blobs/".length).replace("/", ":");
    return blob === digest ? Promise.resolve(bytes) : store.readBlob(blob, { maxBytes, size: maxBytes });
  }, { reference: digest });
  return { ...pkg, attachments: await readAttachments(store, digest) };
}

/** Waits for all of them, so that none goes on after a failure was told. */
async function all(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === "rejected") throw result.reason;
}

async function findPackage(store: ArtifactSource, manifest: StoredManifest): Promise<StoredManifest> {
  const found = new Map<string, StoredManifest>();
  const seen = new Set<string>();
  const look = async (stored: StoredManifest, depth: number): Promise<void> => {
    if (seen.has(stored.digest)) return;
    seen.add(stored.digest);
    if (depth > MAX_DEPTH || seen.size > MAX_CANDIDATES) throw ociError("oci-too-large", `the index at ${store.location} is nested more than ${MAX_DEPTH} deep or names more than ${MAX_CANDIDATES} artifacts`);
    const parsed = parseManifest(stored.bytes, stored.digest, stored.mediaType);
    if (parsed.kind === "manifest") {
      // The one that was asked for is judged by whoever reads it.
      if (depth === 0 || parsed.artifactType === MEDIA.artifact) found.set(stored.digest, stored);
      return;
    }
    // An image for a platform is none; where the index does not tell, the manifest does.
    const entries = parsed.manifests.filter((d) => d.artifactType === undefined || d.artifactType === MEDIA.artifact);
    for (const d of entries) await look(await store.readManifest(d.digest), depth + 1);
  };
  await look(manifest, 0);
  const [first, ...others] = found.values();
  if (!first) throw ociError("oci-not-found", `the index ${manifest.digest} holds no model package`, { where: store.location });
  if (others.length > 0) throw ociError("oci-reference", `the index ${manifest.digest} holds ${found.size} model packages`, { where: store.location, hint: `Say which one by its digest: ${[...found.keys()].slice(0, 20).join(", ")}.` });
  return first;
}
