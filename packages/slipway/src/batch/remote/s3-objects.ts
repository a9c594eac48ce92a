// Single objects in S3, as a run that many work on keeps them: taken, put on a condition, copied on the server, counted, removed.
// Conditions are those of HTTP (If-None-Match, If-Match), as Amazon takes them since 2024 and MinIO does.

import { open } from "node:fs/promises";
import { discard, readAnswer, Retryable } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { outputFailed } from "../run/files.ts";
import { s3Address, type S3Client } from "./s3-client.ts";
import { s3Objects, type S3Place } from "./s3-source.ts";

/** What has to stand there for a request to do something: nothing, or what has this ETag. */
export type Condition = { readonly nothing: true } | { readonly etag: string };
export interface FoundObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

const AT_ONCE = 4;
const COPY_BYTES = 4 << 20;

export function conditionHeaders(condition: Condition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return "nothing" in condition ? { "if-none-match": "*" } : { "if-match": condition.etag };
}

/** @throws SlipwayError batch-source-..., oci-too-large beyond `most` bytes */
export function getObject(client: S3Client, place: S3Place, most: number): Promise<FoundObject | undefined> {
  return client.send({ method: "GET", ...place, expect: [200, 404], expectedBytes: most }, async (answer) => {
    if (answer.status === 200) return { bytes: await readAnswer(answer, most), etag: answer.headers.etag ?? "" };
    discard(answer);
    return undefined;
  });
}
/** What its headers say; undefined: there is none. */
export function headObject(client: S3Client, place: S3Place): Promise<{ readonly etag: string; readonly meta: (name: string) => string | undefined } | undefined> {
  return client.send({ method: "HEAD", ...place, expect: [200, 404] }, (answer) => {
    discard(answer);
    const { headers } = answer;
    return answer.status === 404 ? undefined : { etag: headers.etag ?? "", meta: (name: string) => headers[`x-amz-meta-${name}`] as string | undefined };
  });
}
/** False: something else stands there. */
export function putObject(client: S3Client, place: S3Place, body: Uint8Array, { condition, headers }: { readonly condition?: Condition | undefined; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<boolean> {
  return client.send({ method: "PUT", ...place, body, headers: { ...headers, ...conditionHeaders(condition) }, expect: condition === undefined ? [200] : "nothing" in condition ? [200, 412] : [200, 412, 404] }, (answer) => {
    discard(answer);
    return answer.status === 200;
  });
}
/** On the server, with what is known of it. @throws batch-input-missing where there is nothing to copy */
export async function copyWithin(client: S3Client, from: S3Place, to: S3Place): Promise<void> {
  const source = `/${from.bucket}/${from.key.split("/").map((part) => encodeURIComponent(part)).join("/")}`;
  await client.document({ method: "PUT", ...to, headers: { "x-amz-copy-source": source }, expect: [200] });
}
export function removeObject(client: S3Client, place: S3Place, condition?: Condition): Promise<void> {
  return client.send({ method: "DELETE", ...place, headers: conditionHeaders(condition), expect: [200, 204, 404, 412] }, discard);
}

/** Those below a prefix that ends in /, by what comes behind it: how many bytes each has. */
export async function sizesBelow(client: S3Client, { bucket, key }: S3Place, wanted: (name: string) => boolean = () => true): Promise<Map<string, number>> {
  const before = s3Address(bucket, key).length;
  return new Map((await s3Objects(client, s3Address(bucket, key), (found) => wanted(found.slice(key.length)))).map(({ shown, bytes = 0 }) => [shown.slice(before), bytes]));
}
/** All below a prefix. */
export async function removeBelow(client: S3Client, { bucket, key }: S3Place): Promise<void> {
  await several([...(await sizesBelow(client, { bucket, key })).keys()], (name) => removeObject(client, { bucket, key: key + name }));
}

/** A file of it, in ranges. @throws SlipwayError batch-source-..., batch-output-failed */
export async function fetchObject(client: S3Client, place: S3Place, bytes: number, path: string): Promise<void> {
  const file = await open(path, "w").catch((cause: unknown) => {
    throw outputFailed(path, cause);
  });
  try {
    for (let at = 0; at < bytes; at += COPY_BYTES) {
      const piece = await getRange(client, place, at, Math.min(bytes, at + COPY_BYTES));
      await file.write(piece).catch((cause: unknown) => {
        throw outputFailed(path, cause);
      });
    }
  } finally {
    await file.close();
  }
}
/** `to` is behind the last byte. `etag`: of which it has to be. @throws SlipwayError batch-source-changed, batch-source-..., batch-input-missing */
export function getRange(client: S3Client, place: S3Place, from: number, to: number, etag?: string): Promise<Uint8Array> {
  if (to === from) return Promise.resolve(new Uint8Array(0));
  const shown = s3Address(place.bucket, place.key);
  return client.send({ method: "GET", ...place, headers: { range: `bytes=${from}-${to - 1}`, ...(etag === undefined ? {} : { "if-match": etag }) }, expect: [206, 412, 416], expectedBytes: to - from }, async (answer) => {
    if (answer.status !== 206) {
      discard(answer);
      throw batchError("batch-source-changed", `${shown} is not what it was when the run was made`, { where: shown, hint: "Leave the input alone while a run goes on; begin anew with --overwrite." });
    }
    const bytes = await readAnswer(answer, to - from);
    if (bytes.length !== to - from) throw new Retryable(batchError("batch-source-unavailable", `${shown} gives ${bytes.length} bytes for ${to - from}`, { where: shown }));
    return bytes;
  });
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
