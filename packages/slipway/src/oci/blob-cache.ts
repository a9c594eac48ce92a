// What was pulled before, by digest, in the user's cache folder: pulled once, read many times. Nothing in it is believed:
// every byte is hashed again, and what is damaged is removed and pulled anew. Least recently used blobs go first.

import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { toJsonBytes } from "@slipway/core/package";
import type { Descriptor, ReadBlobOptions } from "./blob-store.ts";
import { DIGEST, digestOf } from "./digest.ts";
import { ociError } from "./errors.ts";
import { writeAtomically } from "./layout/atomic-write.ts";
import { MAX_MANIFEST_BYTES, MEDIA_TYPE, parseManifest } from "./parse-manifest.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_LIMIT = 10 * 2 ** 30;
/** Temporary files of processes that were killed. */
const LEFT_OVER_MS = 86_400_000;

/** SLIPWAY_CACHE, or the platform's own place for such things. */
export function cacheFolder(env: Variables, home: string = homedir()): string {
  const own = env["SLIPWAY_CACHE"];
  if (own !== undefined && own !== "") return own;
  if (process.platform === "darwin") return join(home, "Library", "Caches", "slipway");
  if (process.platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "slipway", "Cache");
  return join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "slipway");
}

/** SLIPWAY_CACHE_LIMIT: bytes, or with K, M, G or T. 10 GiB by default; 0 keeps nothing. @throws oci-cache */
export function cacheLimit(env: Variables): number {
  const text = env["SLIPWAY_CACHE_LIMIT"];
  if (text === undefined || text === "") return DEFAULT_LIMIT;
  const match = /^([0-9]{1,15})([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  if (!match) throw ociError("oci-cache", `SLIPWAY_CACHE_LIMIT is ${JSON.stringify(text.slice(0, 50))}; it must be a number of bytes such as 20G`);
  return Number(match[1]) * 1024 ** ["", "K", "M", "G", "T"].indexOf(match[2]!.toUpperCase());
}

export class BlobCache {
  readonly folder: string;
  readonly #limit: number;

  constructor(folder: string, limitBytes: number) {
    this.folder = folder;
    this.#limit = limitBytes;
  }

  /** The blob as it was, or undefined. */
  async read(digest: string, { maxBytes, size }: ReadBlobOptions): Promise<Uint8Array | undefined> {
    if (this.#limit === 0) return undefined;
    const path = this.#path(digest);
    const info = await stat(path).catch(() => undefined);
    if (!info?.isFile()) return undefined;
    const usable = info.size <= maxBytes && (size === undefined || info.size === size);
    const bytes = usable ? await readFile(path).catch(() => undefined) : undefined;
    if (bytes !== undefined && (await digestOf(bytes)) === digest) {
      const now = new Date();
      await utimes(path, now, now).catch(() => {});
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    // A larger one may be sound, and wanted by someone who takes more.
    if (info.size <= maxBytes) await rm(path, { force: true }).catch(() => {});
    return undefined;
  }

  /** A cache that cannot be written is none: nothing fails. */
  async write(digest: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#limit) return;
    try {
      await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
      await writeAtomically(this.#path(digest), bytes, this.#temporary);
    } catch {
      // Full or read-only: the blob is pulled again next time.
    }
  }

  /** What a registry said last about a digest's referrers: names only, each of which is hashed when it is read. */
  async readReferrers(digest: string): Promise<readonly Descriptor[]> {
    const bytes = await readFile(this.#list(digest)).catch(() => undefined);
    if (bytes === undefined || bytes.length > MAX_MANIFEST_BYTES) return [];
    try {
      return parseManifest(bytes, "referrers").manifests;
    } catch {
      return [];
    }
  }
  async writeReferrers(digest: string, list: readonly Descriptor[]): Promise<void> {
    if (this.#limit === 0) return;
    try {
      await mkdir(join(this.folder, "referrers"), { recursive: true, mode: 0o700 });
      await writeAtomically(this.#list(digest), toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: list }), this.#temporary);
    } catch {
      // As with blobs.
    }
  }

  /** Brings the cache under its limit. */
  async trim(): Promise<void> {
    const files = await entries(this.#blobs, (name) => DIGEST.test(`sha256:${name}`));
    let total = files.reduce((sum, f) => sum + f.size, 0);
    for (const file of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= this.#limit) break;
      await rm(file.path, { force: true }).catch(() => {});
      total -= file.size;
    }
    for (const file of await entries(this.#temporary, (name) => name.endsWith(".tmp"))) if (file.mtimeMs < Date.now() - LEFT_OVER_MS) await rm(file.path, { force: true }).catch(() => {});
  }

  get #blobs(): string {
    return join(this.folder, "blobs", "sha256");
  }
  get #temporary(): string {
    return join(this.folder, "tmp");
  }
  #list(digest: string): string {
    return join(this.folder, "referrers", `${digest.slice("sha256:".length)}.json`);
  }
  #path(digest: string): string {
    return join(this.#blobs, digest.slice("sha256:".length));
  }
}

async function entries(folder: string, wanted: (name: string) => boolean): Promise<{ path: string; size: number; mtimeMs: number }[]> {
  const found = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!wanted(name)) continue;
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile()) found.push({ path: join(folder, name), size: info.size, mtimeMs: info.mtimeMs });
  }
  return found;
}
