// Pushing a blob (distribution-spec 1.1, "Pushing blobs"): mounted from another repository where that is possible, else
// sent as one body, or in pieces where it is large. After a broken connection the registry is asked how far it has come.

import { ociError } from "../errors.ts";
import { SlipwayError } from "@slipway/core/base";
import { discard, type HttpAnswer } from "./http-client.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { ResolvedOptions } from "./registry-options.ts";
import { Retryable, withRetries } from "./retry.ts";

export interface UploadContext {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly scopes: readonly string[];
  readonly options: ResolvedOptions;
  /** Whether the registry has the blob: a broken connection does not tell whether its last request was followed. */
  readonly exists: () => Promise<boolean>;
}

const OCTETS = { "content-type": "application/octet-stream" };
/** Sessions that are begun for one blob before it is given up. */
const MAX_SESSIONS = 5;

/** Whether the registry has it now without its bytes being sent. */
export async function mountBlob(context: UploadContext, digest: string, from: string): Promise<boolean> {
  const { client, repository } = context;
  const scopes = [...context.scopes, `repository:${from}:pull`];
  try {
    return await client.send({ method: "POST", target: `/v2/${repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`, scopes, expect: [201, 202] }, async (answer) => {
      discard(answer);
      if (answer.status === 201) return true;
      // It opened an upload instead, which is not used: the usual way says the same to every registry.
      await client.follow(answer.headers.location, answer.url).then((target) => client.send({ method: "DELETE", target, scopes, expect: [200, 202, 204], once: true }, (a) => Promise.resolve(discard(a)))).catch(() => {});
      return false;
    });
  } catch (error) {
    // What may not be read there, or is not there, is sent.
    if (error instanceof SlipwayError && ["oci-denied", "oci-unauthenticated", "oci-not-found", "oci-unsupported", "oci-refused"].includes(error.code)) return false;
    throw error;
  }
}

/** @throws as the client; oci-digest-mismatch where the registry received other bytes */
export async function uploadBlob(context: UploadContext, digest: string, bytes: Uint8Array): Promise<void> {
  const { chunkBytes, retry } = context.options;
  let pieces = bytes.length > chunkBytes;
  let sessions = 0;
  await withRetries({ ...retry, attempts: Math.min(retry.attempts, MAX_SESSIONS) }, async () => {
    if (sessions++ > 0 && (await context.exists())) return;
    try {
      const session = await begin(context);
      if (!pieces) return await finish(context, session, digest, bytes);
      return await finish(context, await sendPieces(context, session, bytes, chunkBytes), digest);
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      // Not every registry takes pieces; every one takes a whole.
      if (pieces && ["oci-refused", "oci-unsupported", "oci-not-found"].includes(error.code)) {
        pieces = false;
        throw new Retryable(error);
      }
      if (["oci-unavailable", "oci-timeout", "oci-not-found"].includes(error.code)) throw new Retryable(error);
      throw error;
    }
  });
}

async function begin({ client, repository, scopes }: UploadContext): Promise<URL> {
  return client.send({ method: "POST", target: `/v2/${repository}/blobs/uploads/`, scopes, expect: [202], body: new Uint8Array() }, (answer) => location(client, answer));
}

function location(client: RegistryClient, answer: HttpAnswer): Promise<URL> {
  discard(answer);
  return client.follow(answer.headers.location, answer.url);
}

async function finish({ client, scopes, exists }: UploadContext, session: URL, digest: string, bytes: Uint8Array = new Uint8Array()): Promise<void> {
  // Appended as text: the rest of the address is the registry's own and must come back as it was.
  const target = new URL(`${session.href}${session.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`);
  try {
    await client.send({ method: "PUT", target, scopes, headers: OCTETS, body: bytes, expect: [201, 202, 204], once: true }, (answer) => {
      discard(answer);
      const said = answer.headers["docker-content-digest"];
      if (typeof said === "string" && said !== digest) throw ociError("oci-digest-mismatch", `${client.host} received ${digest} and calls it ${JSON.stringify(said.slice(0, 100))}`);
      return Promise.resolve();
    });
  } catch (error) {
    // Its answer may have been lost after the blob was stored.
    if (error instanceof SlipwayError && ["oci-unavailable", "oci-timeout", "oci-not-found"].includes(error.code) && (await exists().catch(() => false))) return;
    throw error;
  }
}

async function sendPieces(context: UploadContext, first: URL, bytes: Uint8Array, chunkBytes: number): Promise<URL> {
  const { client, scopes, options } = context;
  let session = first;
  let at = 0;
  await withRetries(options.retry, async () => {
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + chunkBytes);
      try {
        await client.send({ method: "PATCH", target: session, scopes, headers: { ...OCTETS, "content-range": `${at}-${end - 1}` }, body: bytes.subarray(at, end), expect: [202, 416], once: true }, async (answer) => {
          if (answer.status === 416) {
            discard(answer);
            throw ociError("oci-unavailable", `${client.host} has come to another place of the upload`);
          }
          session = await location(client, answer);
          at = reached(answer, end, at, end);
        });
      } catch (error) {
        if (!(error instanceof SlipwayError) || !["oci-unavailable", "oci-timeout", "oci-rate-limited"].includes(error.code)) throw error;
        await client.send({ method: "GET", target: session, scopes, expect: [204, 202, 200] }, async (answer) => {
          session = await location(client, answer);
          at = reached(answer, at, 0, bytes.length);
        });
        throw new Retryable(error);
      }
    }
  }, () => at);
  return session;
}

/** How far the registry says it has come ("0-1023"), within what can be. */
function reached(answer: HttpAnswer, otherwise: number, least: number, most: number): number {
  const match = /^(?:bytes=)?0-([0-9]{1,15})$/.exec(answer.headers["range"] ?? "");
  if (!match) return otherwise;
  // "0-0" is what docker-registry calls nothing.
  const at = match[1] === "0" ? 0 : Number(match[1]) + 1;
  if (at < least || at > most) throw ociError("oci-malformed", `the registry says that ${at} bytes have come; between ${least} and ${most} can have`);
  return at;
}
