// A folder after the OCI image layout (image-spec 1.1, image-layout.md). Safe for many processes at once: blobs are
// content-addressed and appear whole; index.json is replaced whole, under a lock. Killed at any moment, the folder opens.
// What is ours beside the layout (lock, temporary files) is in its folder `.slipway`.

import { constants } from "node:fs";
import { mkdir, open, readdir, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { JsonObject, parseJson, toJsonBytes, type Fail } from "@slipway/core/package";
import type { BlobStore, Descriptor, Garbage, GarbageOptions, ReadBlobOptions, StoredManifest, WriteManifestOptions } from "../blob-store.ts";
import { checkDigest, checkReference, checkTag, digestOf, DIGEST, REFERRERS_TAG, TAG, verifyDigest } from "../digest.ts";
import { ociError } from "../errors.ts";
import { MAX_MANIFEST_BYTES, parseManifest, type ParsedManifest } from "../parse-manifest.ts";
import { storageError, syncFolder, writeAtomically } from "./atomic-write.ts";
import { LayoutIndex, MAX_INDEX_BYTES, SUBJECT, tagOf } from "./layout-index.ts";
import { withLayoutLock } from "./layout-lock.ts";

export interface LayoutOptions {
  /** Makes the folder a layout where it is none yet; else that is refused. */
  readonly create?: boolean;
  /** How long to wait for other processes, in milliseconds. 60,000 by default. */
  readonly lockWaitMs?: number;
}

/** An index of an index of an index ... */
const MAX_DEPTH = 8;

export class LayoutStore implements BlobStore {
  readonly location: string;
  readonly #lockWaitMs: number;

  private constructor(folder: string, lockWaitMs: number) {
    this.location = folder;
    this.#lockWaitMs = lockWaitMs;
  }

  /** @throws oci-layout, oci-storage, oci-busy */
  static async open(folder: string, options: LayoutOptions = {}): Promise<LayoutStore> {
    const store = new LayoutStore(resolve(folder), options.lockWaitMs ?? 60_000);
    const marker = await store.#readFile("oci-layout", 64 << 10);
    if (marker !== undefined) {
      checkVersion(marker);
      await store.#index();
      return store;
    }
    if (options.create !== true) throw ociError("oci-layout", `${JSON.stringify(folder)} is not an OCI image layout: it has no oci-layout`, { hint: "Give the folder that holds oci-layout and index.json." });
    await store.#locked(async () => {
      await mkdir(join(store.location, "blobs", "sha256"), { recursive: true }).catch((error: unknown) => Promise.reject(storageError(error, store.location)));
      if ((await store.#readFile("index.json", MAX_INDEX_BYTES)) === undefined) await store.#write("index.json", LayoutIndex.empty().toBytes());
      // The marker comes last: with it, the layout is complete.
      await store.#write("oci-layout", toJsonBytes({ imageLayoutVersion: "1.0.0" }));
    });
    return store;
  }

  async statBlob(digest: string): Promise<number | undefined> {
    checkDigest(digest);
    const info = await stat(this.#blob(digest)).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : Promise.reject(storageError(error, this.#blob(digest)))));
    return info?.isFile() === true ? info.size : undefined;
  }
  async readBlob(digest: string, options: ReadBlobOptions): Promise<Uint8Array> {
    checkDigest(digest);
    const bytes = await this.#readFile(join("blobs", digest.replace(":", "/")), options.maxBytes, options.size);
    if (bytes === undefined) throw ociError("oci-not-found", `there is no blob ${digest}`, { where: this.location });
    await verifyDigest(bytes, digest, this.location);
    return bytes;
  }
  async writeBlob(bytes: Uint8Array): Promise<string> {
    const digest = await digestOf(bytes);
    if ((await this.statBlob(digest)) === bytes.length) {
      // Its time of writing is what the collection of garbage goes by.
      const now = new Date();
      const touched = await utimes(this.#blob(digest), now, now).then(() => true, () => false);
      if (touched) return digest;
    }
    await this.#write(join("blobs", digest.replace(":", "/")), bytes);
    return digest;
  }
  async removeBlob(digest: string): Promise<boolean> {
    const found = (await this.statBlob(digest)) !== undefined;
    await rm(this.#blob(digest), { force: true }).catch((error: unknown) => Promise.reject(storageError(error, this.#blob(digest))));
    return found;
  }

  async readManifest(reference: string): Promise<StoredManifest> {
    const entry = await this.#entry(reference);
    if (!entry) throw notFound(reference, this.location);
    const bytes = await this.readBlob(entry.digest, { maxBytes: MAX_MANIFEST_BYTES, size: entry.size });
    const { mediaType } = parseManifest(bytes, entry.digest, entry.mediaType);
    return { mediaType, digest: entry.digest, bytes };
  }
  async resolve(reference: string): Promise<string | undefined> {
    return (await this.#entry(reference))?.digest;
  }
  async writeManifest(bytes: Uint8Array, options: WriteManifestOptions = {}): Promise<Descriptor> {
    const { tag } = options;
    if (tag !== undefined) checkTag(tag);
    if (bytes.length > MAX_MANIFEST_BYTES) throw ociError("oci-too-large", `a manifest of ${bytes.length} bytes; at most ${MAX_MANIFEST_BYTES} are allowed`);
    const parsed = parseManifest(bytes, "manifest");
    const digest = await this.writeBlob(bytes);
    const descriptor = describe(digest, bytes.length, parsed);
    await this.#locked(async () => {
      await this.#checkComplete(parsed);
      if ((await this.statBlob(digest)) === undefined) throw ociError("oci-incomplete", `the manifest ${digest} was removed while it was written`, { where: this.location, hint: "Write it again." });
      await this.#change((index) => index.put({ ...descriptor, annotations: { [SUBJECT]: parsed.subject?.digest ?? "none" } }, tag));
    });
    return descriptor;
  }
  async removeManifest(digest: string): Promise<boolean> {
    checkDigest(digest);
    return this.#locked(() => this.#change((index) => index.remove(digest)));
  }

  async tag(tag: string, digest: string): Promise<void> {
    checkTag(tag);
    checkDigest(digest);
    await this.#locked(() => this.#change((index) => {
      const entry = index.find(digest);
      if (!entry) throw notFound(digest, this.location);
      return index.put(entry, tag);
    }));
  }
  async untag(tag: string): Promise<boolean> {
    checkTag(tag);
    return this.#locked(() => this.#change((index) => index.untag(tag)));
  }
  async *tags(): AsyncIterable<string> {
    const names = (await this.#index()).entries.flatMap((e) => tagOf(e) ?? []);
    yield* [...new Set(names)].filter((t) => TAG.test(t) && !REFERRERS_TAG.test(t)).sort();
  }

  async referrers(digest: string, options: { readonly artifactType?: string | undefined } = {}): Promise<Descriptor[]> {
    checkDigest(digest);
    const found = new Map<string, Descriptor>();
    for (const entry of (await this.#index()).entries) {
      if (found.has(entry.digest)) continue;
      const hint = entry.annotations?.[SUBJECT];
      if (hint !== undefined && hint !== digest) continue;
      const { bytes } = await this.readManifest(entry.digest);
      const parsed = parseManifest(bytes, entry.digest, entry.mediaType);
      if (parsed.subject?.digest !== digest) continue;
      if (options.artifactType !== undefined && parsed.artifactType !== options.artifactType) continue;
      found.set(entry.digest, { ...describe(entry.digest, bytes.length, parsed), annotations: parsed.annotations });
    }
    return [...found.values()];
  }

  async collectGarbage(options: GarbageOptions): Promise<Garbage> {
    const before = Date.now() - options.graceMs;
    let blobs = 0;
    let bytes = 0;
    await this.#locked(async () => {
      const reached = new Set<string>();
      for (const entry of (await this.#index()).entries) await this.#reach(entry, reached, 0);
      const folder = join(this.location, "blobs", "sha256");
      for (const name of await readdir(folder)) {
        if (!DIGEST.test(`sha256:${name}`) || reached.has(`sha256:${name}`)) continue;
        const info = await stat(join(folder, name)).catch(() => undefined);
        if (info === undefined || info.mtimeMs > before) continue;
        await rm(join(folder, name), { force: true });
        blobs++;
        bytes += info.size;
      }
      await syncFolder(folder);
      for (const name of await readdir(this.#temporary).catch(() => [])) {
        const info = await stat(join(this.#temporary, name)).catch(() => undefined);
        if (info !== undefined && info.mtimeMs <= before) await rm(join(this.#temporary, name), { force: true });
      }
    });
    return { blobs, bytes };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  get #temporary(): string {
    return join(this.location, ".slipway", "tmp");
  }
  #blob(digest: string): string {
    return join(this.location, "blobs", digest.replace(":", "/"));
  }
  #write(path: string, bytes: Uint8Array): Promise<void> {
    return writeAtomically(join(this.location, path), bytes, this.#temporary);
  }
  #locked<T>(work: () => Promise<T>): Promise<T> {
    return withLayoutLock(join(this.location, ".slipway", "lock"), this.#lockWaitMs, work);
  }

  /** A plain file, never through a link, never a pipe that would not end. */
  async #readFile(path: string, maxBytes: number, size?: number): Promise<Uint8Array | undefined> {
    const full = join(this.location, path);
    try {
      const file = await open(full, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      try {
        const info = await file.stat();
        if (!info.isFile()) throw ociError("oci-layout", `${JSON.stringify(full)} is not a plain file`);
        if (info.size > maxBytes) throw ociError("oci-too-large", `${path} has ${info.size} bytes; at most ${maxBytes} are allowed`, { where: this.location });
        if (size !== undefined && info.size !== size) throw ociError("oci-digest-mismatch", `${path} has ${info.size} bytes, but ${size} are stated`, { where: this.location });
        const bytes = new Uint8Array(info.size);
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 16 << 20), at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return at === bytes.length ? bytes : bytes.subarray(0, at);
      } finally {
        await file.close();
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      if (code === "ELOOP") throw ociError("oci-layout", `${JSON.stringify(full)} is a link`, { hint: "Copy the layout with the files themselves." });
      throw storageError(error, full);
    }
  }
  async #index(): Promise<LayoutIndex> {
    const bytes = await this.#readFile("index.json", MAX_INDEX_BYTES);
    if (bytes === undefined) throw ociError("oci-layout", "there is no index.json", { where: this.location });
    return LayoutIndex.parse(bytes);
  }
  /** Under the lock. */
  async #change(work: (index: LayoutIndex) => boolean): Promise<boolean> {
    const index = await this.#index();
    const changed = work(index);
    if (changed) {
      const bytes = index.toBytes();
      if (bytes.length > MAX_INDEX_BYTES) throw ociError("oci-too-large", `index.json would have ${bytes.length} bytes; at most ${MAX_INDEX_BYTES} are allowed`, { where: this.location, hint: "Remove versions that are no longer needed, or use a registry server." });
      await this.#write("index.json", bytes);
    }
    return changed;
  }
  async #entry(reference: string): Promise<Descriptor | undefined> {
    checkReference(reference);
    const index = await this.#index();
    return DIGEST.test(reference) ? index.find(reference) : index.tagged(reference);
  }
  async #checkComplete(parsed: ParsedManifest): Promise<void> {
    for (const { digest, size } of [...parsed.blobs, ...parsed.manifests]) {
      const stored = await this.statBlob(digest);
      if (stored === undefined) throw ociError("oci-incomplete", `the manifest names ${digest}, which is not stored`, { where: this.location });
      if (stored !== size) throw ociError("oci-digest-mismatch", `the manifest states ${size} bytes for ${digest}, which has ${stored}`, { where: this.location });
    }
  }
  /** A manifest that cannot be read ends the collection: what it names is not known. */
  async #reach(entry: Descriptor, reached: Set<string>, depth: number): Promise<void> {
    if (reached.has(entry.digest)) return;
    if (depth > MAX_DEPTH) throw ociError("oci-too-large", `indexes are nested more than ${MAX_DEPTH} deep`, { where: entry.digest });
    // An index may name manifests for other platforms that were not copied.
    if (depth > 0 && (await this.statBlob(entry.digest)) === undefined) return;
    reached.add(entry.digest);
    const { blobs, manifests } = parseManifest(await this.readBlob(entry.digest, { maxBytes: MAX_MANIFEST_BYTES }), entry.digest);
    for (const { digest } of blobs) reached.add(digest);
    for (const child of manifests) await this.#reach(child, reached, depth + 1);
  }
}

function describe(digest: string, size: number, parsed: ParsedManifest): Descriptor {
  return { mediaType: parsed.mediaType, digest, size, ...(parsed.artifactType === undefined ? {} : { artifactType: parsed.artifactType }) };
}
function notFound(reference: string, where: string): Error {
  return ociError("oci-not-found", `there is no ${DIGEST.test(reference) ? "artifact" : "tag"} ${JSON.stringify(reference)}`, { where });
}
function checkVersion(marker: Uint8Array): void {
  const fail: Fail = (message, where) => ociError("oci-layout", message, { where });
  const version = new JsonObject(parseJson(marker, "oci-layout", fail), "oci-layout", fail).string("imageLayoutVersion");
  if (!/^1\.\d+\.\d+$/.test(version)) throw fail(`the layout's version is ${JSON.stringify(version.slice(0, 50))}, not 1.0.0`, "oci-layout");
}
