// What refers to a manifest (distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema"): by the registry's
// own interface, or, where it has none, by an index under the tag `sha256-DIGEST` that its clients keep.
//
// That index has no compare-and-swap: two clients that change it at once may lose one entry. Within one process changes
// wait for each other; between processes each looks again after a pause whether its entry stayed, and adds it again.

import { setTimeout as pause } from "node:timers/promises";
import { SlipwayError } from "@slipway/core/base";
import { toJsonBytes } from "@slipway/core/package";
import type { BlobStore, Descriptor } from "../blob-store.ts";
import { referrersTag } from "../digest.ts";
import { ociError } from "../errors.ts";
import { MAX_MANIFEST_BYTES, MEDIA_TYPE, parseManifest } from "../parse-manifest.ts";
import { readAnswer } from "./http-client.ts";
import { nextPage } from "./link.ts";
import type { RegistryClient } from "./registry-client.ts";

const MAX_REFERRERS = 10_000;
const MAX_PAGES = 1000;
/** How often an entry is added again that another client's change has taken away. */
const MAX_TRIES = 12;

/** Changes of this process to one index, one after another. */
const queues = new Map<string, Promise<unknown>>();

export class Referrers {
  readonly #client: RegistryClient;
  readonly #repository: string;
  readonly #scopes: readonly string[];
  readonly #store: Pick<BlobStore, "readManifest" | "writeManifest">;

  constructor(client: RegistryClient, repository: string, scopes: readonly string[], store: Pick<BlobStore, "readManifest" | "writeManifest">) {
    this.#client = client;
    this.#repository = repository;
    this.#scopes = scopes;
    this.#store = store;
  }

  /** The registry may filter by type or not. */
  async list(digest: string, artifactType: string | undefined): Promise<Descriptor[]> {
    const found = new Map<string, Descriptor>();
    let target: string | URL = `/v2/${this.#repository}/referrers/${digest}${artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`}`;
    for (let pages = 0; ; pages++) {
      if (pages > MAX_PAGES || found.size > MAX_REFERRERS) throw ociError("oci-too-large", `more than ${MAX_REFERRERS} artifacts refer to ${digest}`);
      const page = await this.#page(target, digest);
      // No such interface, or an answer of something else that listens there.
      if (page === undefined) return this.#tagged(digest);
      for (const d of page.manifests) found.set(d.digest, d);
      if (page.next === undefined) return [...found.values()];
      target = page.next;
    }
  }

  add(subject: string, descriptor: Descriptor): Promise<void> {
    return this.#change(subject, (all) => all.some((d) => d.digest === descriptor.digest) ? undefined : [...all, descriptor]);
  }
  remove(subject: string, digest: string): Promise<void> {
    return this.#change(subject, (all) => all.some((d) => d.digest === digest) ? all.filter((d) => d.digest !== digest) : undefined);
  }

  async #page(target: string | URL, digest: string): Promise<{ manifests: readonly Descriptor[]; next: URL | undefined } | undefined> {
    return this.#client.send({ method: "GET", target, scopes: this.#scopes, headers: { accept: MEDIA_TYPE.index }, expect: [200, 400, 404, 405, 501] }, async (answer) => {
      const bytes = await readAnswer(answer, MAX_MANIFEST_BYTES);
      if (answer.status !== 200 || (answer.headers["content-type"] ?? "").split(";", 1)[0]!.trim() !== MEDIA_TYPE.index) return undefined;
      return { manifests: parseManifest(bytes, `referrers of ${digest}`).manifests, next: nextPage(answer) };
    });
  }
  async #tagged(digest: string): Promise<Descriptor[]> {
    try {
      const { bytes, mediaType } = await this.#store.readManifest(referrersTag(digest));
      return [...parseManifest(bytes, referrersTag(digest), mediaType).manifests];
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "oci-not-found") return [];
      throw error;
    }
  }
  #change(subject: string, change: (all: readonly Descriptor[]) => readonly Descriptor[] | undefined): Promise<void> {
    const key = `${this.#client.host}/${this.#repository}@${subject}`;
    const turn = (queues.get(key) ?? Promise.resolve()).then(() => this.#changeNow(subject, change));
    const settled = turn.then(() => {}, () => {});
    queues.set(key, settled);
    void settled.then(() => {
      if (queues.get(key) === settled) queues.delete(key);
    });
    return turn;
  }
  async #changeNow(subject: string, change: (all: readonly Descriptor[]) => readonly Descriptor[] | undefined): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const next = change(await this.#tagged(subject));
      if (next === undefined) return;
      await this.#store.writeManifest(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: next }), { tag: referrersTag(subject) });
      // Whoever read before this was written may write after it.
      await pause(20 + Math.random() * Math.min(1000, 40 * 2 ** tries));
    }
    throw ociError("oci-unavailable", `the list of what refers to ${subject} is changed by too many at once`, { where: `oci://${this.#client.host}/${this.#repository}`, hint: "Try again, or use a registry that has the referrers interface of distribution-spec 1.1." });
  }
}
