// One HTTP request at a time, over node:http and node:https: no redirects, no retries, no credentials of its own.
// Bounded in the number of connections, in the time without a byte and in the time altogether.

import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { getCACertificates, rootCertificates } from "node:tls";
import { VERSION } from "@slipway/core/base";
import { ociError } from "../errors.ts";
import { isLoopback } from "../reference.ts";
import { Retryable } from "./retry.ts";

export interface TlsFiles {
  /** Certificates (PEM) that are trusted beside the public ones. */
  readonly ca: readonly string[];
  /** A client's certificate and key (PEM). */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}
export interface HttpLimits {
  /** Milliseconds without a byte. */
  readonly idleMs: number;
  /** Milliseconds for a request and its answer altogether, besides what its bytes are granted. */
  readonly totalMs: number;
  /** The slowest transfer that is waited for, in bytes a second. */
  readonly minBytesPerSecond: number;
}
export const HTTP_LIMITS: HttpLimits = { idleMs: 60_000, totalMs: 300_000, minBytesPerSecond: 16_384 };

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Bytes of answer that are waited for: they extend the time. */
  readonly expectedBytes?: number | undefined;
}
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly body: IncomingMessage;
}

const MAX_CONNECTIONS = 6;
const SLICE = 1 << 20;

export class HttpClient {
  readonly #limits: HttpLimits;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #local: { readonly http: HttpAgent; readonly https: HttpsAgent };

  constructor(tls: TlsFiles, limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits;
    const trust = { ...(tls.ca.length === 0 ? {} : { ca: [...publicCertificates(), ...tls.ca] }), ...(tls.cert === undefined ? {} : { cert: tls.cert }), ...(tls.key === undefined ? {} : { key: tls.key }) };
    const pool = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_CONNECTIONS };
    // HTTPS_PROXY and its kin, where this Node knows them; never for this machine's own addresses.
    this.#http = new HttpAgent({ ...pool, proxyEnv: process.env });
    this.#https = new HttpsAgent({ ...pool, ...trust, proxyEnv: process.env });
    this.#local = { http: new HttpAgent(pool), https: new HttpsAgent({ ...pool, ...trust }) };
  }

  /**
   * Settles when the headers of the answer have come. Its body must be read to the end or destroyed.
   * @throws Retryable (a broken connection, a timeout), oci-certificate
   */
  request({ method, url, headers, body, expectedBytes = 0 }: HttpRequest): Promise<HttpAnswer> {
    const secure = url.protocol === "https:";
    const agents = isLoopback(url.host) ? this.#local : { http: this.#http, https: this.#https };
    const { idleMs, totalMs, minBytesPerSecond } = this.#limits;
    return new Promise((done, failed) => {
      const options = { method, headers: { "user-agent": `slipway/${VERSION}`, "accept-encoding": "identity", ...headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) } };
      const request = secure ? requestHttps(url, { ...options, agent: agents.https }) : requestHttp(url, { ...options, agent: agents.http });
      let begun: IncomingMessage | undefined;
      // Whoever reads the body is to hear why it ended.
      const late = (): void => void (begun ?? request).destroy(new TimedOut(url));
      const timer = setTimeout(late, totalMs + ((body?.length ?? 0) + expectedBytes) / minBytesPerSecond * 1000);
      timer.unref();
      request.setTimeout(idleMs, late);
      request.on("close", () => clearTimeout(timer));
      request.on("error", (error) => failed(connectionError(error, url)));
      request.on("response", (answer) => {
        begun = answer;
        answer.on("close", () => clearTimeout(timer));
        done({ status: answer.statusCode ?? 0, headers: answer.headers, url, body: answer });
      });
      if (body === undefined || body.length === 0) request.end();
      else sendSlices(request, body);
    });
  }

  close(): void {
    for (const agent of [this.#http, this.#https, this.#local.http, this.#local.https]) agent.destroy();
  }
}

/** Takes a whole body of bounded size. @throws oci-too-large, Retryable */
export async function readAnswer(answer: HttpAnswer, maxBytes: number): Promise<Uint8Array> {
  const stated = contentLength(answer.headers);
  if (stated !== undefined && stated > maxBytes) throw tooLarge(answer, stated, maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(answer, size, maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error, answer.url);
  }
  const whole = Buffer.concat(chunks, size);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

/** Lets go of an answer that is not needed; a small rest is read, so that the connection can be used again. */
export function discard(answer: HttpAnswer): void {
  answer.body.on("error", () => {});
  if ((contentLength(answer.headers) ?? 0) > 65_536) answer.body.destroy();
  else {
    let size = 0;
    answer.body.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > 65_536) answer.body.destroy();
    });
  }
}

export function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const text = headers["content-length"];
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  return Number(text);
}

class TimedOut extends Error {
  constructor(url: URL) {
    super(`${url.host} did not answer in time`);
  }
}

/** What went wrong on the way: a coded error, marked where asking again may help. */
export function connectionError(error: unknown, url: URL): Error {
  if (!(error instanceof Error) || error instanceof Retryable) return error as Error;
  if (error instanceof TimedOut) return new Retryable(ociError("oci-timeout", error.message));
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^[A-Z][A-Z0-9_]+$/.test(code)) return error.message === "aborted" ? new Retryable(ociError("oci-unavailable", `the connection to ${url.host} broke`, { cause: error })) : error;
  if (code.startsWith("HPE_")) return ociError("oci-malformed", `${url.host} does not answer as HTTP has it (${code})`, { cause: error });
  if (code.startsWith("ERR_") && !/^ERR_(?:SSL|TLS|STREAM_PREMATURE_CLOSE)/.test(code)) return error;
  if (/CERT|VERIFY|ISSUER|SELF_SIGNED|CRL|HOSTNAME/.test(code)) return ociError("oci-certificate", `the certificate of ${url.host} is not trusted: ${error.message.slice(0, 200)}`, { cause: error, hint: "For an own certificate authority set SLIPWAY_REGISTRY_CA to its certificate's file." });
  const unavailable = ociError("oci-unavailable", `${url.host} cannot be reached (${code})`, { cause: error, hint: code === "ENOTFOUND" || code === "EAI_AGAIN" ? "Check the host's name." : code === "ECONNREFUSED" ? "Check the port, and that the registry runs." : undefined });
  return code === "ENOTFOUND" ? unavailable : new Retryable(unavailable);
}

function tooLarge(answer: HttpAnswer, size: number, maxBytes: number): Error {
  answer.body.on("error", () => {});
  answer.body.destroy();
  return ociError("oci-too-large", `${answer.url.host} answers with ${size} bytes or more; at most ${maxBytes} are allowed`, { where: answer.url.pathname });
}

function sendSlices(request: ReturnType<typeof requestHttp>, body: Uint8Array): void {
  let at = 0;
  const go = (): void => {
    while (at < body.length && !request.destroyed) {
      const slice = body.subarray(at, (at += SLICE));
      if (!request.write(slice)) {
        request.once("drain", go);
        return;
      }
    }
    if (!request.destroyed) request.end();
  };
  go();
}

function publicCertificates(): readonly string[] {
  // With those of NODE_EXTRA_CA_CERTS, from Node 22.15 on.
  return typeof getCACertificates === "function" ? getCACertificates("default") : rootCertificates;
}
