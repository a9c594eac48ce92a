// Objects in buckets (containers, as Azure calls them) as runs use them, whoever keeps them: Amazon's S3 and what speaks as it
// does, Azure's Blob storage, Google's Cloud Storage. What each of them gives is one `ObjectStore`; the rest is made of these.

import { open } from "node:fs/promises";
import { readAnswer, Retryable, type HttpAnswer } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { outputFailed } from "../run/files.ts";

export interface Place {
  readonly bucket: string;
  readonly key: string;
}
/** What has to stand there for a request to do something: nothing, or what has this ETag. */
export type Condition = { readonly nothing: true } | { readonly etag: string };
/** What is kept with an object, by names of a-z and -. */
export type Meta = Readonly<Record<string, string>>;

export interface FoundObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}
export interface ObjectHead {
  /** An object that was written anew has another one. */
  readonly etag: string;
  readonly bytes: number | undefined;
  readonly meta: (name: string) => string | undefined;
}
export interface ListedObject {
  readonly key: string;
  readonly bytes: number | undefined;
  readonly etag: string | undefined;
}
export interface Reading {
  /** Bytes from, and to the last one, as HTTP has it. */
  readonly range?: readonly [number, number] | undefined;
  /** Of which it has to be. */
  readonly etag?: string | undefined;
  readonly expectedBytes: number;
}

export interface ObjectStore {
  /** Of a place, as it may be shown, and as `openStore` takes it. */
  address(place: Place): string;
  /** Undefined: there is none. @throws SlipwayError batch-source-changed, batch-source-... */
  read<T>(place: Place, reading: Reading, take: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined>;
  /** Undefined: there is none. @throws SlipwayError batch-source-... */
  head(place: Place): Promise<ObjectHead | undefined>;
  /** Those whose keys begin so, a page at a time. @throws SlipwayError batch-input-missing, batch-source-... */
  list(bucket: string, prefix: string, page: number): AsyncIterable<readonly ListedObject[]>;
  /** False: something else stands there. @throws SlipwayError batch-source-... */
  put(place: Place, body: Uint8Array, options?: { readonly condition?: Condition | undefined; readonly meta?: Meta | undefined }): Promise<boolean>;
  /** A file of any size; it is there with the last request, or not at all. @throws SlipwayError batch-source-... */
  putFile(place: Place, path: string, meta?: Meta): Promise<void>;
  /** On the server, with what is kept with it. @throws SlipwayError batch-input-missing where there is nothing to copy, batch-source-... */
  copy(from: Place, to: Place): Promise<void>;
  /** @throws SlipwayError batch-source-... */
  remove(place: Place, condition?: Condition): Promise<void>;
  /** `stage`: of a run's own objects, what those begin with in which it may be kept until it is complete. @throws SlipwayError batch-source-... */
  begin(place: Place, stage: Place, meta: Meta): Promise<Upload>;
  /** Whoever has begun something to be put there can complete it no more. @throws SlipwayError batch-source-... */
  revoke(place: Place, stage: Place): Promise<void>;
  /** What was begun below a prefix and is no object yet, of a store that keeps that until somebody aborts it. @throws SlipwayError batch-source-... */
  begun(prefix: Place): Promise<readonly Begun[]>;
}

export interface Begun {
  readonly key: string;
  abort(): Promise<void>;
}

/** An object of any size that nobody sees until it is complete. */
export interface Upload {
  /** All of a file. @throws SlipwayError batch-source-..., batch-input-missing where it was revoked */
  send(path: string): Promise<void>;
  /** `taken`: something else stands there; `gone`: it was revoked. @throws SlipwayError batch-source-... */
  complete(condition?: Condition): Promise<"there" | "taken" | "gone">;
  /** Of what was sent nothing stays, as far as that can be reached. */
  abort(): Promise<void>;
}

/** Of which upload an object is: a request whose answer was lost is told by it. */
export const UPLOAD = "slipway-upload";
const AT_ONCE = 4;
const COPY_BYTES = 4 << 20;
export const PAGE = 1000;

/** @throws SlipwayError batch-source-..., oci-too-large beyond `most` bytes */
export function getObject(store: ObjectStore, place: Place, most: number): Promise<FoundObject | undefined> {
  return store.read(place, { expectedBytes: most }, async (answer) => ({ bytes: await readAnswer(answer, most), etag: versionOf(answer) ?? "" }));
}
/** What an answer says of the version it is of: Google's generation, an ETag, or a date. */
export function versionOf({ headers }: HttpAnswer): string | undefined {
  const { "x-goog-generation": generation, etag, "last-modified": modified } = headers;
  if (typeof generation === "string") return generation;
  return etag !== undefined && etag !== "" ? etag : modified;
}

/** Those below a prefix that ends in /, by what comes behind it: how many bytes each has. */
export async function sizesBelow(store: ObjectStore, { bucket, key }: Place, wanted: (name: string) => boolean = () => true): Promise<Map<string, number>> {
  const found: [string, number][] = [];
  for await (const page of store.list(bucket, key, PAGE)) for (const one of page) if (wanted(one.key.slice(key.length))) found.push([one.key.slice(key.length), one.bytes ?? 0]);
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
/** All below a prefix. */
export async function removeBelow(store: ObjectStore, { bucket, key }: Place): Promise<void> {
  await several([...(await sizesBelow(store, { bucket, key })).keys()], (name) => store.remove({ bucket, key: key + name }));
}

/** The same, and what was begun there: whoever is stopped while it sends up a large file leaves its parts, which nobody sees. */
export async function emptyBelow(store: ObjectStore, place: Place): Promise<void> {
  await removeBelow(store, place);
  for (const begun of await store.begun(place)) await begun.abort();
}

/** A file of it, in ranges. @throws SlipwayError batch-source-..., batch-output-failed */
export async function fetchObject(store: ObjectStore, place: Place, bytes: number, path: string): Promise<void> {
  const file = await open(path, "w").catch((cause: unknown) => {
    throw outputFailed(path, cause);
  });
  try {
    for (let at = 0; at < bytes; at += COPY_BYTES) {
      const piece = await getRange(store, place, at, Math.min(bytes, at + COPY_BYTES));
      await file.write(piece).catch((cause: unknown) => {
        throw outputFailed(path, cause);
      });
    }
  } finally {
    await file.close();
  }
}
/** `to` is behind the last byte. `etag`: of which it has to be. @throws SlipwayError batch-source-changed, batch-source-..., batch-input-missing */
export async function getRange(store: ObjectStore, place: Place, from: number, to: number, etag?: string): Promise<Uint8Array> {
  if (to === from) return new Uint8Array(0);
  const shown = store.address(place);
  const found = await store.read(place, { range: [from, to - 1], etag, expectedBytes: to - from }, async (answer) => {
    const bytes = await readAnswer(answer, to - from);
    if (bytes.length !== to - from) throw new Retryable(batchError("batch-source-unavailable", `${shown} gives ${bytes.length} bytes for ${to - from}`, { where: shown }));
    return bytes;
  });
  return found ?? missingObject(shown);
}

export function missingObject(shown: string): never {
  throw batchError("batch-input-missing", `there is no ${shown}`, { where: shown });
}
/** Of a place whose bytes are asked for by a version that it has no more. */
export function changedObject(shown: string): Error {
  return batchError("batch-source-changed", `${shown} is not what it was when the run was made`, { where: shown, hint: "Leave the input alone while a run goes on; begin anew with --overwrite." });
}

/** Where one fails no other is begun, and those that go on are waited for: nothing happens behind whoever is told of it. */
export async function several<T>(all: readonly T[], act: (one: T) => Promise<unknown>, atOnce: number = AT_ONCE): Promise<void> {
  const left = [...all];
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, left.length) }, async () => {
    try {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
    } finally {
      left.length = 0;
    }
  }));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
