import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../../runtime/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { createServer } from "../index.ts";
import { inject } from "../testing.ts";
import { Call } from "../http/call.ts";
import { authLayer } from "./layer.ts";
import { KeyStore, makeKey, readKeyFile, writeKeyFile } from "./key-file.ts";
import { ClientLimits } from "./limits.ts";

let model: Model;
const folder = mkdtempSync(join(tmpdir(), "slipway-auth-"));
beforeAll(async () => {
  model = await loadModelPackage(matrixModel());
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true });
});

describe("the file of keys", () => {
  it("holds no secret and is its owner's only", () => {
    const path = join(folder, "keys.json");
    const { key, record } = makeKey({ name: "shop", roles: ["predictor"] });
    writeKeyFile(path, [record]);
    const text = readFileSync(path, "utf8");
    expect(text).not.toContain(key.slice(-43));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readKeyFile(path)).toEqual([record]);
  });
  it("says whose a key is and for whom they speak", async () => {
    const { key, record } = makeKey({ name: " Anna ", roles: ["reviewer", "operator"], groups: ["business"] });
    const path = join(folder, "groups.json");
    writeKeyFile(path, [record]);
    expect(readKeyFile(path)).toEqual([record]);
    const layer = authLayer({ keys: { path } });
    const call = new Call({ id: "1", method: "GET", url: "/", headers: { authorization: `Bearer ${key}` } });
    call.route = { method: "GET", path: "/", action: "release", handle: () => ({ body: null }) };
    await layer.before!(call);
    expect(call.principal).toMatchObject({ id: `key:${record.id}`, person: "Anna", groups: ["business"], roles: ["reviewer", "operator"] });
  });
  it("is read again when it changes, and a broken one takes nobody's key away", () => {
    const path = join(folder, "changing.json");
    const one = makeKey({ name: "one", roles: ["viewer"] });
    const two = makeKey({ name: "two", roles: ["viewer"] });
    writeKeyFile(path, [one.record]);
    const store = new KeyStore({ path });
    const t = Date.now();
    expect(store.verify(two.key, t)).toEqual({ fault: "unknown" });
    writeKeyFile(path, [one.record, two.record]);
    expect(store.verify(two.key, t + 2000)).toEqual({ record: two.record });
    writeFileSync(path, "{");
    expect(store.verify(one.key, t + 4000)).toEqual({ record: one.record });
    writeKeyFile(path, [{ ...one.record, revoked: new Date().toISOString() }]);
    expect(store.verify(one.key, t + 6000)).toEqual({ fault: "revoked" });
  });
  it.each(["{", "[]", '{"keys": 3}', '{"keys": [null]}', '{"keys": [{"id": "x"}]}', '{"keys": [{"id": "abcdefabcdef", "hash": "sha256:00", "roles": ["viewer"]}]}', `{"keys": [{"id": "abcdefabcdef", "hash": "sha256:${"0".repeat(64)}", "roles": ["viewer"], "groups": ["a b"]}]}`])("refuses %s with a code", (text) => {
    const path = join(folder, "bad.json");
    writeFileSync(path, text);
    expect(() => readKeyFile(path)).toThrow(expect.objectContaining({ code: "key-file" }));
  });
  it("knows a key only as a whole", () => {
    const { key, record } = makeKey({ name: "", roles: ["admin"] });
    const store = new KeyStore({ keys: [record] });
    expect(store.verify(key)).toEqual({ record });
    fc.assert(fc.property(fc.nat(key.length - 1), fc.constantFrom(..."abcXYZ019_-"), (i, c) => {
      const other = key.slice(0, i) + c + key.slice(i + 1);
      if (other !== key) expect(store.verify(other) ?? {}).not.toHaveProperty("record");
    }));
  });
});

describe("limits", () => {
  it("let a burst pass, then the rate, and say when to come back", () => {
    const limits = new ClientLimits({ requestsPerSecond: 10, burst: 3 });
    for (let i = 0; i < 3; i++) limits.take("a", 0);
    expect(() => limits.take("a", 0)).toThrow(expect.objectContaining({ code: "rate-limited", data: { retryAfterMs: 100 } }));
    limits.take("b", 0);
    limits.take("a", 100);
    expect(() => limits.take("a", 150)).toThrow();
  });
  it("never let more pass than rate and burst allow, whatever the times", () => {
    fc.assert(fc.property(fc.array(fc.nat(400), { maxLength: 200 }), (gaps) => {
      const limits = new ClientLimits({ requestsPerSecond: 5, burst: 4 });
      let now = 0;
      let passed = 0;
      for (const gap of gaps) {
        now += gap;
        try {
          limits.take("a", now);
          passed++;
        } catch {
          // Counted below.
        }
      }
      expect(passed).toBeLessThanOrEqual(4 + (now / 1000) * 5);
    }));
  });
  it("count rows of a day", () => {
    const limits = new ClientLimits({ rowsPerDay: 5 });
    limits.take("a", 1000);
    limits.used("a", 6, 1000);
    expect(() => limits.take("a", 2000)).toThrow(expect.objectContaining({ code: "quota-exhausted" }));
    limits.take("a", 86_400_001);
  });
  it("answer 429 with Retry-After and leave health alone", async () => {
    const app = createServer({ models: [model], options: { limits: { requestsPerSecond: 1, burst: 1 } } });
    const ask = () => inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]", remote: "10.0.0.1" });
    const first = await ask();
    expect([first.statusCode, first.headers["x-ratelimit-remaining"]]).toEqual([200, "0"]);
    const second = await ask();
    expect([second.statusCode, second.headers["retry-after"], second.json().error.code]).toEqual([429, "1", "rate-limited"]);
    expect((await inject(app, { url: "/health/ready", remote: "10.0.0.1" })).statusCode).toBe(200);
    expect((await inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]", remote: "10.0.0.2" })).statusCode).toBe(200);
  });
});

describe("pages of other origins", () => {
  it("are answered where they were named, and not elsewhere", async () => {
    const app = createServer({ models: [model], options: { corsOrigins: ["https://app.example"] } });
    const preflight = (origin: string) => inject(app, { method: "OPTIONS", url: "/predict", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
    const good = await preflight("https://app.example");
    expect([good.statusCode, good.headers["access-control-allow-origin"], good.headers["access-control-allow-headers"]]).toEqual([204, "https://app.example", "content-type"]);
    expect((await preflight("https://evil.example")).statusCode).toBe(403);
    const answer = await inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]", headers: { origin: "https://evil.example" } });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    const closed = createServer({ models: [model] });
    expect((await inject(closed, { url: "/models", headers: { origin: "https://app.example" } })).headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("the audit", () => {
  it("has a line for every act of administration, also of those refused", async () => {
    const path = join(folder, "audit", "audit.jsonl");
    const { key, record } = makeKey({ name: "ops", roles: ["operator"] });
    const app = createServer({ models: [await loadModelPackage(matrixModel())], options: { auth: { keys: { keys: [record] } }, auditLog: path } });
    const ask = (authorization?: string) => inject(app, { method: "POST", url: "/v2/repository/models/linear/unload", payload: "{}", adminPort: true, remote: "127.0.0.1", headers: authorization === undefined ? {} : { authorization } });
    await ask();
    await ask("Bearer wrong");
    await ask(`Bearer ${key}`);
    await inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]" });
    const lines = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((l) => l["who"])).toEqual(["anonymous", "unknown", `key:${record.id}`]);
    expect(lines[2]).toMatchObject({ action: "operate", path: "/v2/repository/models/linear/unload", from: "127.0.0.1" });
    expect(JSON.stringify(lines)).not.toContain(key);
  });
});

describe("client certificates", () => {
  it("have the role of their name", async () => {
    const app = createServer({ models: [model], options: { auth: { certificates: { shop: "predictor" } } } });
    const ask = (peer?: string) => inject(app, { method: "POST", url: "/predict", payload: "[1,2,3]", ...(peer === undefined ? {} : { peer }) });
    expect((await ask("shop")).statusCode).toBe(200);
    expect((await ask("other")).statusCode).toBe(401);
    expect((await ask()).statusCode).toBe(401);
  });
});

describe("a key for some models", () => {
  it("sees neither the names of others in the interface's description nor what is counted of them", async () => {
    const { key, record } = makeKey({ name: "shop", roles: ["developer"], models: ["other"] });
    const all = makeKey({ name: "all", roles: ["developer"] });
    const app = createServer({ models: [model], options: { auth: { keys: { keys: [record, all.record] } } } });
    const ask = async (path: string, k: string): Promise<string> => (await inject(app, { url: path, headers: { authorization: `Bearer ${k}` } })).body;
    for (const path of ["/openapi.json", "/metrics"]) {
      expect(await ask(path, all.key)).toContain("linear");
      expect(await ask(path, key)).not.toContain("linear");
    }
  });
});
