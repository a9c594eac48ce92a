// Requests to Azure's Blob storage, signed with the account's key (Shared Key,
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key), with a shared access signature or with a token of
// Entra ID. Only codes of refusals are told on: no header, no query and no key of who asks.

import { createHmac } from "node:crypto";
import { discard, HttpClient, Retryable, retryAfterMs, type HttpAnswer, type HttpRequest, type RetryPolicy } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import type { Token } from "../oauth-token.ts";
import { Web } from "../web.ts";
import type { AzureConfig } from "./azure-config.ts";

export interface AzureRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly bucket: string;
  /** "": of the container itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses, and codes of Azure's for what is no failure. */
  readonly expect: readonly (number | string)[];
  readonly expectedBytes?: number;
  /** As it may be shown. */
  readonly shown: string;
}

const VERSION = "2021-12-02";
const AGAIN: ReadonlySet<string> = new Set(["ServerBusy", "InternalError", "OperationTimedOut", "ContainerBeingDeleted"]);

export class AzureClient {
  readonly #config: AzureConfig;
  readonly #web: Web;
  /** Who asked last. */
  #asked: Token | undefined;

  constructor(config: AzureConfig, policy?: RetryPolicy) {
    this.#config = config;
    this.#web = new Web(policy, new HttpClient({ ca: [] }));
  }
  /** @throws SlipwayError batch-source-..., batch-input-missing */
  send<T>(request: AzureRequest, read: (answer: HttpAnswer) => Promise<T> | T): Promise<T> {
    const { shown, expect } = request;
    // By its code, which says more than the status: a refusal that is expected is an answer.
    const statuses = [200, 201, 202, 206, 404, 409, 412, 416];
    return this.#web.ask({ shown, check: "Check the storage account and the endpoint (AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_CONNECTION_STRING)", expect: statuses, request: () => this.#signed(request), refused: (answer) => this.#refusal(answer, shown) }, async (answer) => {
      if (expect.includes(answer.status) || expect.includes(codeOf(answer))) return read(answer);
      discard(answer);
      throw await this.#refusal(answer, shown);
    });
  }
  /** The address of an object as the source of a copy. */
  source(bucket: string, key: string): string {
    const url = this.#url(bucket, key);
    const { auth } = this.#config;
    if (auth.kind === "sas") for (const [name, value] of auth.query) url.searchParams.set(name, value);
    return url.href;
  }

  #url(bucket: string, key: string): URL {
    const { endpoint } = this.#config;
    return new URL(`${endpoint.origin}${endpoint.pathname.replace(/\/$/, "")}/${encode(bucket)}${key === "" ? "" : `/${key.split("/").map(encode).join("/")}`}`);
  }
  async #signed({ method, bucket, key, query = {}, headers: more = {}, body, expectedBytes }: AzureRequest): Promise<HttpRequest> {
    const { auth } = this.#config;
    const url = this.#url(bucket, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers: Record<string, string> = { "x-ms-version": VERSION, "x-ms-date": new Date().toUTCString(), ...more };
    if (auth.kind === "key") headers["authorization"] = `SharedKey ${auth.account}:${createHmac("sha256", auth.key).update(toSign(method, url, auth.account, headers, body)).digest("base64")}`;
    else if (auth.kind === "sas") for (const [name, value] of auth.query) url.searchParams.set(name, value);
    else if (auth.kind === "token") {
      this.#asked = await auth.chain.get();
      headers["authorization"] = `Bearer ${this.#asked!.token}`;
    }
    url.search = url.search.replaceAll("+", "%20");
    return { method, url, headers, ...(body === undefined ? {} : { body }), ...(expectedBytes === undefined ? {} : { expectedBytes }) };
  }
  async #refusal(answer: HttpAnswer, shown: string): Promise<Error> {
    const code = codeOf(answer);
    const told = code === "" ? String(answer.status) : `${code} (${answer.status})`;
    if (AGAIN.has(code) || answer.status === 429 || answer.status >= 500) return new Retryable(batchError("batch-source-unavailable", `${shown} answers ${told}`, { where: shown }), retryAfterMs(answer.headers["retry-after"]));
    if (answer.status === 404) return batchError("batch-input-missing", `there is no ${shown} (${told})`, { where: shown });
    if (answer.status === 401 || answer.status === 403 || code === "PublicAccessNotPermitted") {
      const { auth } = this.#config;
      const denied = batchError("batch-source-denied", `${shown}: ${told}`, { where: shown, hint: auth.kind === "nobody" ? "There are no credentials: set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN." : "Check the credentials, that they are of this storage account, and what they may do there." });
      return answer.status === 401 && auth.kind === "token" && auth.chain.forget(this.#asked) ? new Retryable(denied) : denied;
    }
    return batchError("batch-source-unavailable", `${shown} answers ${told}`, { where: shown });
  }
}

export function codeOf({ headers }: HttpAnswer): string {
  return String(headers["x-ms-error-code"] ?? "").replace(/[^A-Za-z0-9.]/g, "").slice(0, 80);
}
function encode(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
/** What the key signs: the method, some headers in their order, all of Azure's own, the path and the query. */
function toSign(method: string, url: URL, account: string, headers: Readonly<Record<string, string>>, body: Uint8Array | undefined): string {
  const of = (name: string): string => headers[name] ?? "";
  const own = Object.entries(headers).filter(([name]) => name.startsWith("x-ms-")).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value.trim()}\n`).join("");
  const query = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `\n${name.toLowerCase()}:${value}`).join("");
  const length = body === undefined || body.length === 0 ? "" : String(body.length);
  return [method, "", "", length, "", of("content-type"), "", "", of("if-match"), of("if-none-match"), "", "", `${own}/${account}${url.pathname}${query}`].join("\n");
}
