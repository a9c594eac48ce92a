// A request to a service of this machine or its container: no proxy sees it, no redirect is followed, and it is over soon.

import { Agent as HttpAgent, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

export interface LocalRequest {
  readonly method: "GET" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Altogether. */
  readonly timeoutMs: number;
}
const MAX_BYTES = 2 ** 16;

/** Undefined: nobody answers. */
export function askLocal({ method, url, headers, timeoutMs }: LocalRequest): Promise<{ readonly status: number; readonly text: string } | undefined> {
  const secure = url.protocol === "https:";
  return new Promise((done) => {
    // Agents without settings: those that know of proxies are given them.
    const options = { method, headers, signal: AbortSignal.timeout(timeoutMs) };
    const request = secure ? requestHttps(url, { ...options, agent: new HttpsAgent() }) : requestHttp(url, { ...options, agent: new HttpAgent() });
    request.on("error", () => done(undefined));
    request.on("response", (answer) => {
      const pieces: Buffer[] = [];
      let size = 0;
      answer.on("data", (piece: Buffer) => {
        pieces.push(piece);
        if ((size += piece.length) > MAX_BYTES) answer.destroy();
      });
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }));
      answer.on("close", () => done(undefined));
      answer.on("error", () => done(undefined));
    });
    request.end();
  });
}

/** An object of JSON; undefined: it is none. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
