// Pulling a blob (distribution-spec 1.1, "Pulling blobs"): its size is bounded before memory is taken, what a broken
// connection has brought is kept and the rest asked for (RFC 9110, ranges), and the whole is hashed.

import type { ReadBlobOptions } from "../blob-store.ts";
import { verifyDigest } from "../digest.ts";
import { ociError } from "../errors.ts";
import { connectionError, contentLength, type HttpAnswer } from "./http-client.ts";
import type { RegistryClient } from "./registry-client.ts";

/** Taken at first where the registry states no size. */
const FIRST_BYTES = 1 << 20;

/** @throws oci-not-found, oci-too-large, oci-digest-mismatch, and as the client */
export async function downloadBlob(client: RegistryClient, path: string, scopes: readonly string[], digest: string, options: ReadBlobOptions): Promise<Uint8Array> {
  const { maxBytes, size } = options;
  if (size !== undefined && size > maxBytes) throw ociError("oci-too-large", `the blob ${digest} has ${size} bytes; at most ${maxBytes} are allowed`);
  const target = new Growing(size ?? maxBytes);
  const wrongSize = (actual: number): Error => (size === undefined
    ? ociError("oci-too-large", `the blob ${digest} has ${actual} bytes or more; at most ${maxBytes} are allowed`, { where: client.host })
    : ociError("oci-digest-mismatch", `${client.host} sends ${actual} bytes or more for ${digest}, but ${size} are stated`));
  const read = async (answer: HttpAnswer): Promise<void> => {
    if (answer.status !== 206) target.length = 0;
    else if (!new RegExp(`^bytes ${target.length}-[0-9]+/(?:[0-9]+|\\*)$`).test(answer.headers["content-range"] ?? "")) {
      answer.body.destroy();
      throw ociError("oci-malformed", `${client.host} sends another part of ${digest} than it was asked for`);
    }
    const stated = contentLength(answer.headers);
    const whole = stated === undefined ? undefined : target.length + stated;
    if (whole !== undefined && (whole > target.limit || (size !== undefined && whole !== size))) {
      answer.body.on("error", () => {});
      answer.body.destroy();
      throw wrongSize(whole);
    }
    target.reserve(whole ?? FIRST_BYTES);
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        if (target.length + chunk.length > target.limit) throw wrongSize(target.length + chunk.length);
        target.add(chunk);
      }
    } catch (error) {
      throw connectionError(error, answer.url);
    }
  };
  await client.send({
    method: "GET", target: path, scopes, expect: [200, 206], expectedBytes: target.limit, progress: () => target.length,
    headers: () => ({ accept: "application/octet-stream, */*", ...(target.length > 0 ? { range: `bytes=${target.length}-` } : {}) }),
  }, read);
  const bytes = target.bytes();
  if (size !== undefined && bytes.length !== size) throw wrongSize(bytes.length);
  await verifyDigest(bytes, digest, client.host);
  return bytes;
}

/** Bytes that come one after another, up to a limit. */
class Growing {
  readonly limit: number;
  length = 0;
  #buffer: Uint8Array = new Uint8Array(0);

  constructor(limit: number) {
    this.limit = limit;
  }
  /** Untouched pages of a large array cost nothing yet. */
  reserve(bytes: number): void {
    const wanted = Math.min(bytes, this.limit);
    if (wanted <= this.#buffer.length) return;
    const grown = new Uint8Array(wanted);
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
  }
  add(chunk: Uint8Array): void {
    if (this.length + chunk.length > this.#buffer.length) this.reserve(Math.max(this.length + chunk.length, this.#buffer.length * 2));
    this.#buffer.set(chunk, this.length);
    this.length += chunk.length;
  }
  bytes(): Uint8Array {
    return this.length === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, this.length);
  }
}
