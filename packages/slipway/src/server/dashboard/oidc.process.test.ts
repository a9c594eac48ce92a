// Signing in with a real OpenID Connect provider, and answers that try to pass for its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../database/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import type { App } from "../index.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { DashboardFiles, dashboardProtocol, SessionStore, type OidcClient } from "./index.ts";
import { CLIENT, startProvider, Walker, type TestProvider } from "./testing-provider.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-oidc-"));
const HERE = "http://localhost:8080";
let provider: TestProvider;
let database: Database;
let sessions: SessionStore;
let files: DashboardFiles;
const apps: App[] = [];
beforeAll(async () => {
  provider = await startProvider([`${HERE}/api/v1/sign-in/callback`]);
  database = await openDatabase(`sqlite:${join(folder, "registry.db")}`);
  sessions = await SessionStore.open(database);
  files = await DashboardFiles.open();
});
afterAll(async () => {
  for (const app of apps) await app.context.models.close();
  await database.close();
  provider.server.close();
  provider.server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

async function appWith(client: Partial<OidcClient> = {}): Promise<App> {
  const oidc: OidcClient = { issuer: provider.issuer, ...CLIENT, scopes: ["slipway"], personClaim: "email", ...client };
  const app = await testApp({ models: [matrixModel()], options: { auth: { sessions, keys: { keys: [] } }, protocols: [dashboardProtocol({ files, sessions, database, oidc })] } });
  apps.push(app);
  return app;
}
const ask = (app: App, url: string, cookie?: string) => inject(app, { url, headers: { host: "localhost:8080", ...(cookie === undefined ? {} : { cookie }) } });
interface Begun {
  readonly authorize: string;
  readonly cookie: string;
  readonly answer: InjectedAnswer;
}
async function begin(app: App, to = "/dashboard/approvals"): Promise<Begun> {
  const answer = await ask(app, `/api/v1/sign-in/start?to=${encodeURIComponent(to)}`);
  return { answer, authorize: answer.headers["location"]!, cookie: answer.headers["set-cookie"]!.split(";")[0]! };
}
const local = (url: string): string => url.slice(new URL(url).origin.length);
const errorOf = (answer: InjectedAnswer): string | undefined => new URLSearchParams(answer.headers["location"]?.split("?")[1]).get("error") ?? undefined;
const session = (answer: InjectedAnswer): string | undefined => /slipway_session=([\w-]+)/.exec(answer.headers["set-cookie"] ?? "")?.[1];

describe("signing in with a provider", () => {
  it("gives a session with the person, roles and groups that the provider tells, and leads back to the page", async () => {
    const app = await appWith();
    const { authorize, cookie, answer } = await begin(app);
    const url = new URL(authorize);
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ response_type: "code", client_id: "slipway", redirect_uri: `${HERE}/api/v1/sign-in/callback`, scope: "openid slipway", code_challenge_method: "S256" });
    expect(answer.headers["set-cookie"]).toMatch(/^slipway_sign_in=[\w-]{43}; Path=\/api\/v1\/sign-in\/callback; HttpOnly; SameSite=Lax; Max-Age=600$/);
    const back = await ask(app, local(await new Walker().signIn(authorize, "ben")), cookie);
    expect([back.statusCode, back.headers["location"]]).toEqual([302, "/dashboard/approvals"]);
    expect(back.headers["set-cookie"]).toContain("HttpOnly; SameSite=Strict");
    expect(await sessions.find(session(back)!)).toMatchObject({ principal: { id: "token:ben", person: "ben@example.com", roles: ["reviewer"], groups: ["business"] } });
    expect((await ask(app, "/models", `slipway_session=${session(back)}`)).statusCode).toBe(200);
  });
  it("works with a public client, which has no secret", async () => {
    const open = await startProvider([`${HERE}/api/v1/sign-in/callback`], { client_secret: undefined, token_endpoint_auth_method: "none" });
    const app = await appWith({ issuer: open.issuer, clientSecret: undefined });
    const { authorize, cookie } = await begin(app);
    expect(session(await ask(app, local(await new Walker().signIn(authorize, "ana")), cookie))).toBeDefined();
    open.server.close();
    open.server.closeAllConnections();
  });
  it("is refused to somebody without a role, unless there is one for everybody", async () => {
    for (const [defaultRole, role] of [[undefined, undefined], ["viewer", "viewer"]] as const) {
      const app = await appWith({ defaultRole });
      const { authorize, cookie } = await begin(app);
      const back = await ask(app, local(await new Walker().signIn(authorize, "nobody")), cookie);
      if (role === undefined) expect([session(back), errorOf(back)]).toEqual([undefined, expect.stringContaining("nobody@example.com has no role here")]);
      else expect(await sessions.find(session(back)!)).toMatchObject({ principal: { roles: [role] } });
    }
  });
  it("takes an answer once, in the browser that began, and no other", async () => {
    const app = await appWith();
    const { authorize, cookie } = await begin(app);
    const callback = local(await new Walker().signIn(authorize, "ana"));
    expect(session(await ask(app, callback))).toBeUndefined();
    // That try used it up: whoever holds a stolen answer cannot try until it fits.
    expect(errorOf(await ask(app, callback, cookie))).toContain("not begun in this browser");

    const [mine, theirs] = [await begin(app), await begin(app)];
    const stolen = local(await new Walker().signIn(theirs.authorize, "ben"));
    const mixed = await ask(app, stolen, mine.cookie);
    expect([session(mixed), errorOf(mixed)]).toEqual([undefined, expect.stringContaining("not begun in this browser")]);
  });
  it("takes no code of another sign-in: the verifier and the nonce are of its own", async () => {
    const app = await appWith();
    const [a, b] = [await begin(app), await begin(app)];
    const [answerA, answerB] = [new URL(await new Walker().signIn(a.authorize, "ana")), new URL(await new Walker().signIn(b.authorize, "ben"))];
    answerA.searchParams.set("code", answerB.searchParams.get("code")!);
    const back = await ask(app, local(answerA.href), a.cookie);
    expect([session(back), errorOf(back)]).toEqual([undefined, expect.stringContaining("no ID token: invalid_grant")]);
  });
  it("tells what the provider refused, and what it does not believe", async () => {
    const app = await appWith();
    const stateOf = ({ authorize }: Begun): string => new URL(authorize).searchParams.get("state")!;
    const refused = await begin(app);
    expect(errorOf(await ask(app, `/api/v1/sign-in/callback?error=access_denied&error_description=no&state=${stateOf(refused)}`, refused.cookie))).toContain("the provider refused: access_denied no");
    const foreign = await begin(app);
    expect(errorOf(await ask(app, `/api/v1/sign-in/callback?code=x&iss=https%3A%2F%2Fevil.example&state=${stateOf(foreign)}`, foreign.cookie))).toContain("another provider's");
    for (const query of ["", "?state=", "?state=x&code=y"]) expect(errorOf(await ask(app, `/api/v1/sign-in/callback${query}`))).toContain("not begun in this browser");
  });
  it("leads to pages of the dashboard only", async () => {
    for (const to of ["https://evil.example", "//evil.example", "/dashboard\\@evil.example", "/dashboardx", "/models", "/dashboard/\n", `/dashboard/${"a".repeat(2000)}`]) {
      const app = apps[0]!;
      const { authorize, cookie } = await begin(app, to);
      expect((await ask(app, local(await new Walker().signIn(authorize, "ana")), cookie)).headers["location"]).toBe("/dashboard");
    }
  });
  it("tells of a provider that is not there, and goes on when it is back", async () => {
    const app = await appWith({ issuer: "http://127.0.0.1:9" });
    const answer = await ask(app, "/api/v1/sign-in/start");
    expect([answer.statusCode, answer.errorCode]).toEqual([503, "sign-in-provider"]);
  });
});
