// The Authorization header for a registry: Basic, or a bearer token from the server that the registry names
// (https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/). Tokens are kept per scope until they end.
// Credentials are those stored for the registry's own host; only its own challenges are answered, never a redirect's.

import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { ociError } from "../errors.ts";
import { isLoopback } from "../reference.ts";
import { parseChallenges, type Challenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { discard, readAnswer, type HttpClient } from "./http-client.ts";
import { Retryable, retryAfterMs } from "./retry.ts";

/** As the specification has it where the server says nothing. */
const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 3600;
/** Before its end a token is not used any more, in milliseconds. */
const MARGIN_MS = 5000;
const MAX_ANSWER = 1 << 20;
const MAX_TOKEN = 65_536;
const MAX_SCOPE = 512;
const CLIENT = "slipway";

const fail: Fail = (message, where) => ociError("oci-malformed", `the token server's answer: ${message}`, { where });

type Way = { readonly scheme: "basic" } | { readonly scheme: "bearer"; readonly realm: URL; readonly service: string | undefined; readonly scope: string | undefined };

export class Authorization {
  readonly #client: HttpClient;
  readonly #host: string;
  readonly #credentials: () => Promise<Credentials | undefined>;
  readonly #tokens = new Map<string, { readonly header: string; readonly endsAt: number }>();
  #way: Way | undefined;

  constructor(client: HttpClient, host: string, credentials: () => Promise<Credentials | undefined>) {
    this.#client = client;
    this.#host = host;
    this.#credentials = credentials;
  }

  /** What is known to be wanted; undefined before the first challenge. @throws as challenged */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    return this.#way === undefined ? undefined : this.#for(this.#way, scopes, false);
  }

  /**
   * After an answer of 401. Undefined where nothing new can be said.
   * @param refused the header that was sent
   * @throws oci-unauthenticated, oci-insecure, oci-malformed, Retryable
   */
  async challenged(header: string | undefined, origin: URL, scopes: readonly string[], refused: string | undefined): Promise<string | undefined> {
    const challenges = parseChallenges(header);
    const bearer = challenges.find((c) => c.scheme === "bearer");
    const way: Way | undefined = bearer ? this.#bearer(bearer, origin) : challenges.some((c) => c.scheme === "basic") ? { scheme: "basic" } : undefined;
    if (way === undefined) throw ociError("oci-unauthenticated", `${this.#host} wants credentials, but in no way that is known (${challenges.map((c) => c.scheme).join(", ").slice(0, 100) || "it names none"})`);
    this.#way = way;
    const next = await this.#for(way, scopes, true);
    return next === refused ? undefined : next;
  }

  #bearer({ parameters }: Challenge, origin: URL): Way {
    const realm = URL.parse(parameters.get("realm") ?? "");
    if (!realm || realm.username !== "" || realm.password !== "" || !/^https?:$/.test(realm.protocol)) throw ociError("oci-malformed", `${this.#host} names no token server: ${JSON.stringify((parameters.get("realm") ?? "").slice(0, 200))}`, { where: "WWW-Authenticate: realm" });
    // Credentials go there.
    const beside = realm.hostname === origin.hostname || (isLoopback(realm.host) && isLoopback(origin.host));
    if (realm.protocol === "http:" && !(origin.protocol === "http:" && beside)) throw ociError("oci-insecure", `${this.#host} sends credentials to ${realm.host} without encryption`, { where: "WWW-Authenticate: realm" });
    realm.hash = "";
    const scope = parameters.get("scope");
    return { scheme: "bearer", realm, service: parameters.get("service"), scope: scope === undefined || scope === "" || scope.length > MAX_SCOPE ? undefined : scope };
  }

  async #for(way: Way, scopes: readonly string[], fresh: boolean): Promise<string> {
    if (way.scheme === "basic") {
      const credentials = await this.#credentials();
      if (credentials?.kind === "password") return basic(credentials.username, credentials.password);
      if (credentials?.kind === "registry") return `Bearer ${credentials.token}`;
      throw this.#nobody();
    }
    // What the challenge asks for besides belongs to the request that was refused.
    const wanted = [...new Set(fresh && way.scope !== undefined ? [...scopes, ...way.scope.split(" ")] : scopes)].filter((s) => s !== "").sort();
    const key = scopes.join(" ");
    const known = this.#tokens.get(key);
    if (!fresh && known && known.endsAt > Date.now()) return known.header;
    const made = await this.#token(way, wanted);
    if (this.#tokens.size > 100) this.#tokens.clear();
    this.#tokens.set(key, made);
    return made.header;
  }

  async #token({ realm, service }: Way & { scheme: "bearer" }, scopes: readonly string[]): Promise<{ header: string; endsAt: number }> {
    const credentials = await this.#credentials();
    if (credentials?.kind === "registry") return { header: `Bearer ${credentials.token}`, endsAt: Infinity };
    const askedAt = Date.now();
    let answer;
    if (credentials?.kind === "identity") {
      const form = new URLSearchParams({ grant_type: "refresh_token", client_id: CLIENT, refresh_token: credentials.token, ...(service === undefined ? {} : { service }), scope: scopes.join(" ") });
      answer = await this.#client.request({ method: "POST", url: realm, headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" }, body: new TextEncoder().encode(form.toString()) });
    } else {
      const url = new URL(realm);
      if (service !== undefined) url.searchParams.set("service", service);
      for (const scope of scopes) url.searchParams.append("scope", scope);
      if (credentials) url.searchParams.set("account", credentials.username);
      answer = await this.#client.request({ method: "GET", url, headers: { accept: "application/json", ...(credentials ? { authorization: basic(credentials.username, credentials.password) } : {}) } });
    }
    const { status } = answer;
    if (status !== 200) {
      discard(answer);
      if (status === 401 || status === 403 || status === 400) throw credentials ? ociError("oci-unauthenticated", `the token server ${realm.host} does not accept the credentials for ${this.#host} (${status})`, { hint: `Log in again: docker login ${this.#host}.` }) : this.#nobody();
      if (status >= 300 && status < 400) throw ociError("oci-redirect", `the token server ${realm.host} redirects; credentials are not sent on`);
      const error = ociError(status === 429 ? "oci-rate-limited" : "oci-unavailable", `the token server ${realm.host} answers with ${status}`);
      throw status === 429 || status >= 500 ? new Retryable(error, retryAfterMs(answer.headers["retry-after"])) : error;
    }
    const document = new JsonObject(parseJson(await readAnswer(answer, MAX_ANSWER), realm.host, fail), "", fail);
    const token = document.optionalString("token") || document.optionalString("access_token") || "";
    // It becomes a header's value.
    if (token === "" || token.length > MAX_TOKEN || !/^[\x21-\x7e]+$/.test(token)) throw fail(token === "" ? "it holds no token" : "the token is not one", realm.host);
    const seconds = document.has("expires_in") ? document.count("expires_in") : DEFAULT_SECONDS;
    return { header: `Bearer ${token}`, endsAt: askedAt + Math.min(MAX_SECONDS, seconds) * 1000 - MARGIN_MS };
  }

  #nobody(): Error {
    return ociError("oci-unauthenticated", `${this.#host} wants to know who asks, and there are no credentials for it`, { hint: `Log in: docker login ${this.#host} (podman, skopeo, crane and oras do as well), or name a file in REGISTRY_AUTH_FILE.` });
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}
