// Requests to one registry: scheme, authorization, redirects, retries. What a status means for an operation is said by
// whoever asks; what means the same for all of them (401, 403, 429, 5xx) is said here.

import { ociError } from "../errors.ts";
import { isLoopback } from "../reference.ts";
import { Authorization } from "./authorization.ts";
import { findCredentials, type Credentials } from "./credentials.ts";
import { discard, HttpClient, readAnswer, type HttpAnswer } from "./http-client.ts";
import type { ResolvedOptions } from "./registry-options.ts";
import { Retryable, retryAfterMs, withRetries } from "./retry.ts";
import { findOrigin } from "./scheme.ts";

export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** A path from /v2/ on, or an address that the registry gave. */
  readonly target: string | URL;
  /** A function where they differ from one try to the next. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  readonly body?: Uint8Array;
  /** "repository:team/churn:pull" */
  readonly scopes: readonly string[];
  /** The statuses that `read` understands. */
  readonly expect: readonly number[];
  readonly expectedBytes?: number;
  /** Not to be asked again by itself. */
  readonly once?: boolean;
  /** Bytes that are done: while they grow, tries are not counted. */
  readonly progress?: () => number;
}

const MAX_REDIRECTS = 5;
const MAX_PROBLEM_BYTES = 65_536;
const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
/** docker's name for Docker Hub is not where its interface is. */
const HUB = { name: "docker.io", host: "registry-1.docker.io" };

export class RegistryClient {
  readonly host: string;
  readonly #options: ResolvedOptions;
  readonly #http: HttpClient;
  readonly #authorization: Authorization;
  #credentials: Promise<Credentials | undefined> | undefined;
  #origin: Promise<URL> | undefined;

  constructor(host: string, repository: string, options: ResolvedOptions) {
    this.host = host;
    this.#options = options;
    this.#http = new HttpClient(options.tls, options.limits);
    this.#authorization = new Authorization(this.#http, host, () => (this.#credentials ??= findCredentials(host, repository, options)));
  }

  /**
   * Sends, follows, answers challenges, asks again, and hands the answer to `read`, whose failures on the way (a broken
   * connection) make the whole be asked again.
   * @throws oci-unauthenticated, oci-denied, oci-rate-limited, oci-unavailable, oci-timeout, oci-refused, oci-redirect, oci-insecure, oci-certificate
   */
  send<T>(request: RegistryRequest, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const policy = request.once === true ? { ...this.#options.retry, attempts: 1 } : this.#options.retry;
    return withRetries(policy, async () => {
      const answer = await this.#answer(request);
      if (request.expect.includes(answer.status)) return read(answer);
      throw await this.#problem(answer, request);
    }, request.progress);
  }

  /** An address that the registry gave, which must be its own host's or encrypted. @throws oci-insecure, oci-redirect */
  async follow(location: string | undefined, from: URL): Promise<URL> {
    const url = location === undefined || location.length > 16_384 ? null : URL.parse(location, from.href);
    if (!url) throw ociError("oci-malformed", `${this.host} answers with no address to go on at`, { where: "Location" });
    const origin = await this.#base();
    if (url.username !== "" || url.password !== "" || !/^https?:$/.test(url.protocol)) throw ociError("oci-redirect", `${this.host} sends on to ${JSON.stringify(url.href.slice(0, 200))}, which is not followed`);
    if (url.protocol === "http:" && !(origin.protocol === "http:" && (url.host === origin.host || (isLoopback(url.host) && isLoopback(origin.host))))) {
      throw ociError("oci-insecure", `${this.host} sends on to ${url.origin} without encryption`, { hint: "A registry behind a proxy must be told its outer address (docker-registry: http.host, http.relativeurls)." });
    }
    if (isLoopback(url.host) && !isLoopback(origin.host)) throw ociError("oci-redirect", `${this.host} sends on to ${url.host}, which is this very machine`);
    url.hash = "";
    return url;
  }

  close(): void {
    this.#http.close();
  }

  /** Where the interface is. */
  #base(): Promise<URL> {
    const host = this.host === HUB.name ? HUB.host : this.host;
    const { plainHttp } = this.#options;
    if (plainHttp !== undefined) return Promise.resolve(new URL(`${plainHttp ? "http" : "https"}://${host}`));
    this.#origin ??= withRetries(this.#options.retry, () => findOrigin(this.#http, host)).catch((error: unknown) => {
      this.#origin = undefined;
      throw error;
    });
    return this.#origin;
  }

  async #answer(request: RegistryRequest): Promise<HttpAnswer> {
    const base = await this.#base();
    let url = request.target instanceof URL ? request.target : new URL(request.target, base);
    let authorization = url.origin === base.origin ? await this.#authorization.header(request.scopes) : undefined;
    let challenges = 0;
    for (let redirects = 0; ; ) {
      const own = url.origin === base.origin;
      const answer = await this.#http.request({
        method: request.method, url, body: request.body, expectedBytes: request.expectedBytes,
        headers: { ...(typeof request.headers === "function" ? request.headers() : request.headers), ...(own && authorization !== undefined ? { authorization } : {}) },
      });
      if (answer.status === 401 && own && challenges < 2) {
        challenges++;
        discard(answer);
        const next = await this.#authorization.challenged(answer.headers["www-authenticate"], base, request.scopes, authorization);
        if (next !== undefined) {
          authorization = next;
          continue;
        }
      }
      const { status } = answer;
      const safe = request.method === "GET" || request.method === "HEAD";
      if (!(status === 307 || status === 308 || (safe && (status === 301 || status === 302 || status === 303)))) return answer;
      discard(answer);
      if (++redirects > MAX_REDIRECTS) throw ociError("oci-redirect", `${this.host} redirects more than ${MAX_REDIRECTS} times`);
      url = await this.follow(answer.headers.location, url);
    }
  }

  async #problem(answer: HttpAnswer, request: RegistryRequest): Promise<Error> {
    const { status, url } = answer;
    const where = `${request.method} ${url.origin}${url.pathname.slice(0, 200)}`;
    const said = request.method === "HEAD" ? "" : problemText(await readAnswer(answer, MAX_PROBLEM_BYTES).catch(() => new Uint8Array()));
    const text = said === "" ? "" : `: ${said}`;
    if (status === 401) return ociError("oci-unauthenticated", `${this.host} does not accept the credentials${text}`, { where, hint: `Log in again: docker login ${this.host}.` });
    if (status === 403) return ociError("oci-denied", `${this.host} does not allow this${text}`, { where });
    if (status === 404) return ociError("oci-not-found", `${this.host} does not have it${text}`, { where });
    if (status === 405 || status === 501) return ociError("oci-unsupported", `${this.host} does not offer this${text}`, { where });
    if (RETRIED.has(status)) {
      const error = status === 429 ? ociError("oci-rate-limited", `${this.host} takes no more requests for now${text}`, { where }) : ociError("oci-unavailable", `${this.host} answers with ${status}${text}`, { where });
      return new Retryable(error, retryAfterMs(answer.headers["retry-after"]));
    }
    return ociError("oci-refused", `${this.host} answers with ${status}${text}`, { where, data: { status } });
  }
}

/** distribution-spec 1.1, "Error Codes": what the registry says, as one line. */
function problemText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  let said = "";
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    if (Array.isArray(errors)) said = errors.slice(0, 3).map((e: { code?: unknown; message?: unknown } | null) => [e?.code, e?.message].filter((part) => typeof part === "string" && part !== "").join(" ")).join("; ");
  } catch {
    said = /^\s*</.test(text) ? "" : text;
  }
  return said.replace(/[\p{Cc}\s]+/gu, " ").trim().slice(0, 300);
}
