// Requests to Google's Cloud Storage (JSON API, https://cloud.google.com/storage/docs/json_api), with a token of who asks. Only
// reasons of refusals are told on.

import { homedir } from "node:os";
import { discard, HttpClient, readAnswer, Retryable, retryAfterMs, type HttpAnswer, type HttpRequest, type RetryPolicy } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import { objectOf } from "../aws/ask-local.ts";
import type { CredentialChain } from "../aws/credentials.ts";
import { text, type Environment } from "../aws/profile-files.ts";
import type { Token } from "../oauth-token.ts";
import { Web } from "../web.ts";
import { googleTokens } from "./google-credentials.ts";

export interface GoogleConfig {
  readonly endpoint: URL;
  readonly tokens: Pick<CredentialChain<Token>, "get" | "forget">;
}
export interface GoogleRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below the endpoint; or the address of an upload that the endpoint gave. */
  readonly path: string | URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly expect: readonly number[];
  readonly expectedBytes?: number;
  /** As it may be shown. */
  readonly shown: string;
}

const MAX_DOCUMENT = 2 ** 24;
const MAX_ERROR = 2 ** 16;
/** Refusals (403) after which the same may be asked again. */
const AGAIN: ReadonlySet<string> = new Set(["rateLimitExceeded", "userRateLimitExceeded", "backendError", "internalError"]);

/** @throws SlipwayError batch-source-address */
export function readGoogleConfig(env: Environment = process.env, home: string = homedir()): GoogleConfig {
  const emulator = text(env, "STORAGE_EMULATOR_HOST");
  const given = emulator ?? text(env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE");
  const endpoint = URL.parse(given === undefined ? "https://storage.googleapis.com" : /^https?:/i.test(given) ? given : `http://${given}`);
  if (endpoint === null || endpoint.username !== "") throw batchError("batch-source-address", "the endpoint of Google's storage is no address", { hint: "STORAGE_EMULATOR_HOST is like http://127.0.0.1:4443, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE like https://storage.googleapis.com/storage/v1/." });
  // An emulator is asked by nobody, as Google's own libraries do it.
  return { endpoint: new URL(endpoint.origin), tokens: emulator === undefined ? googleTokens({ ...env }, home) : { get: async () => undefined, forget: () => false } };
}

export class GoogleClient {
  readonly #config: GoogleConfig;
  readonly #web: Web;
  /** Who asked last. */
  #asked: Token | undefined;

  constructor(config: GoogleConfig = readGoogleConfig(), policy?: RetryPolicy) {
    this.#config = config;
    this.#web = new Web(policy, new HttpClient({ ca: [] }));
  }
  /** @throws SlipwayError batch-source-..., batch-input-missing */
  send<T>(request: GoogleRequest, read: (answer: HttpAnswer) => Promise<T> | T): Promise<T> {
    const { shown, expect } = request;
    return this.#web.ask({ shown, check: "Check the endpoint (STORAGE_EMULATOR_HOST, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE)", expect, request: () => this.#signed(request), refused: (answer) => this.#refusal(answer, shown) }, read);
  }
  /** An answer that is an object of JSON; undefined: it is of another status than 200. @throws as `send` */
  document(request: GoogleRequest): Promise<Readonly<Record<string, unknown>> | undefined> {
    return this.send(request, async (answer) => {
      if (answer.status !== 200) {
        discard(answer);
        return undefined;
      }
      const found = objectOf(Buffer.from(await readAnswer(answer, MAX_DOCUMENT)).toString("utf8"));
      if (found === undefined) throw batchError("batch-source-unavailable", `${request.shown} does not answer as Google's storage does`, { where: request.shown, hint: "Check the endpoint (STORAGE_EMULATOR_HOST, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE)." });
      return found;
    });
  }
  /** Only uploads that lie there are sent to. @throws SlipwayError batch-source-unavailable */
  own(location: string | undefined, shown: string): URL {
    const url = URL.parse(location ?? "");
    if (url?.origin !== this.#config.endpoint.origin) throw batchError("batch-source-unavailable", `${shown} gives no address to send it to`, { where: shown });
    return url;
  }

  async #signed({ method, path, query = {}, headers = {}, body, expectedBytes }: GoogleRequest): Promise<HttpRequest> {
    const url = typeof path === "string" ? new URL(path, this.#config.endpoint) : new URL(path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    this.#asked = await this.#config.tokens.get();
    return { method, url, headers: { ...headers, ...(this.#asked === undefined ? {} : { authorization: `Bearer ${this.#asked.token}` }) }, ...(body === undefined ? {} : { body }), ...(expectedBytes === undefined ? {} : { expectedBytes }) };
  }
  async #refusal(answer: HttpAnswer, shown: string): Promise<Error | undefined> {
    const said = objectOf(Buffer.from(await readAnswer(answer, MAX_ERROR).catch(() => new Uint8Array(0))).toString("utf8"))?.["error"] as { errors?: { reason?: unknown }[] } | undefined;
    const reason = String(said?.errors?.[0]?.reason ?? "").replace(/[^A-Za-z0-9]/g, "").slice(0, 80);
    const told = reason === "" ? String(answer.status) : `${reason} (${answer.status})`;
    if (AGAIN.has(reason)) return new Retryable(batchError("batch-source-unavailable", `${shown} answers ${told}`, { where: shown }), retryAfterMs(answer.headers["retry-after"]));
    if (answer.status === 404) return batchError("batch-input-missing", `there is no ${shown} (${told})`, { where: shown });
    if (answer.status !== 401 && answer.status !== 403) return undefined;
    const denied = batchError("batch-source-denied", `${shown}: ${told}`, { where: shown, hint: this.#asked === undefined ? "There are no credentials: set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN, or GCE_METADATA_HOST=metadata.google.internal on a machine or in a pod of Google's." : "Check the credentials, and what they may do in the bucket." });
    return answer.status === 401 && this.#config.tokens.forget(this.#asked) ? new Retryable(denied) : denied;
  }
}
