// Objects in S3 as input: one by its key, those below a prefix that ends in /, or those that a pattern matches.

import { discard, type HttpAnswer } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { patternOf } from "./key-pattern.ts";
import { versionOf, type RemoteObject } from "./remote-object.ts";
import { s3Address, textOf, type S3Client } from "./s3-client.ts";

const MAX_OBJECTS = 200_000;
/** Keys of one answer; more are not given. */
const PAGE = 1000;

export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

/** @throws SlipwayError batch-source-address */
export function parseS3(address: string): S3Place {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(address);
  // The address is not shown: there may be a key in it.
  if (found === null) throw batchError("batch-source-address", "an address in S3 is s3://BUCKET/KEY", { hint: "Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile, the endpoint from AWS_ENDPOINT_URL_S3." });
  return { bucket: found[1]!, key: found[2] ?? "" };
}

/** In the order of their keys. @throws SlipwayError batch-input-missing, batch-source-... */
export async function s3Objects(client: S3Client, address: string, wanted: (key: string) => boolean, page: number = PAGE): Promise<RemoteObject[]> {
  const { bucket, key } = parseS3(address);
  if (key === "" || key.endsWith("/")) return listed(client, bucket, key, (found) => wanted(found) && !/(?:^|\/)[._][^/]*$/.test(found.slice(key.length)), page);
  const pattern = patternOf(key);
  if (pattern !== undefined) return listed(client, bucket, pattern.prefix, (found) => pattern.matches(found), page);
  const object = new S3Object(client, { bucket, key }, undefined, undefined);
  await object.look();
  return [object];
}

async function listed(client: S3Client, bucket: string, prefix: string, wanted: (key: string) => boolean, most: number): Promise<S3Object[]> {
  const objects: S3Object[] = [];
  let token: string | undefined;
  do {
    const page = await client.document({
      method: "GET", bucket, key: "", expect: [200],
      query: { "list-type": "2", "max-keys": String(most), prefix, "encoding-type": "url", ...(token === undefined ? {} : { "continuation-token": token }) },
    });
    for (const entry of page.children) {
      if (entry.name !== "Contents") continue;
      const key = decodeURIComponent(textOf(entry, "Key").replaceAll("+", " "));
      const bytes = Number(textOf(entry, "Size"));
      if (key.endsWith("/") || !wanted(key)) continue;
      objects.push(new S3Object(client, { bucket, key }, Number.isSafeInteger(bytes) ? bytes : undefined, textOf(entry, "ETag") || undefined));
      if (objects.length > MAX_OBJECTS) throw batchError("batch-source-limit", `${s3Address(bucket, prefix)} names more than ${MAX_OBJECTS} objects`, { hint: "Name fewer at a time." });
    }
    const next = textOf(page, "NextContinuationToken");
    token = textOf(page, "IsTruncated") === "true" && next !== "" && next !== token ? next : undefined;
  } while (token !== undefined);
  return objects.sort((a, b) => (a.shown < b.shown ? -1 : 1));
}

class S3Object implements RemoteObject {
  readonly shown: string;
  readonly ranges = true;
  bytes: number | undefined;
  version: string | undefined;
  readonly #client: S3Client;
  readonly #place: S3Place;

  constructor(client: S3Client, place: S3Place, bytes: number | undefined, version: string | undefined) {
    this.#client = client;
    this.#place = place;
    this.shown = s3Address(place.bucket, place.key);
    [this.bytes, this.version] = [bytes, version];
  }
  async look(): Promise<void> {
    await this.#client.send({ method: "HEAD", ...this.#place, expect: [200] }, (answer) => {
      const length = answer.headers["content-length"];
      this.bytes = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
      this.version = versionOf(answer);
      discard(answer);
    });
  }
  ask<T>(range: readonly [number, number] | undefined, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    return this.#client.send({ method: "GET", ...this.#place, expect: range === undefined ? [200] : [200, 206], expectedBytes: range === undefined ? this.bytes ?? 0 : range[1] - range[0] + 1, ...(range === undefined ? {} : { headers: { range: `bytes=${range[0]}-${range[1]}` } }) }, read);
  }
}
