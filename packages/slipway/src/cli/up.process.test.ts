// `slipway up` as a process: the first start, a moved alias, beyond this machine, two of them on Postgres and a registry,
// people of an OpenID Connect provider.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHURN_ROW, churnSlip } from "../../../../scripts/testing-models.ts";
import { freePort, hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../../scripts/testing-up.ts";
import { dockerRegistry, startDockerRegistry, type TestRegistry } from "../oci/testing-registry.ts";
import { CLIENT, startProvider, Walker } from "../server/dashboard/testing-provider.ts";

const BIN = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const places: Place[] = [];
const running: Running[] = [];
const folderFor = (...given: Parameters<typeof workingFolder>): Place => {
  const place = workingFolder(...given);
  places.push(place);
  return place;
};
const start = async (...given: Parameters<typeof startUp>): Promise<Running> => {
  const up = await startUp(...given);
  running.push(up);
  return up;
};
afterAll(async () => {
  await Promise.all(running.map((up) => up.stop()));
  for (const place of places) place.remove();
}, 60_000);

const slipway = (folder: string, args: readonly string[], env: Record<string, string> = {}): string => execFileSync(process.execPath, [BIN, ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
const post = (url: string, body: object, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });
async function signIn(up: Running, body: object, base = up.url): Promise<{ readonly status: number; readonly cookie: string }> {
  const answer = await post(`${base}/api/v1/session`, body, { origin: base });
  return { status: answer.status, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}
const codeOf = (up: Running): string => /#code=([\w-]+)$/.exec(up.signIn!)![1]!;
const me = async (url: string, cookie: string): Promise<{ name: string; roles: string[]; groups: string[] }> => (await fetch(`${url}/api/v1/me`, { headers: { cookie } })).json() as never;
const servedVersion = async (url: string, key: string): Promise<string | number> => {
  const answer = await post(`${url}/models/churn/predict`, [CHURN_ROW], { authorization: `Bearer ${key}` });
  return answer.ok ? answer.headers.get("x-slipway-version")! : answer.status;
};

describe("slipway up", () => {
  let place: Place;
  let up: Running;
  let key: string;
  beforeAll(async () => {
    place = folderFor();
    up = await start(place.folder);
    key = (JSON.parse(slipway(place.folder, ["keys", "create", "--role", "predictor", "--json"])) as { key: string }).key;
    for (const version of ["1.0.0", "2.0.0"]) {
      writeFileSync(join(place.folder, `${version}.slip`), await churnSlip(version));
      slipway(place.folder, ["registry", "push", `${version}.slip`]);
    }
  }, 240_000);

  it("lets in nobody but who has its link, once, as the user who started it", async () => {
    expect(new URL(up.url).hostname).toBe("127.0.0.1");
    for (const path of ["/api/v1/me", "/api/v1/models", "/models", "/metrics"]) expect([path, (await fetch(up.url + path)).status]).toEqual([path, 401]);
    const first = await signIn(up, { code: codeOf(up) });
    expect(first.status).toBe(201);
    expect(await me(up.url, first.cookie)).toMatchObject({ name: userInfo().username, roles: ["admin"] });
    expect((await signIn(up, { code: codeOf(up) })).status).toBe(401);
  });
  it("keeps keys where only its user can read them", () => {
    const state = join(place.folder, ".slipway");
    const files = readdirSync(state, { recursive: true, encoding: "utf8" }).filter((file) => /\.pem$|keys\.json$/.test(file));
    expect(files.length).toBeGreaterThanOrEqual(1);
    for (const file of files) expect([file, statSync(join(state, file)).mode & 0o077]).toEqual([file, 0]);
  });
  it("serves what an alias names, and follows when the command line moves it", async () => {
    expect(await servedVersion(up.url, key)).toBe(404);
    slipway(place.folder, ["registry", "alias", "churn:1", "production"]);
    await expect.poll(() => servedVersion(up.url, key), { timeout: 60_000, interval: 200 }).toBe("1");
    slipway(place.folder, ["registry", "alias", "churn:2", "production"]);
    await expect.poll(() => servedVersion(up.url, key), { timeout: 60_000, interval: 200 }).toBe("2");
  });
  it("begins again where it stopped, and a session outlives it", async () => {
    const code = codeOf(up);
    expect(await up.stop()).toBe(0);
    up = await start(place.folder);
    expect(await servedVersion(up.url, key)).toBe("2");
    expect((await signIn(up, { code })).status).toBe(401);
    const { cookie } = await signIn(up, { code: codeOf(up) });
    expect(await up.stop()).toBe(0);
    up = await start(place.folder);
    expect((await fetch(`${up.url}/api/v1/models`, { headers: { cookie } })).status).toBe(200);
  });
  it("prints a request that works as it stands", async () => {
    const child = spawn(process.execPath, [BIN, "up", "--port", "0"], { cwd: place.folder, stdio: ["ignore", "pipe", "ignore"] });
    try {
      let out = "";
      for await (const text of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
        out += text;
        if (out.includes("Ctrl-C stops.")) break;
      }
      const line = /ask it +(curl .*)/.exec(out)![1]!;
      expect(JSON.parse(execFileSync("sh", ["-c", line], { encoding: "utf8", env: { ...process.env, SLIPWAY_API_KEY: key } }))).toMatchObject({ model: { name: "churn", version: "2" }, predictions: [{ label: expect.any(String) }] });
    } finally {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });
});

describe("beyond this machine", () => {
  it("is refused while nobody could sign in", () => {
    const place = folderFor();
    const done = spawnSync(process.execPath, [BIN, "up", "--host", "0.0.0.0", "--port", "0"], { cwd: place.folder, encoding: "utf8" });
    expect([done.status, done.stderr]).toEqual([2, expect.stringContaining("[nobody-may-enter]")]);
    expect(done.stderr).toContain("slipway keys create --role admin");
  });
  it("prints no link, and takes keys", async () => {
    const place = folderFor({ root: { roles: ["admin"] } });
    const up = await start(place.folder, ["--host", "0.0.0.0", "--public-url", "https://models.example"]);
    expect(up.signIn).toBeUndefined();
    expect(up.output()).not.toMatch(/#code=/);
    const base = up.url.replace("localhost", "127.0.0.1");
    const answer = await post(`${base}/api/v1/session`, { key: place.keys["root"] }, { origin: base });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([201, expect.stringContaining("; Secure")]);
    expect(up.output()).not.toContain(place.keys["root"]);
  });
});

const team = hasPostgres() && dockerRegistry !== undefined;
describe.skipIf(!team)("on Postgres and a registry", () => {
  let postgres: TestPostgres;
  let registry: TestRegistry;
  beforeAll(async () => {
    postgres = await startPostgres();
    registry = await startDockerRegistry();
  }, 120_000);
  afterAll(async () => {
    await Promise.all(running.map((up) => up.stop()));
    await postgres.stop();
    await registry.stop();
  }, 60_000);

  it("two of them are one: versions, sessions and aliases", async () => {
    const env = { SLIPWAY_DATABASE_URL: postgres.create("up"), SLIPWAY_REGISTRY: `${registry.host}/models` };
    const place = folderFor({ ana: { roles: ["developer", "operator"] } });
    const [one, two] = await Promise.all([start(place.folder, [], env), start(place.folder, [], env)]);
    const { cookie } = await signIn(one, { key: place.keys["ana"] });
    const offered = await fetch(`${one.url}/api/v1/models/churn/versions`, { method: "POST", body: new Blob([new Uint8Array(await churnSlip("1.0.0"))]), headers: { cookie, origin: one.url } });
    expect(offered.status).toBe(201);
    // The other knows the session and the version.
    expect(await (await fetch(`${two.url}/api/v1/models/churn`, { headers: { cookie } })).json()).toMatchObject({ name: "churn", latest: 1 });
    const moved = await fetch(`${two.url}/api/v1/models/churn/aliases/production`, { method: "PUT", body: JSON.stringify({ version: 1, expected: null }), headers: { cookie, origin: two.url } });
    expect(moved.status).toBe(200);
    for (const { url } of [one, two]) await expect.poll(() => servedVersion(url, place.keys["ana"]!), { timeout: 60_000, interval: 200 }).toBe("1");
    const out = await fetch(`${one.url}/api/v1/session`, { method: "DELETE", headers: { cookie, origin: one.url } });
    expect(out.status).toBe(204);
    expect((await fetch(`${two.url}/api/v1/models`, { headers: { cookie } })).status).toBe(401);
  }, 240_000);
});

describe("with an OpenID Connect provider", () => {
  it("people sign in with their account, and are who it says", async () => {
    const port = await freePort();
    const provider = await startProvider([`http://127.0.0.1:${port}/api/v1/sign-in/callback`]);
    try {
      const place = folderFor();
      const up = await start(place.folder, ["--port", String(port), "--oidc-issuer", provider.issuer, "--oidc-client", CLIENT.clientId, "--oidc-scope", "slipway", "--oidc-person", "email", "--oidc-name", "Example"], { SLIPWAY_OIDC_CLIENT_SECRET: CLIENT.clientSecret });
      expect(await (await fetch(`${up.url}/api/v1/sign-in`)).json()).toMatchObject({ oidc: { name: "Example", start: "/api/v1/sign-in/start" } });
      const walker = new Walker();
      const callback = await walker.signIn(`${up.url}/api/v1/sign-in/start?to=/dashboard/audit`, "ben");
      const { url } = await walker.go(callback, {}, "never");
      expect(new URL(url).pathname).toBe("/dashboard/audit");
      expect(await me(up.url, walker.cookies(up.url))).toMatchObject({ name: "ben@example.com", roles: ["reviewer"], groups: ["business"] });
      expect(up.output()).not.toContain(CLIENT.clientSecret);
    } finally {
      provider.server.close();
      provider.server.closeAllConnections();
    }
  }, 120_000);
});
