import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelSettings } from "../../config/index.ts";
import { createServer, ModelDirectory, Repository, type App, type RepositoryOptions } from "../index.ts";
import { inject } from "../testing.ts";
import { Loader } from "./loading/loader.ts";
import { testPackage, writePackage } from "./testing-packages.ts";

let folder: string;
const apps: App[] = [];
const loader = new Loader();
afterAll(() => loader.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-models-"));
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((a) => a.context.models.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function serve(options: RepositoryOptions = {}, settings: Readonly<Record<string, Partial<ModelSettings>>> = {}): Promise<App> {
  const repository = new Repository(new ModelDirectory([], settings as Record<string, ModelSettings>), { folder, loader, ...options });
  await repository.sync();
  const app = createServer({ models: repository, options: { auth: { anonymous: "admin", administration: "any-port" } } });
  apps.push(app);
  return app;
}
async function value(app: App, path = "/models/linear"): Promise<number | string> {
  const answer = await inject(app, { method: "POST", url: `${path}/predict`, payload: "[[1,1,1]]" });
  return answer.statusCode === 200 ? (answer.json().predictions[0].value as number) : `${answer.statusCode} ${answer.json().error.code}`;
}
const post = (app: App, url: string, body: unknown = "", headers = {}) => inject(app, { method: "POST", url, headers, payload: typeof body === "string" ? body : JSON.stringify(body) });
const states = (app: App): unknown[] => app.context.models.list.map((v) => `${v.name} ${v.version} ${v.state}${v.onDemand ? " on demand" : ""}${v.reason === undefined ? "" : ` ${v.reason.code}`}`);

describe("a folder of models", () => {
  it("is NAME/VERSION/file, NAME/file, or packages; the highest version is served", async () => {
    await writePackage(join(folder, "linear/1/model.slip"), { factor: 1 });
    await writePackage(join(folder, "linear/2/model.slip"), { factor: 2 });
    await writePackage(join(folder, "linear/10/model.slip"), { factor: 10 });
    writeFileSync(join(folder, "linear/config.pbtxt"), "name: 'linear'");
    await writePackage(join(folder, "flat-1.2.0.slip"), { factor: 3 });
    await writePackage(join(folder, "told.slip"), { factor: 4, version: "3.1.0" });
    await writePackage(join(folder, "several/a-1.0.0.slip"), { factor: 5 });
    const app = await serve();
    expect(states(app)).toEqual(["flat 1.2.0 ready", "linear 10 ready", "several 1.0.0 ready", "told 3.1.0 ready"]);
    expect([await value(app), await value(app, "/models/flat"), await value(app, "/models/told")]).toEqual([60, 18, 24]);
  });
  it("serves on where one model fails, and lists it with the coded reason", async () => {
    await writePackage(join(folder, "linear.slip"));
    writeFileSync(join(folder, "broken.slip"), "not a package");
    writeFileSync(join(folder, "odd name!.onnx"), "x");
    await writePackage(join(folder, "liar.slip"), { promises: 7 });
    mkdirSync(join(folder, "empty/1"), { recursive: true });
    const app = await serve();
    expect(await value(app)).toBe(6);
    expect(states(app)).toEqual(expect.arrayContaining(["linear 1.0.0 ready", expect.stringMatching(/^broken 0\.0\.0 unavailable /), "liar 1.0.0 unavailable model-check-failed"]));
    expect(await value(app, "/models/liar")).toBe("503 model-unavailable");
    const index = (await post(app, "/v2/repository/index")).json() as { name: string; state: string; reason: string }[];
    expect(index.find((m) => m.name === "liar")).toMatchObject({ state: "UNAVAILABLE", reason: expect.stringContaining("[model-check-failed]") });
    expect((await inject(app, "/v2/models/linear/ready")).statusCode).toBe(200);
    expect((await inject(app, "/v2/models/liar/ready")).statusCode).toBe(503);
    expect((await inject(app, "/v2/models/nobody/ready")).statusCode).toBe(404);
    expect((await post(app, "/v2/repository/index", { ready: true })).json().map((m: { name: string }) => m.name)).toEqual(["linear"]);
  });
  it.each<[Partial<ModelSettings>, string[], number]>([
    [{ versions: { latest: 2 } }, ["1.9.0", "1.10.0"], 110],
    [{ versions: { all: true } }, ["1.0.0", "1.9.0", "1.10.0"], 110],
    [{ versions: { specific: ["1.0.0"] } }, ["1.0.0"], 100],
    [{ aliases: { stable: "1.0.0" } }, ["1.0.0", "1.10.0"], 100],
    [{ aliases: { stable: "1.10.0", production: "1.9.0" } }, ["1.9.0", "1.10.0"], 109],
  ])("with %j serves %j", async (settings, versions, preferred) => {
    for (const [version, factor] of [["1.0.0", 100], ["1.9.0", 109], ["1.10.0", 110]] as const) await writePackage(join(folder, `linear/${version}/m.slip`), { factor });
    const app = await serve({}, { linear: settings });
    expect(app.context.models.versionsOf("linear")).toEqual(versions);
    expect(await value(app)).toBe(preferred * 6);
  });
  it("answers versions, labels and digests, and names what there is", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2 });
    const app = await serve({}, { linear: { aliases: { canary: "2", stable: "1" } } });
    expect(await value(app)).toBe(6);
    expect(await value(app, "/models/linear/versions/2")).toBe(12);
    expect(await value(app, "/models/linear/versions/canary")).toBe(12);
    expect(await value(app, `/models/linear/versions/${app.context.models.find("linear", "1").digest}`)).toBe(6);
    expect((await post(app, "/v1/models/linear/labels/canary:predict", { instances: [[1, 1, 1]] })).json()).toEqual({ predictions: [12] });
    expect((await inject(app, "/v2/models/linear")).json().versions).toEqual(["1", "2"]);
    const none = await post(app, "/models/linear/versions/3/predict", "[[1,1,1]]");
    expect([none.statusCode, none.json().error.hint]).toEqual([404, "Served here: versions 1, 2; labels canary (2), stable (1)."]);
  });
});

describe("changes while serving", () => {
  it("takes up new versions, changed files and files that are gone", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    const app = await serve();
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2 });
    await app.context.repository.sync();
    expect([states(app), await value(app)]).toEqual([["linear 2 ready"], 12]);
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 3 });
    await app.context.repository.sync();
    expect(await value(app)).toBe(18);
    rmSync(join(folder, "linear"), { recursive: true });
    await app.context.repository.sync();
    expect(await value(app)).toBe("404 model-unknown");
  });
  it("does not flip to a version that breaks its promises, nor to a damaged one", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1, promises: 6 });
    const app = await serve();
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2, promises: 6 });
    await app.context.repository.sync();
    expect([await value(app), states(app)]).toEqual([6, ["linear 1 ready", "linear 2 unavailable model-check-failed"]]);
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2, promises: 12 });
    await app.context.repository.sync();
    expect([await value(app), states(app)]).toEqual([12, ["linear 2 ready"]]);
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 4, promises: 6 });
    await app.context.repository.sync();
    expect([await value(app), app.context.models.list[0]]).toEqual([12, expect.objectContaining({ version: "2", state: "ready", reason: expect.objectContaining({ code: "model-check-failed", message: expect.stringContaining("its replacement failed") }) })]);
    writeFileSync(join(folder, "linear/2/m.slip"), "damaged");
    await app.context.repository.sync();
    expect(await value(app)).toBe(12);
  });
  it("waits for a file that is still being written", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    const app = await serve();
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2 });
    await app.context.repository.sync(true);
    expect(await value(app)).toBe(6);
    await app.context.repository.sync(true);
    expect(await value(app)).toBe(12);
  });
  it("keeps the old version until the last request that holds it is answered", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    const app = await serve();
    const { Call } = await import("../http/call.ts");
    const call = new Call({ id: "a", method: "POST", url: "/", headers: {} });
    const old = await app.context.models.select(call, { name: "linear" });
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 2 });
    await app.context.repository.sync();
    expect(await value(app)).toBe(12);
    const { batch } = old.encode({ kind: "rows", rows: [[1, 1, 1]] });
    expect((await old.run(batch)).outputs[0]!.data[0]).toBe(6);
    call.finished();
    await app.context.repository.settled();
    await expect(old.run(batch)).rejects.toMatchObject({ code: "model-closed" });
  });
});

describe("the repository over HTTP", () => {
  it("loads, reloads and unloads as Triton does", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2 });
    const app = await serve();
    expect((await post(app, "/v2/repository/models/linear/unload", { parameters: { unload_dependents: false } })).statusCode).toBe(200);
    expect(await value(app)).toBe("503 model-unavailable");
    expect((await post(app, "/v2/repository/index")).json()).toEqual([{ name: "linear", version: "2", state: "UNAVAILABLE", reason: "unloaded by request" }]);
    await app.context.repository.sync();
    expect(await value(app)).toBe("503 model-unavailable");
    const loaded = await post(app, "/v2/repository/models/linear/load", {});
    expect([loaded.statusCode, loaded.body]).toEqual([200, ""]);
    expect(await value(app)).toBe(12);
    await post(app, "/v2/repository/models/linear/load", { parameters: { config: JSON.stringify({ name: "linear", backend: "onnxruntime", version_policy: { specific: { versions: [1] } } }) } });
    expect([states(app), await value(app)]).toEqual([["linear 1 ready"], 6]);
    await writePackage(join(folder, "fresh.slip"), { factor: 7 });
    await post(app, "/v2/repository/models/fresh/load");
    expect(await value(app, "/models/fresh")).toBe(42);
    const unknown = await post(app, "/v2/repository/models/nobody/load");
    expect([unknown.statusCode, unknown.json().error]).toEqual([404, expect.stringContaining('failed to load "nobody"')]);
    expect((await post(app, "/v2/repository/models/nobody/unload")).statusCode).toBe(404);
  });
  it("takes files in a request only where it may, and puts back the folder's by a plain load", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    const sent = { parameters: { config: "{}", "file:7/model.slip": Buffer.from(await testPackage({ factor: 5, promises: 30 })).toString("base64") } };
    const closed = await serve();
    const refused = await post(closed, "/v2/repository/models/linear/load", sent);
    expect([refused.statusCode, refused.json().error]).toEqual([403, expect.stringContaining("takes no models in requests")]);
    const app = await serve({ uploads: true });
    expect((await post(app, "/v2/repository/models/linear/load", sent)).statusCode).toBe(200);
    expect([states(app), await value(app)]).toEqual([["linear 7 ready"], 30]);
    expect((await post(app, "/v2/repository/models/up/load", sent)).statusCode).toBe(200);
    expect(await value(app, "/models/up")).toBe(30);
    const liar = await post(app, "/v2/repository/models/linear/load", { parameters: { "file:8/model.slip": Buffer.from(await testPackage({ factor: 5, promises: 31 })).toString("base64") } });
    expect([liar.statusCode, await value(app), states(app)]).toEqual([422, 30, ["linear 7 ready", "up 7 ready"]]);
    const bad = await post(app, "/v2/repository/models/bad/load", { parameters: { "file:1/model.slip": "AAAA" } });
    expect([bad.statusCode, await value(app, "/models/bad")]).toEqual([400, "404 model-unknown"]);
    for (const parameters of [{ "file:1/../x": "" }, { "file:1/x": "&" }, { "file:1/x": 3 }, { conf: "" }, { config: '{"dynamic_batching":{}}' }, { config: '{"version_policy":{"latest":{"num_versions":0}}}' }]) {
      expect((await post(app, "/v2/repository/models/linear/load", { parameters })).statusCode).toBe(400);
    }
    await post(app, "/v2/repository/models/linear/load");
    expect([states(app)[0], await value(app)]).toEqual(["linear 1 ready", 6]);
  });
  it("has routes of its own: list, sync, reload, aliases", async () => {
    await writePackage(join(folder, "linear/1/m.slip"), { factor: 1 });
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 2 });
    const app = await serve({}, { linear: { versions: { all: true } } });
    const put = await inject(app, { method: "PUT", url: "/admin/models/linear/aliases/stable", payload: '{"version":"1"}' });
    expect([put.statusCode, put.json().models[0].aliases, await value(app)]).toEqual([200, ["stable"], 6]);
    expect((await inject(app, { method: "DELETE", url: "/admin/models/linear/aliases/stable" })).statusCode).toBe(200);
    expect(await value(app)).toBe(12);
    expect((await inject(app, { method: "PUT", url: "/admin/models/linear/aliases/stable", payload: '{"version":"9"}' })).statusCode).toBe(404);
    expect((await inject(app, { method: "PUT", url: "/admin/models/linear/aliases/1x", payload: '{"version":"1"}' })).statusCode).toBe(400);
    await writePackage(join(folder, "linear/3/m.slip"), { factor: 3 });
    expect((await post(app, "/admin/models/sync")).json().models.map((m: { version: string }) => m.version)).toEqual(["1", "2", "3"]);
    expect((await post(app, "/admin/models/linear/unload?version=3")).statusCode).toBe(200);
    expect(await value(app)).toBe(12);
    await writePackage(join(folder, "linear/2/m.slip"), { factor: 9 });
    expect((await post(app, "/admin/models/linear/reload")).statusCode).toBe(200);
    expect(await value(app)).toBe(54);
    expect((await inject(app, "/admin/models")).json().models.length).toBe(3);
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }, { origin: "null" }]) {
      expect((await post(app, "/admin/models/linear/unload", "", headers)).statusCode).toBe(403);
      expect((await post(app, "/v2/repository/models/linear/unload", "", headers)).statusCode).toBe(403);
    }
    expect((await post(app, "/admin/models/sync", "", { origin: "http://localhost" })).statusCode).toBe(200);
  });
});

describe("many models", () => {
  it("loads lazily, once for requests that come together", async () => {
    for (const name of ["a", "b"]) await writePackage(join(folder, `${name}.slip`), { factor: name === "a" ? 1 : 2 });
    const app = await serve({ lazy: true });
    expect(states(app)).toEqual(["a 1.0.0 unloaded on demand", "b 1.0.0 unloaded on demand"]);
    expect((await inject(app, "/v2/models/a")).json().inputs.length).toBe(1);
    expect((await inject(app, "/v2/models/a/ready")).statusCode).toBe(200);
    expect(await Promise.all(Array.from({ length: 8 }, () => value(app, "/models/a")))).toEqual(Array(8).fill(6));
    expect(states(app)).toEqual(["a 1.0.0 ready on demand", "b 1.0.0 unloaded on demand"]);
  });
  it("keeps within the budget, putting away what was asked least recently and bringing it back", async () => {
    for (const [i, name] of ["a", "b", "c"].entries()) await writePackage(join(folder, `${name}.slip`), { factor: i + 1, ballast: 400_000 });
    const app = await serve({ lazy: true, memoryBudget: 3_000_000 }, { c: { pin: true } });
    const { repository } = app.context;
    const ready = (): string[] => app.context.models.list.filter((v) => v.state === "ready").map((v) => v.name);
    for (const name of ["a", "b"]) await value(app, `/models/${name}`);
    expect(ready()).toEqual(["a", "b"]);
    await value(app, "/models/a");
    expect(await value(app, "/models/c")).toBe(18);
    expect([ready(), repository.evictions]).toEqual([["a", "c"], 1]);
    expect(repository.loadedBytes).toBeLessThan(3_000_000);
    expect(await value(app, "/models/b")).toBe(12);
    expect(ready()).toEqual(["b", "c"]);
    // Many at once over more models than fit: every one is answered.
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => value(app, `/models/${"ab"[i % 2]}`)));
    expect(all.every((v) => v === 6 || v === 12 || v === "503 memory-budget")).toBe(true);
    expect(all.filter((v) => typeof v === "number").length).toBeGreaterThan(14);
  });
  it("refuses a model that is larger than the budget", async () => {
    await writePackage(join(folder, "a.slip"), { ballast: 800_000 });
    const app = await serve({ lazy: true, memoryBudget: 1_500_000 });
    expect(await value(app, "/models/a")).toBe("503 memory-budget");
  });
});

describe("kept answers of a served model", () => {
  it("are counted in the metrics, begin anew with a new version, and are none of a model that draws random numbers", async () => {
    await writePackage(join(folder, "linear.slip"), { factor: 1 });
    await writePackage(join(folder, "dice.slip"), { random: true });
    const cache = { maxBytes: 100_000 };
    const app = await serve({}, { linear: { cache }, dice: { cache } });
    expect([await value(app), await value(app), await value(app)]).toEqual([6, 6, 6]);
    const rolled = new Set(await Promise.all(Array.from({ length: 60 }, () => value(app, "/models/dice"))));
    expect(rolled.size).toBeGreaterThan(1);
    for (const rolls of rolled) expect(Math.floor(Number(rolls))).toBe(6);
    const metrics = (await inject(app, "/metrics")).body;
    expect(metrics).toContain('slipway_cache_hits_total{model="linear",version="1.0.0"} 2');
    expect(metrics).not.toMatch(/slipway_cache_\w+\{model="dice"/);
    await writePackage(join(folder, "linear.slip"), { factor: 2 });
    await app.context.repository.sync();
    expect([await value(app), await value(app)]).toEqual([12, 12]);
    expect((await inject(app, "/metrics")).body).toContain('slipway_cache_hits_total{model="linear",version="1.0.0"} 1');
  });
});
