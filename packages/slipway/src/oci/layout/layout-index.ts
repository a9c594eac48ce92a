// index.json of a layout: which manifests there are and how they are called. An entry is a descriptor; an annotation is
// its tag. A manifest with several tags has several entries, one without has one that is bare. Fields of other tools are
// kept as they are.

import { JsonObject, parseJson, toJsonBytes, REF_NAME, type Fail } from "@slipway/core/package";
import type { Descriptor } from "../blob-store.ts";
import { ociError } from "../errors.ts";
import { MEDIA_TYPE, parseDescriptor } from "../parse-manifest.ts";

/** Ours, so that referrers are found without reading every manifest: the subject's digest, or "none". */
export const SUBJECT = "slipway.subject";
export const MAX_INDEX_BYTES: number = 64 << 20;
const MAX_ENTRIES = 200_000;

const fail: Fail = (message, where) => ociError("oci-layout", message, { where });

export class LayoutIndex {
  readonly #rest: Readonly<Record<string, unknown>>;
  #entries: readonly Descriptor[];

  private constructor(rest: Readonly<Record<string, unknown>>, entries: readonly Descriptor[]) {
    this.#rest = rest;
    this.#entries = entries;
  }

  static empty(): LayoutIndex {
    return new LayoutIndex({ schemaVersion: 2, mediaType: MEDIA_TYPE.index }, []);
  }
  /** @throws oci-layout, oci-malformed */
  static parse(bytes: Uint8Array): LayoutIndex {
    const value = parseJson(bytes, "index.json", fail);
    const document = new JsonObject(value, "", (message, where) => fail(message, `index.json: ${where}`));
    if (document.count("schemaVersion") !== 2) throw fail("schemaVersion is not 2", "index.json");
    const entries = document.array("manifests", MAX_ENTRIES, (entry, where) => ({ ...(entry as object), ...parseDescriptor(entry, `index.json: ${where}`) }));
    const { manifests: _, ...rest } = value as Record<string, unknown>;
    return new LayoutIndex(rest, entries);
  }
  toBytes(): Uint8Array {
    return toJsonBytes({ ...this.#rest, manifests: this.#entries });
  }

  get entries(): readonly Descriptor[] {
    return this.#entries;
  }
  find(digest: string): Descriptor | undefined {
    return this.#entries.find((e) => e.digest === digest);
  }
  tagged(tag: string): Descriptor | undefined {
    return this.#entries.findLast((e) => tagOf(e) === tag);
  }

  /** Returns whether anything changed. A manifest that loses its tag stays, without one. */
  put(descriptor: Descriptor, tag: string | undefined): boolean {
    const { digest } = descriptor;
    if (tag === undefined) {
      if (this.find(digest)) return false;
      this.#entries = [...this.#entries, descriptor];
      return true;
    }
    const named = this.#entries.filter((e) => tagOf(e) === tag);
    if (named.length === 1 && named[0]!.digest === digest) return false;
    this.untag(tag);
    const bare = this.#entries.findIndex((e) => e.digest === digest && tagOf(e) === undefined);
    const entry = { ...(bare < 0 ? descriptor : this.#entries[bare]!), annotations: { ...(bare < 0 ? descriptor : this.#entries[bare]!).annotations, [REF_NAME]: tag } };
    this.#entries = bare < 0 ? [...this.#entries, entry] : this.#entries.map((e, i) => (i === bare ? entry : e));
    return true;
  }
  untag(tag: string): boolean {
    const kept: Descriptor[] = [];
    const bare: Descriptor[] = [];
    for (const entry of this.#entries) {
      if (tagOf(entry) !== tag) {
        kept.push(entry);
        continue;
      }
      const { [REF_NAME]: _, ...annotations } = entry.annotations ?? {};
      bare.push({ ...entry, annotations });
    }
    for (const entry of bare) if (!kept.some((e) => e.digest === entry.digest)) kept.push(entry);
    this.#entries = kept;
    return bare.length > 0;
  }
  remove(digest: string): boolean {
    const kept = this.#entries.filter((e) => e.digest !== digest);
    const found = kept.length < this.#entries.length;
    this.#entries = kept;
    return found;
  }
}

export function tagOf(entry: Descriptor): string | undefined {
  return entry.annotations !== undefined && Object.hasOwn(entry.annotations, REF_NAME) ? entry.annotations[REF_NAME] : undefined;
}
