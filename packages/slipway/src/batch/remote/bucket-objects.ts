// Objects in buckets as input: one by its key, those below a prefix that ends in /, or those that a pattern matches.

import type { HttpAnswer } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { patternOf } from "./key-pattern.ts";
import { missingObject, PAGE, type ObjectStore, type Place } from "./object-store.ts";
import type { RemoteObject } from "./remote-object.ts";

const MAX_OBJECTS = 200_000;

/** In the order of their keys. @throws SlipwayError batch-input-missing, batch-source-... */
export async function bucketObjects(store: ObjectStore, { bucket, key }: Place, wanted: (key: string) => boolean, page: number = PAGE): Promise<RemoteObject[]> {
  if (key === "" || key.endsWith("/")) return listed(store, bucket, key, (found) => wanted(found) && !/(?:^|\/)[._][^/]*$/.test(found.slice(key.length)), page);
  const pattern = patternOf(key);
  if (pattern !== undefined) return listed(store, bucket, pattern.prefix, (found) => pattern.matches(found), page);
  const head = (await store.head({ bucket, key })) ?? missingObject(store.address({ bucket, key }));
  return [new BucketObject(store, { bucket, key }, head.bytes, head.etag || undefined)];
}

async function listed(store: ObjectStore, bucket: string, prefix: string, wanted: (key: string) => boolean, most: number): Promise<RemoteObject[]> {
  const objects: BucketObject[] = [];
  for await (const page of store.list(bucket, prefix, most)) {
    for (const { key, bytes, etag } of page) {
      if (key.endsWith("/") || !wanted(key)) continue;
      objects.push(new BucketObject(store, { bucket, key }, bytes, etag));
      if (objects.length > MAX_OBJECTS) throw batchError("batch-source-limit", `${store.address({ bucket, key: prefix })} names more than ${MAX_OBJECTS} objects`, { hint: "Name fewer at a time." });
    }
  }
  return objects.sort((a, b) => (a.shown < b.shown ? -1 : 1));
}

class BucketObject implements RemoteObject {
  readonly shown: string;
  readonly ranges = true;
  readonly bytes: number | undefined;
  readonly version: string | undefined;
  readonly #store: ObjectStore;
  readonly #place: Place;

  constructor(store: ObjectStore, place: Place, bytes: number | undefined, version: string | undefined) {
    this.#store = store;
    this.#place = place;
    this.shown = store.address(place);
    [this.bytes, this.version] = [bytes, version];
  }
  async ask<T>(range: readonly [number, number] | undefined, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const found = await this.#store.read(this.#place, { range, expectedBytes: range === undefined ? this.bytes ?? 0 : range[1] - range[0] + 1 }, async (answer) => ({ value: await read(answer) }));
    return found === undefined ? missingObject(this.shown) : found.value;
  }
}
