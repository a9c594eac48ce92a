// One repository of an OCI registry over HTTP (distribution-spec 1.1). Nothing it answers is believed: digests are
// computed here, sizes are bounded before memory is taken, lists end.

import type { BlobStore, Descriptor, Garbage, ReadBlobOptions, StoredManifest, WriteManifestOptions } from "../blob-store.ts";
import { checkDigest, checkReference, checkTag, DIGEST, digestOf, REFERRERS_TAG, TAG } from "../digest.ts";
import { ociError } from "../errors.ts";
import { SlipwayError } from "@slipway/core/base";
import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { MAX_MANIFEST_BYTES, MEDIA_TYPE, parseManifest } from "../parse-manifest.ts";
import { checkRepository } from "../reference.ts";
import { downloadBlob } from "./download.ts";
import { contentLength, discard, readAnswer, type HttpAnswer } from "./http-client.ts";
import { nextPage } from "./link.ts";
import { RegistryClient } from "./registry-client.ts";
import { resolveOptions, type RegistryOptions, type ResolvedOptions } from "./registry-options.ts";
import { Referrers } from "./referrers.ts";
import { mountBlob, uploadBlob, type UploadContext } from "./upload.ts";

const ACCEPT = Object.values(MEDIA_TYPE).filter((type) => type !== MEDIA_TYPE.empty).join(", ");
const MAX_LIST_BYTES = 4 << 20;
const MAX_TAGS = 100_000;
const PAGE = 1000;
/** Blobs of one artifact that are asked for or sent at once. */
const AT_ONCE = 4;

export class RegistryStore implements BlobStore {
  readonly host: string;
  readonly repository: string;
  readonly #client: RegistryClient;
  readonly #referrers: Referrers;
  readonly #pull: readonly string[];
  readonly #push: readonly string[];
  readonly #options: ResolvedOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  private constructor(host: string, repository: string, options: ResolvedOptions) {
    this.host = host;
    this.repository = repository;
    this.#options = options;
    this.#client = new RegistryClient(host, repository, options);
    this.#pull = [`repository:${repository}:pull`];
    this.#push = [`repository:${repository}:pull,push`];
    this.#referrers = new Referrers(this.#client, repository, this.#pull, this);
  }
  /**
   * @param host "ghcr.io", "127.0.0.1:5000"
   * @throws oci-reference, oci-credentials
   */
  static async open(host: string, repository: string, options: RegistryOptions = {}): Promise<RegistryStore> {
    checkRepository(repository);
    return new RegistryStore(host, repository, await resolveOptions(host, options));
  }

  get location(): string {
    return `oci://${this.host}/${this.repository}`;
  }

  async statBlob(digest: string): Promise<number | undefined> {
    checkDigest(digest);
    return this.#client.send({ method: "HEAD", target: this.#path("blobs", digest), scopes: this.#pull, expect: [200, 404] }, (answer) => {
      discard(answer);
      if (answer.status === 404) return Promise.resolve(undefined);
      const size = contentLength(answer.headers);
      if (size === undefined) throw ociError("oci-malformed", `${this.host} does not tell the size of ${digest}`, { where: "Content-Length" });
      return Promise.resolve(size);
    });
  }
  async readBlob(digest: string, options: ReadBlobOptions): Promise<Uint8Array> {
    checkDigest(digest);
    return this.#inTurn(() => downloadBlob(this.#client, this.#path("blobs", digest), this.#pull, digest, options));
  }
  async writeBlob(bytes: Uint8Array, options: { readonly mountFrom?: string | undefined } = {}): Promise<string> {
    const digest = await digestOf(bytes);
    return this.#inTurn(async () => {
      const stored = await this.statBlob(digest);
      if (stored === bytes.length) return digest;
      const context: UploadContext = { client: this.#client, repository: this.repository, scopes: this.#push, options: this.#options, exists: async () => (await this.statBlob(digest)) === bytes.length };
      if (options.mountFrom !== undefined && options.mountFrom !== this.repository) {
        checkRepository(options.mountFrom);
        if (await mountBlob(context, digest, options.mountFrom)) return digest;
      }
      await uploadBlob(context, digest, bytes);
      return digest;
    });
  }
  async removeBlob(digest: string): Promise<boolean> {
    checkDigest(digest);
    return this.#remove(this.#path("blobs", digest));
  }

  async readManifest(reference: string): Promise<StoredManifest> {
    checkReference(reference);
    const { bytes, type } = await this.#client.send({ method: "GET", target: this.#path("manifests", reference), scopes: this.#pull, headers: { accept: ACCEPT }, expect: [200] }, async (answer) => ({
      bytes: await readAnswer(answer, MAX_MANIFEST_BYTES), type: mediaType(answer),
    }));
    const digest = await digestOf(bytes);
    if (DIGEST.test(reference) && digest !== reference) throw ociError("oci-digest-mismatch", `${this.host} answers with ${digest} for ${reference}`);
    return { mediaType: parseManifest(bytes, reference, type).mediaType, digest, bytes };
  }
  async resolve(reference: string): Promise<string | undefined> {
    checkReference(reference);
    const said = await this.#client.send({ method: "HEAD", target: this.#path("manifests", reference), scopes: this.#pull, headers: { accept: ACCEPT }, expect: [200, 404] }, (answer) => {
      discard(answer);
      return Promise.resolve(answer.status === 404 ? "none" : String(answer.headers["docker-content-digest"] ?? ""));
    });
    if (said === "none") return undefined;
    if (DIGEST.test(reference)) return reference;
    if (DIGEST.test(said)) return said;
    return (await this.readManifest(reference)).digest;
  }
  async writeManifest(bytes: Uint8Array, options: WriteManifestOptions = {}): Promise<Descriptor> {
    const { tag } = options;
    if (tag !== undefined) checkTag(tag);
    if (bytes.length > MAX_MANIFEST_BYTES) throw ociError("oci-too-large", `a manifest of ${bytes.length} bytes; at most ${MAX_MANIFEST_BYTES} are allowed`);
    const parsed = parseManifest(bytes, "manifest");
    const digest = await digestOf(bytes);
    const descriptor: Descriptor = { mediaType: parsed.mediaType, digest, size: bytes.length, ...(parsed.artifactType === undefined ? {} : { artifactType: parsed.artifactType }) };
    let listed;
    try {
      listed = await this.#client.send({ method: "PUT", target: this.#path("manifests", tag ?? digest), scopes: this.#push, headers: { "content-type": parsed.mediaType }, body: bytes, expect: [200, 201, 202] }, (answer) => {
        discard(answer);
        const said = answer.headers["docker-content-digest"];
        if (typeof said === "string" && said.startsWith("sha256:") && said !== digest) throw ociError("oci-digest-mismatch", `${this.host} received the manifest ${digest} and calls it ${JSON.stringify(said.slice(0, 100))}`);
        return Promise.resolve(answer.headers["oci-subject"] === parsed.subject?.digest);
      });
    } catch (error) {
      if (error instanceof SlipwayError && /^oci-(?:refused|not-found)$/.test(error.code) && /BLOB_UNKNOWN|MANIFEST_UNKNOWN|blob unknown/i.test(error.message)) throw ociError("oci-incomplete", `${this.host} does not hold a blob that the manifest names`, { cause: error });
      throw error;
    }
    if (parsed.subject !== undefined && !listed) await this.#referrers.add(parsed.subject.digest, { ...descriptor, annotations: parsed.annotations });
    return descriptor;
  }
  async removeManifest(digest: string): Promise<boolean> {
    checkDigest(digest);
    let subject: string | undefined;
    try {
      const { bytes } = await this.readManifest(digest);
      subject = parseManifest(bytes, digest).subject?.digest;
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "oci-not-found") return false;
      throw error;
    }
    const removed = await this.#remove(this.#path("manifests", digest));
    if (removed && subject !== undefined) await this.#referrers.remove(subject, digest);
    return removed;
  }

  async tag(tag: string, digest: string): Promise<void> {
    checkTag(tag);
    checkDigest(digest);
    const { bytes } = await this.readManifest(digest);
    await this.writeManifest(bytes, { tag });
  }
  async untag(tag: string): Promise<boolean> {
    checkTag(tag);
    if ((await this.resolve(tag)) === undefined) return false;
    return this.#remove(this.#path("manifests", tag));
  }
  async *tags(): AsyncIterable<string> {
    const fail: Fail = (message, where) => ociError("oci-malformed", `the list of tags: ${message}`, { where });
    const seen = new Set<string>();
    let target: string | URL | undefined = `/v2/${this.repository}/tags/list?n=${PAGE}`;
    while (target !== undefined) {
      const before = seen.size;
      const page: { tags: string[]; next: URL | undefined } = await this.#client.send({ method: "GET", target, scopes: this.#pull, expect: [200] }, async (answer) => {
        const document = new JsonObject(parseJson(await readAnswer(answer, MAX_LIST_BYTES), "tags/list", fail), "", fail);
        const value = document.get("tags");
        return { tags: value === null || value === undefined ? [] : document.array("tags", MAX_TAGS, (t) => String(t)), next: nextPage(answer) };
      }).catch((error: unknown) => {
        // A repository to which nothing was pushed has none.
        if (error instanceof SlipwayError && error.code === "oci-not-found") return { tags: [], next: undefined };
        throw error;
      });
      for (const tag of page.tags) {
        if (!TAG.test(tag) || seen.has(tag)) continue;
        seen.add(tag);
        if (seen.size > MAX_TAGS) throw ociError("oci-too-large", `${this.location} has more than ${MAX_TAGS} tags`);
      }
      if (page.next !== undefined && seen.size === before) throw ociError("oci-malformed", `${this.host} repeats its list of tags without end`);
      target = page.next;
    }
    yield* [...seen].filter((tag) => !REFERRERS_TAG.test(tag)).sort();
  }

  async referrers(digest: string, options: { readonly artifactType?: string | undefined } = {}): Promise<Descriptor[]> {
    checkDigest(digest);
    const all = await this.#referrers.list(digest, options.artifactType);
    return options.artifactType === undefined ? all : all.filter((d) => d.artifactType === options.artifactType);
  }

  collectGarbage(): Promise<Garbage> {
    return Promise.resolve({ blobs: 0, bytes: 0 });
  }
  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  #path(kind: "blobs" | "manifests", reference: string): string {
    return `/v2/${this.repository}/${kind}/${reference}`;
  }
  async #remove(target: string): Promise<boolean> {
    try {
      return await this.#client.send({ method: "DELETE", target, scopes: [`repository:${this.repository}:delete,pull`], expect: [200, 202, 204, 404] }, (answer) => {
        discard(answer);
        return Promise.resolve(answer.status !== 404);
      });
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "oci-refused" && error.data?.["status"] === 400) throw ociError("oci-unsupported", `${this.host} does not remove this`, { cause: error, hint: "Switch deleting on in the registry (docker-registry: storage.delete.enabled)." });
      throw error;
    }
  }
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** What the registry says it sends; undefined where that says nothing. */
function mediaType(answer: HttpAnswer): string | undefined {
  const type = (answer.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  return type.startsWith("application/vnd.") ? type : undefined;
}
