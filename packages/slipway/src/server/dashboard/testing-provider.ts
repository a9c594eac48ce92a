// For tests: a real OpenID Connect provider (oidc-provider) with two people, its own pages for signing in, and a browser's
// worth of cookies to walk through them.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const PEOPLE: Readonly<Record<string, object>> = {
  ana: { email: "ana@example.com", roles: ["slipway:developer"], groups: ["science"] },
  ben: { email: "ben@example.com", roles: ["slipway:reviewer"], groups: ["business"] },
  nobody: { email: "nobody@example.com" },
};
export const CLIENT = { clientId: "slipway", clientSecret: "a secret with / and :" } as const;

export interface TestProvider {
  readonly issuer: string;
  readonly server: Server;
}

export async function startProvider(redirectUris: readonly string[], client: Readonly<Record<string, unknown>> = {}): Promise<TestProvider> {
  // @ts-expect-error -- it has no types of its own, and only its constructor is used here
  const { Provider } = await import("oidc-provider") as { Provider: new (issuer: string, settings: object) => { callback(): () => void } };
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const oidc = new Provider(issuer, {
    clients: [{ client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, redirect_uris: redirectUris, response_types: ["code"], grant_types: ["authorization_code"], ...client }],
    claims: { openid: ["sub"], slipway: ["email", "roles", "groups"] },
    scopes: ["openid", "slipway"],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_ctx: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) }),
  });
  server.on("request", oidc.callback());
  return { issuer, server };
}

/** Follows redirects and keeps cookies by host, as a browser does; stops at the first page, and before `until`. */
export class Walker {
  readonly #jar = new Map<string, Map<string, string>>();

  async go(url: string, init: RequestInit = {}, until = "/api/v1/sign-in/callback"): Promise<{ readonly url: string; readonly text: string }> {
    let at = url;
    let options = init;
    for (let hops = 0; hops < 20; hops++) {
      const host = new URL(at).host;
      if (new URL(at).pathname === until) return { url: at, text: "" };
      const jar = this.#jar.get(host) ?? new Map<string, string>();
      this.#jar.set(host, jar);
      const answer = await fetch(at, { ...options, redirect: "manual", headers: { ...options.headers as Record<string, string>, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") } });
      for (const line of answer.headers.getSetCookie()) {
        const [pair = ""] = line.split(";");
        const cut = pair.indexOf("=");
        jar.set(pair.slice(0, cut), pair.slice(cut + 1));
      }
      const location = answer.headers.get("location");
      if (location === null) return { url: at, text: await answer.text() };
      at = new URL(location, at).href;
      options = {};
    }
    throw new Error("too many redirects");
  }

  cookies(url: string): string {
    return [...(this.#jar.get(new URL(url).host) ?? [])].map(([k, v]) => `${k}=${v}`).join("; ");
  }

  /** Fills in the provider's form for signing in, then agrees; ends at the address that the provider sends the browser to. */
  async signIn(authorize: string, login: string): Promise<string> {
    let { url, text } = await this.go(authorize);
    for (const fields of [{ login, password: "x" }, {}]) {
      if (new URL(url).pathname === "/api/v1/sign-in/callback") return url;
      const form = new URLSearchParams({ ...fields, ...Object.fromEntries([...text.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map((m) => [m[1]!, m[2]!])) });
      const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1];
      if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 300)}`);
      ({ url, text } = await this.go(new URL(action, url).href, { method: "POST", body: form }));
    }
    return url;
  }
}
