// oci://HOST/REPOSITORY:TAG -> a package, by way of the cache. A tag is always asked for, since it may have moved. For a
// digest that is in the cache only the list of what is attached to it is asked for; where the registry cannot be reached,
// what it said last stands.

import { SlipwayError } from "@slipway/core/base";
import type { ModelPackage } from "@slipway/core/package";
import { BlobCache, cacheFolder, cacheLimit } from "./blob-cache.ts";
import { DIGEST } from "./digest.ts";
import { ociError } from "./errors.ts";
import { pullPackage, type ArtifactSource } from "./package-artifact.ts";
import { MAX_MANIFEST_BYTES, parseManifest } from "./parse-manifest.ts";
import { formatReference, parseReference, type OciReference } from "./reference.ts";
import type { RegistryOptions } from "./remote/registry-options.ts";
import { RegistryStore } from "./remote/registry-store.ts";

export interface PulledPackage {
  readonly package: ModelPackage;
  /** With the digest of what the tag named: the same bytes whenever it is pulled. */
  readonly pinned: OciReference;
}

const UNREACHABLE: ReadonlySet<string> = new Set(["oci-unavailable", "oci-timeout", "oci-rate-limited"]);

/** @throws oci-reference and what pulling throws */
export async function openReference(text: string, options: RegistryOptions = {}): Promise<PulledPackage> {
  const reference = parseReference(text);
  const wanted = named(reference);
  const env = options.env ?? process.env;
  const cache = new BlobCache(cacheFolder(env, options.home), cacheLimit(env));
  let opened: Promise<RegistryStore> | undefined;
  const registry = (): Promise<RegistryStore> => (opened ??= RegistryStore.open(reference.host, reference.repository, options));
  let pulled = false;
  let reachable = true;
  const keep = async (digest: string, bytes: Uint8Array): Promise<void> => {
    pulled = true;
    await cache.write(digest, bytes);
  };
  let top: string | undefined;
  const blobs: Omit<ArtifactSource, "referrers" | "resolve"> = {
    location: formatReference({ ...reference, tag: undefined, digest: undefined }),
    readManifest: async (name) => {
      const kept = DIGEST.test(name) ? await cache.read(name, { maxBytes: MAX_MANIFEST_BYTES }) : undefined;
      const manifest = kept === undefined ? await (await registry()).readManifest(name) : { digest: name, bytes: kept, mediaType: parseManifest(kept, name).mediaType };
      if (kept === undefined) await keep(manifest.digest, manifest.bytes);
      top ??= manifest.digest;
      return manifest;
    },
    readBlob: async (digest, limits) => {
      const kept = await cache.read(digest, limits);
      if (kept !== undefined) return kept;
      const bytes = await (await registry()).readBlob(digest, limits);
      await keep(digest, bytes);
      return bytes;
    },
  };
  const source: ArtifactSource = {
    ...blobs,
    // The list first; whether cosign's tag is there is asked only where the registry answered.
    referrers: async (digest) => {
      try {
        const found = await (await registry()).referrers(digest);
        await cache.writeReferrers(digest, found);
        return found;
      } catch (error) {
        if (!(error instanceof SlipwayError) || !UNREACHABLE.has(error.code)) throw error;
        reachable = false;
        return cache.readReferrers(digest);
      }
    },
    resolve: async (tag) => (reachable ? (await registry()).resolve(tag) : undefined),
  };
  try {
    const pkg = await pullPackage(source, wanted);
    if (pulled) await cache.trim();
    return { package: pkg, pinned: { ...reference, digest: top ?? pkg.digest } };
  } finally {
    await (await opened?.catch(() => undefined))?.close();
  }
}

/** The reference with the digest that its tag names now. @throws as the registry */
export async function pinReference(text: string, options: RegistryOptions = {}): Promise<string> {
  const reference = parseReference(text);
  if (reference.digest !== undefined) return text;
  const store = await RegistryStore.open(reference.host, reference.repository, options);
  try {
    const digest = await store.resolve(named(reference));
    if (digest === undefined) throw ociError("oci-not-found", `there is no ${text}`);
    return formatReference({ ...reference, digest });
  } finally {
    await store.close();
  }
}

function named({ tag, digest, host, repository }: OciReference): string {
  const wanted = digest ?? tag;
  if (wanted === undefined) throw ociError("oci-reference", `oci://${host}/${repository} has neither a tag nor a digest`, { hint: `Say which one, for example oci://${host}/${repository}:latest.` });
  return wanted;
}
