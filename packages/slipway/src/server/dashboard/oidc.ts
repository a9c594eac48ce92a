// Signing in with an OpenID Connect provider: the authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE
// (RFC 7636, S256), state and nonce. What belongs to a sign-in under way lies in the database under the hash of its state,
// bound to the browser by a cookie of its own; it is used once. The ID token is checked as every token is: signature,
// issuer, audience (our client), times; and its nonce. Tokens are read and thrown away, none is kept.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Database } from "../../database/index.ts";
import { cookieOf } from "../auth/sessions.ts";
import type { Principal } from "../auth/principal.ts";
import { TokenVerifier, type TokenOptions } from "../auth/tokens.ts";
import type { Answer, Call } from "../http/call.ts";
import { dashboardError } from "./errors.ts";
import { hash, iso } from "./session-store.ts";

export interface OidcClient extends Omit<TokenOptions, "audience"> {
  /** As the provider knows this service. */
  readonly clientId: string;
  /** Of a confidential client; a public one has none. */
  readonly clientSecret?: string | undefined;
  /** Beside `openid`. */
  readonly scopes?: readonly string[] | undefined;
  /** What the button says. */
  readonly name?: string | undefined;
}

export const CALLBACK = "/api/v1/sign-in/callback";
const COOKIE = "slipway_sign_in";
const UNDER_WAY_MS = 10 * 60_000;
const PROVIDER_MS = 10_000;
const MAX_ANSWER = 1 << 20;

interface Discovered {
  readonly authorize: string;
  readonly token: string;
  readonly basic: boolean;
}

export class OidcSignIn {
  readonly #client: OidcClient;
  readonly #database: Database;
  readonly #verifier: TokenVerifier;
  #discovered: Promise<Discovered> | undefined;

  constructor(client: OidcClient, database: Database) {
    this.#client = client;
    this.#database = database;
    this.#verifier = new TokenVerifier({ ...client, audience: client.clientId });
  }

  get name(): string {
    return this.#client.name ?? new URL(this.#client.issuer).hostname;
  }

  /** Sends the browser to the provider. `base`: this service's address as browsers see it. @throws SlipwayError sign-in-provider */
  async start(base: string, returnTo: string, now: number = Date.now()): Promise<Answer> {
    const { authorize } = await this.#discover();
    const [state, browser, verifier, nonce] = Array.from({ length: 4 }, () => randomBytes(32).toString("base64url")) as [string, string, string, string];
    const redirect = base + CALLBACK;
    await this.#database.transaction(async (tx) => {
      await tx.query("delete from sign_ins where expires_at < $1", [iso(now)]);
      await tx.query("insert into sign_ins (state_hash, browser_hash, verifier, nonce, return_to, redirect_uri, expires_at) values ($1, $2, $3, $4, $5, $6, $7)", [hash(state), hash(browser), verifier, nonce, returnTo, redirect, iso(now + UNDER_WAY_MS)]);
    });
    const url = new URL(authorize);
    const parameters = {
      response_type: "code", client_id: this.#client.clientId, redirect_uri: redirect, scope: ["openid", ...(this.#client.scopes ?? [])].join(" "), state, nonce,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
    };
    for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
    return {
      status: 302, body: null,
      // The provider's page leads back here: a strict cookie would not come along.
      headers: { location: url.href, "set-cookie": `${COOKIE}=${browser}; Path=${CALLBACK}; HttpOnly; SameSite=Lax; Max-Age=${UNDER_WAY_MS / 1000}${base.startsWith("https:") ? "; Secure" : ""}` },
    };
  }

  /** What the provider answered. @throws SlipwayError sign-in-refused, sign-in-provider, credentials-refused */
  async finish(call: Call, now: number = Date.now()): Promise<{ readonly principal: Principal; readonly returnTo: string }> {
    const { query } = call;
    const state = query.get("state") ?? "";
    const browser = cookieOf(call, COOKIE) ?? "";
    const [row] = await this.#database.query<{ browser_hash: string; verifier: string; nonce: string; return_to: string; redirect_uri: string; expires_at: string }>("delete from sign_ins where state_hash = $1 returning browser_hash, verifier, nonce, return_to, redirect_uri, expires_at", [hash(state)]);
    if (row === undefined || row.expires_at <= iso(now) || !timingSafeEqual(Buffer.from(row.browser_hash), Buffer.from(hash(browser)))) {
      throw dashboardError("sign-in-refused", "this sign-in was not begun in this browser, or took longer than ten minutes", { hint: "Begin anew." });
    }
    const error = query.get("error");
    if (error !== null) throw dashboardError("sign-in-refused", `the provider refused: ${`${error} ${query.get("error_description") ?? ""}`.trim().slice(0, 200)}`);
    const issuer = query.get("iss");
    // RFC 9207: an answer of another provider.
    if (issuer !== null && issuer !== this.#client.issuer) throw dashboardError("sign-in-refused", "the answer is another provider's");
    const token = await this.#exchange(query.get("code") ?? "", row.verifier, row.redirect_uri);
    const principal = await this.#verifier.principal(token);
    if (nonceOf(token) !== row.nonce) throw dashboardError("sign-in-refused", "the provider's token belongs to another sign-in");
    if (principal.roles.length === 0) throw dashboardError("sign-in-refused", `${principal.person} has no role here`, { hint: "Whoever administrates the provider gives one (docs/dashboard.md), or the service gives one to everybody: --oidc-default-role viewer." });
    return { principal, returnTo: row.return_to };
  }

  async #exchange(code: string, verifier: string, redirect: string): Promise<string> {
    const { token: address, basic } = await this.#discover();
    const { clientId, clientSecret } = this.#client;
    const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier });
    const headers: Record<string, string> = { accept: "application/json" };
    if (clientSecret !== undefined && basic) headers["authorization"] = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64")}`;
    else {
      body.set("client_id", clientId);
      if (clientSecret !== undefined) body.set("client_secret", clientSecret);
    }
    const answer = await ask(address, { method: "POST", headers, body });
    const { id_token: token, error, error_description: why } = answer as { id_token?: unknown; error?: unknown; error_description?: unknown };
    if (typeof token !== "string" || token.split(".").length !== 3) throw dashboardError("sign-in-refused", `the provider gave no ID token${typeof error === "string" ? `: ${`${error} ${typeof why === "string" ? why : ""}`.trim().slice(0, 200)}` : ""}`);
    return token;
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  #discover(): Promise<Discovered> {
    this.#discovered ??= (async () => {
      const { issuer } = this.#client;
      const document = (await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {})) as Readonly<Record<string, unknown>>;
      const { authorization_endpoint: authorize, token_endpoint: token, token_endpoint_auth_methods_supported: methods } = document;
      if (document["issuer"] !== issuer || typeof authorize !== "string" || typeof token !== "string") throw dashboardError("sign-in-provider", `${issuer} has no usable discovery document`, { hint: "The issuer must be written exactly as the provider names itself." });
      return { authorize, token, basic: !Array.isArray(methods) || methods.includes("client_secret_basic") };
    })();
    // It may be back for the next who signs in.
    this.#discovered.catch(() => (this.#discovered = undefined));
    return this.#discovered;
  }
}

async function ask(address: string, init: RequestInit): Promise<object> {
  try {
    const answer = await fetch(address, { ...init, redirect: "error", signal: AbortSignal.timeout(PROVIDER_MS) });
    const text = await answer.text();
    const value: unknown = text.length > MAX_ANSWER ? undefined : JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
    throw new Error(`status ${answer.status}`);
  } catch (cause) {
    throw dashboardError("sign-in-provider", `the provider does not answer as it should at ${new URL(address).origin}: ${(cause as Error).message.slice(0, 150)}`, { cause });
  }
}

/** Of a token whose signature was checked. */
function nonceOf(token: string): unknown {
  return (JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { nonce?: unknown }).nonce;
}
