// The dashboard's files and signing in with a key or a link, over a real database.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../database/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { makeKey } from "../auth/key-file.ts";
import { principalOf } from "../auth/principal.ts";
import type { App } from "../index.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { DashboardFiles, dashboardProtocol, SessionStore } from "./index.ts";
import { SESSION_MS } from "./session-store.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-dashboard-"));
const HOUR = 3_600_000;
const good = makeKey({ name: "Ana", roles: ["developer"] });
const old = makeKey({ name: "Old", roles: ["admin"], expires: new Date(Date.now() - HOUR).toISOString() });
const soon = makeKey({ name: "Soon", roles: ["developer"], expires: new Date(Date.now() + HOUR).toISOString() });
const keys = [good.record, old.record, soon.record];
const SAME = { "sec-fetch-site": "same-origin", origin: "http://localhost" };

let database: Database;
let sessions: SessionStore;
let app: App;
beforeAll(async () => {
  database = await openDatabase(`sqlite:${join(folder, "registry.db")}`);
  sessions = await SessionStore.open(database);
  const files = await DashboardFiles.open();
  app = await testApp({ models: [matrixModel()], options: { auth: { keys: { keys }, sessions }, protocols: [dashboardProtocol({ files, sessions, database, link: true })] } });
}, 120_000);
afterAll(async () => {
  await app.context.models.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const signIn = (body: object, headers: Record<string, string> = SAME) => inject(app, { method: "POST", url: "/api/v1/session", payload: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
const cookieOf = (answer: InjectedAnswer): string => answer.headers["set-cookie"]!.split(";")[0]!;
const read = (cookie: string | undefined, headers: Record<string, string> = {}) => inject(app, { url: "/models", headers: { ...(cookie === undefined ? {} : { cookie }), ...headers } });
const predict = (headers: Record<string, string>) => inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]", headers });

describe("the dashboard's files", () => {
  it("are one page for every address, with a policy that takes nothing inline and nothing from elsewhere", async () => {
    const page = await inject(app, "/dashboard/models/churn/versions/3/gate");
    expect(page.statusCode).toBe(200);
    const policy = page.headers["content-security-policy"]!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)|<style| on[a-z]+=| style=/);
    expect(page.headers["cache-control"]).toBe("no-cache");
    expect((await inject(app, { url: "/dashboard", headers: { "if-none-match": page.headers["etag"]! } })).statusCode).toBe(304);
  });
  it("have names of their content, are kept for good, and come compressed", async () => {
    const { body } = await inject(app, "/dashboard");
    const assets = [...body.matchAll(/(?:src|href)="(\/dashboard\/assets\/[^"]+)"/g)].map((m) => m[1]!);
    expect(assets.length).toBeGreaterThanOrEqual(2);
    for (const url of assets) {
      expect(url).toMatch(/-[\w-]{8}\.(?:js|css)$/);
      const [plain, br, gz, none] = await Promise.all(["", "gzip, br", "gzip, br;q=0", "br;q=0"].map((accept) => inject(app, { url, headers: accept === "" ? {} : { "accept-encoding": accept } })));
      expect(plain!.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect([plain, br, gz, none].map((a) => a!.headers["content-encoding"])).toEqual([undefined, "br", "gzip", undefined]);
      expect(brotliDecompressSync(br!.rawPayload).equals(plain!.rawPayload)).toBe(true);
      expect(gunzipSync(gz!.rawPayload).equals(plain!.rawPayload)).toBe(true);
      expect(br!.rawPayload.length).toBeLessThan(plain!.rawPayload.length / 2);
    }
  });
  it("are no way to other files", async () => {
    for (const name of ["..%2f..%2fpackage.json", ".stamp", "index.html", "constructor"]) expect((await inject(app, `/dashboard/assets/${name}`)).statusCode).toBe(404);
  });
  it("are where a browser is led from /, and nobody else", async () => {
    expect((await inject(app, { url: "/", headers: { accept: "text/html" } })).headers["location"]).toBe("/dashboard");
    const probe = await inject(app, { url: "/", headers: { accept: "*/*" } });
    expect([probe.statusCode, probe.headers["location"]]).toEqual([200, undefined]);
  });
});

describe("a session", () => {
  it("is begun by a key, in a cookie that no script and no other site can use, and acts as the key does", async () => {
    const answer = await signIn({ key: good.key });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers["set-cookie"]).toMatch(/^slipway_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect((await read(cookieOf(answer))).statusCode).toBe(200);
    expect((await predict({ cookie: cookieOf(answer), ...SAME })).statusCode).toBe(200);
    expect((await read(undefined)).errorCode).toBe("credentials-missing");
    expect((await read(`slipway_session=${"A".repeat(43)}`)).errorCode).toBe("credentials-missing");
  });
  it("is marked for encrypted connections where the service has such an address", async () => {
    const files = await DashboardFiles.open();
    const other = await testApp({ models: [matrixModel()], options: { auth: { keys: { keys }, sessions }, protocols: [dashboardProtocol({ files, sessions, database, publicUrl: "https://models.example/" })] } });
    const answer = await inject(other, { method: "POST", url: "/api/v1/session", payload: JSON.stringify({ key: good.key }), headers: SAME });
    expect(answer.headers["set-cookie"]).toContain("; Secure");
    await other.context.models.close();
  });
  it.each([
    ["unknown", `slip_${"a".repeat(12)}_${"b".repeat(43)}`, "credentials-refused"], ["no key", "hello", "credentials-refused"], ["expired", old.key, "credentials-expired"],
  ])("is not begun by a key that is %s", async (_, key, code) => {
    const answer = await signIn({ key });
    expect([answer.statusCode, answer.errorCode, answer.headers["set-cookie"]]).toEqual([401, code, undefined]);
    expect(answer.body).not.toContain(key);
  });
  it.each(["[]", "null", "{}", '{"key": 1}', "7"])("is not begun by %s", async (payload) => {
    expect((await inject(app, { method: "POST", url: "/api/v1/session", payload, headers: SAME })).errorCode).toBe("sign-in-invalid");
  });
  it("changes nothing for pages of other sites, and is not begun by them", async () => {
    const cookie = cookieOf(await signIn({ key: good.key }));
    const foreign = [{}, { origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site", origin: "http://localhost" }, { origin: "null" }, { origin: "http://localhost:81" }];
    for (const headers of foreign) {
      expect((await predict({ cookie, ...headers })).errorCode).toBe("cross-site");
      expect((await signIn({ key: good.key }, headers)).errorCode).toBe("cross-site");
      expect((await inject(app, { method: "DELETE", url: "/api/v1/session", headers: { cookie, ...headers } })).errorCode).toBe("cross-site");
    }
    // A program's key is no cookie: nobody can make a browser send it.
    expect((await predict({ authorization: `Bearer ${good.key}` })).statusCode).toBe(200);
    expect((await read(cookie)).statusCode).toBe(200);
  });
  it("ends when it is signed out, after its time, and with its key", async () => {
    const first = cookieOf(await signIn({ key: good.key }));
    const out = await inject(app, { method: "DELETE", url: "/api/v1/session", headers: { cookie: first, ...SAME } });
    expect([out.statusCode, out.headers["set-cookie"]]).toEqual([204, "slipway_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"]);
    expect((await read(first)).errorCode).toBe("credentials-missing");

    const token = await sessions.begin({ keyId: good.record.id });
    expect(await sessions.find(token)).toEqual({ keyId: good.record.id });
    expect(await sessions.find(token, Date.now() + SESSION_MS + 1)).toBeUndefined();

    for (const keyId of [old.record.id, "000000000000"]) expect((await read(`slipway_session=${await sessions.begin({ keyId })}`)).errorCode).toBe("credentials-missing");
  });
  it("is another one after signing in again, so that a planted one is of no use", async () => {
    const planted = cookieOf(await signIn({ key: good.key }));
    const again = cookieOf(await signIn({ key: soon.key }, { ...SAME, cookie: planted }));
    expect(again).not.toBe(planted);
    expect((await read(planted)).errorCode).toBe("credentials-missing");
  });
  it("and whatever else lets somebody in lie in the database as hashes only", async () => {
    const token = cookieOf(await signIn({ key: good.key })).split("=")[1]!;
    const code = await sessions.makeLink({ keyId: good.record.id });
    const rows = JSON.stringify([await database.query("select * from sessions"), await database.query("select * from sign_in_links")]);
    expect(rows).not.toContain(token);
    expect(rows).not.toContain(code);
    expect(rows).not.toContain(good.key);
  });
});

describe("a one-time link", () => {
  const local = principalOf({ id: "local:ana", kind: "key", name: "ana", roles: ["admin"] });
  it("signs in once, as whom it was made for", async () => {
    const code = await sessions.makeLink({ principal: local });
    const answer = await signIn({ code });
    expect(answer.statusCode).toBe(201);
    expect(await sessions.find(cookieOf(answer).split("=")[1]!)).toEqual({ principal: local });
    expect((await signIn({ code })).errorCode).toBe("sign-in-refused");
  });
  it("signs in once when two use it at the same time", async () => {
    const code = await sessions.makeLink({ principal: local });
    const answers = await Promise.all([signIn({ code }), signIn({ code })]);
    expect(answers.map((a) => a.statusCode).sort()).toEqual([201, 401]);
  });
  it("is too old after a quarter of an hour", async () => {
    const code = await sessions.makeLink({ principal: local }, Date.now() - 16 * 60_000);
    expect((await signIn({ code })).errorCode).toBe("sign-in-refused");
  });
});
