// What an address names: objects in S3, or a file behind HTTP.

import { httpObject } from "./http-source.ts";
import type { RemoteObject } from "./remote-object.ts";
import { S3Client } from "./s3-client.ts";
import { s3Objects } from "./s3-source.ts";
import { Web } from "./web.ts";

/** `wanted`: of a folder's, by the name. @throws SlipwayError batch-source-..., batch-input-missing */
export async function findObjects(address: string, wanted: (name: string) => boolean): Promise<RemoteObject[]> {
  return /^s3:/i.test(address) ? s3Objects(new S3Client(), address, wanted) : [await httpObject(new Web(), address)];
}
