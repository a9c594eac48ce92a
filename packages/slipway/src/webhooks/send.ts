// One call of a webhook. The address is looked up here and the connection goes to what was looked at, so that no second
// answer of a name server leads elsewhere. Redirects are answers like others; of the answer's body some text is kept.

import { lookup, type LookupAddress } from "node:dns";
import type { IncomingMessage, RequestOptions } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import { SlipwayError } from "@slipway/core/base";
import type { Destinations } from "./destinations.ts";
import { webhookError } from "./errors.ts";

export interface SendRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly destinations: Destinations;
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
}
export interface SendAnswer {
  readonly status: number;
  /** The beginning of the answer's body. */
  readonly excerpt: string;
  readonly retryAfterMs: number | undefined;
}

const EXCERPT = 1024;
const MAX_HEADERS = 16 * 1024;

/** Any status is an answer. @throws webhook-address-refused, webhook-unreachable, webhook-timeout */
export async function sendWebhook(request: SendRequest): Promise<SendAnswer> {
  const url = new URL(request.url);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const check = (address: string): void => {
    if (!request.destinations.allows(address)) throw webhookError("webhook-address-refused", `${host} is ${address === host ? "an address" : `at ${address},`} of this machine or of a private network`, { hint: "Name it under webhooks.allow of the configuration where it is meant." });
    if (url.protocol === "http:" && !request.destinations.isException(address)) throw webhookError("webhook-address-refused", `${host} is public and asked without TLS`, { hint: "Use https://." });
  };
  if (isIP(host) !== 0) check(host);
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  const options: RequestOptions = {
    method: "POST", agent: false, maxHeaderSize: MAX_HEADERS, signal, lookup: checkedLookup(check),
    headers: { "content-type": "application/json", "user-agent": "slipway-webhooks", ...request.headers, "content-length": Buffer.byteLength(request.body), connection: "close" },
  };
  const { request: open } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  try {
    return await new Promise<SendAnswer>((resolve, reject) => {
      const call = open(url, options, (answer) => {
        readExcerpt(answer, (excerpt) => {
          call.destroy();
          resolve({ status: answer.statusCode ?? 0, excerpt, retryAfterMs: retryAfter(answer.headers["retry-after"]) });
        }, reject);
      });
      call.on("error", reject);
      call.end(request.body);
    });
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    if (timeout.aborted) throw webhookError("webhook-timeout", `${url.host} did not answer within ${request.timeoutMs} ms`, { cause });
    throw webhookError("webhook-unreachable", `${url.host} could not be reached: ${(cause as { code?: string }).code ?? (cause as Error).message.slice(0, 200)}`, { cause });
  }
}

/** Gives the addresses that pass; refuses where none does. */
function checkedLookup(check: (address: string) => void): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { all: true, verbatim: true }, (error, found) => {
      if (error !== null) return done(error, "", 0);
      const passed: LookupAddress[] = [];
      let refusal: unknown;
      for (const entry of found) {
        try {
          check(entry.address);
          passed.push(entry);
        } catch (refused) {
          refusal = refused;
        }
      }
      const [first] = passed;
      if (first === undefined) return done((refusal ?? new Error("no address")) as NodeJS.ErrnoException, "", 0);
      if (options.all === true) done(null, passed);
      else done(null, first.address, first.family);
    });
  };
}

function readExcerpt(answer: IncomingMessage, done: (text: string) => void, failed: (error: Error) => void): void {
  const pieces: Buffer[] = [];
  let size = 0;
  const finish = (): void => done(Buffer.concat(pieces).subarray(0, EXCERPT).toString());
  answer.on("data", (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size < EXCERPT) return;
    answer.removeAllListeners("data");
    finish();
  });
  answer.on("end", finish);
  answer.on("error", failed);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, 86_400_000) : undefined;
}
