// Tokens of a real OpenID Connect provider (oidc-provider), and tokens that try to pass for its own.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync, mkdtempSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../../runtime/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { createServer, type App } from "../index.ts";
import { inject } from "../testing.ts";

const AUDIENCE = "https://models.example";
let model: Model;
beforeAll(async () => {
  model = await loadModelPackage(matrixModel());
});
afterAll(() => model.close());

async function statusOf(app: App, token: string, url = "/predict"): Promise<[number, string | undefined]> {
  const answer = await inject(app, { method: url === "/predict" ? "POST" : "GET", url, ...(url === "/predict" ? { payload: "[1,2,3]" } : {}), headers: { authorization: `Bearer ${token}` } });
  return [answer.statusCode, answer.errorCode];
}

describe("an OpenID Connect provider", () => {
  let provider: Server;
  let issuer: string;
  beforeAll(async () => {
    // @ts-expect-error -- it has no types of its own, and only its constructor is used here
    const { Provider } = await import("oidc-provider") as { Provider: new (issuer: string, settings: object) => { callback(): () => void } };
    provider = createHttpServer();
    provider.listen(0, "127.0.0.1");
    await once(provider, "listening");
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const oidc = new Provider(issuer, {
      clients: [{ client_id: "shop", client_secret: "s", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
      scopes: ["slipway:predictor", "slipway:viewer"],
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true, defaultResource: () => AUDIENCE,
          getResourceServerInfo: (_ctx: unknown, resource: string) => ({ scope: "slipway:predictor slipway:viewer", audience: resource, accessTokenFormat: "jwt", accessTokenTTL: 60 }),
        },
      },
    });
    provider.on("request", oidc.callback());
  });
  afterAll(() => provider.close());

  const tokenFor = async (scope: string, resource = AUDIENCE): Promise<string> => {
    const answer = await fetch(`${issuer}/token`, { method: "POST", headers: { authorization: `Basic ${Buffer.from("shop:s").toString("base64")}` }, body: new URLSearchParams({ grant_type: "client_credentials", scope, resource }) });
    return ((await answer.json()) as { access_token: string }).access_token;
  };

  it("is believed, for the audience and the scopes it gave", async () => {
    const app = createServer({ models: [model], options: { auth: { tokens: { issuer, audience: AUDIENCE } } } });
    const predictor = await tokenFor("slipway:predictor");
    const viewer = await tokenFor("slipway:viewer");
    expect(await statusOf(app, predictor)).toEqual([200, undefined]);
    expect(await statusOf(app, viewer)).toEqual([403, "forbidden"]);
    expect(await statusOf(app, viewer, "/models")).toEqual([200, undefined]);
    expect(await statusOf(app, await tokenFor("slipway:predictor", "https://other.example"))).toEqual([401, "credentials-refused"]);
    const [head, body, signature] = predictor.split(".");
    const payload = JSON.parse(Buffer.from(body!, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...payload, scope: "slipway:admin" })).toString("base64url");
    expect(await statusOf(app, `${head}.${changed}.${signature}`)).toEqual([401, "credentials-refused"]);
    const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
    expect(await statusOf(app, `${unsigned}.${body}.`)).toEqual([401, "credentials-refused"]);
  });
  it("that is not there is a fault of the settings, and is asked again later", async () => {
    const app = createServer({ models: [model], options: { auth: { tokens: { issuer: "http://127.0.0.1:9", audience: AUDIENCE } } } });
    const answer = await inject(app, { url: "/models", headers: { authorization: "Bearer a.b.c" } });
    expect(answer.json().error.code).toBe("auth-config");
  });
});

describe("tokens signed with one's own keys", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  let app: App;
  const issuer = "https://issuer.example";
  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), "slipway-jwks-")), "jwks.json");
    writeFileSync(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: "1" }] }));
    app = createServer({ models: [model], options: { auth: { tokens: { issuer, audience: AUDIENCE, jwks: path, rolesClaim: "realm_access.roles" } } } });
  });
  const sign = (claims: Record<string, unknown>, change: (jwt: SignJWT) => SignJWT = (j) => j): Promise<string> =>
    change(new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "1" }).setIssuer(issuer).setAudience(AUDIENCE).setSubject("ann").setExpirationTime("1m")).sign(privateKey);

  it("carry roles at any claim, and models", async () => {
    expect(await statusOf(app, await sign({ realm_access: { roles: ["predictor", "else"] } }))).toEqual([200, undefined]);
    expect(await statusOf(app, await sign({ realm_access: { roles: ["predictor"] }, slipway_models: ["linear"] }))).toEqual([200, undefined]);
    expect(await statusOf(app, await sign({ realm_access: { roles: ["predictor"] }, slipway_models: ["other"] }))).toEqual([403, "forbidden"]);
    expect(await statusOf(app, await sign({ roles: ["predictor"] }))).toEqual([403, "forbidden"]);
  });
  it("are refused when expired, early, or another's", async () => {
    const roles = { realm_access: { roles: ["predictor"] } };
    expect(await statusOf(app, await sign(roles, (j) => j.setExpirationTime(Math.floor(Date.now() / 1000) - 3600)))).toEqual([401, "credentials-expired"]);
    expect(await statusOf(app, await sign(roles, (j) => j.setNotBefore(Math.floor(Date.now() / 1000) + 3600)))).toEqual([401, "credentials-refused"]);
    expect(await statusOf(app, await sign(roles, (j) => j.setIssuer("https://evil.example")))).toEqual([401, "credentials-refused"]);
    const secret = new TextEncoder().encode("x".repeat(32));
    const hmac = await new SignJWT(roles).setProtectedHeader({ alg: "HS256", kid: "1" }).setIssuer(issuer).setAudience(AUDIENCE).setExpirationTime("1m").sign(secret);
    expect(await statusOf(app, hmac)).toEqual([401, "credentials-refused"]);
  });
});
