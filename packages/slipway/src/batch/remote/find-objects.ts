// What an address names: objects in a bucket, or a file behind HTTP.

import { isBucketAddress, openBucket } from "./bucket-address.ts";
import { bucketObjects } from "./bucket-objects.ts";
import { httpObject } from "./http-source.ts";
import type { RemoteObject } from "./remote-object.ts";
import { Web } from "./web.ts";

/** `wanted`: of a folder's, by the name. @throws SlipwayError batch-source-..., batch-input-missing */
export async function findObjects(address: string, wanted: (name: string) => boolean): Promise<RemoteObject[]> {
  if (!isBucketAddress(address)) return [await httpObject(new Web(), address)];
  const { store, place } = await openBucket(address);
  return bucketObjects(store, place, wanted);
}
