import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelSettings } from "../../config/index.ts";
import type { Batch, Prediction, Servable } from "../../runtime/index.ts";
import { createServer, ModelDirectory, Repository, type App } from "../index.ts";
import { writePackage } from "../models/testing-packages.ts";
import { inject } from "../testing.ts";
import { ShadowReport } from "./shadow-report.ts";
import { chooseByFraction, fractionOf } from "./split.ts";

describe("a split", () => {
  const parts = fc.array(fc.record({ version: fc.stringMatching(/^[a-z]{1,4}$/), weight: fc.double({ min: 0, max: 100, noNaN: true }) }), { minLength: 1, maxLength: 6 }).filter((p) => p.some((x) => x.weight > 0.01));
  it("gives every version its share of keys, and none to a weight of nothing", () => {
    fc.assert(fc.property(parts, fc.string(), (split, scope) => {
      const n = 2000;
      const counts = new Map<string, number>();
      for (let i = 0; i < n; i++) {
        const v = chooseByFraction(split, fractionOf(scope, `user-${i}`))!;
        counts.set(v, (counts.get(v) ?? 0) + 1);
      }
      const sum = split.reduce((s, p) => s + p.weight, 0);
      for (const version of new Set(split.map((p) => p.version))) {
        const share = split.filter((p) => p.version === version).reduce((s, p) => s + p.weight, 0) / sum;
        // Six standard deviations of a binomial count.
        expect(Math.abs((counts.get(version) ?? 0) - share * n)).toBeLessThanOrEqual(6 * Math.sqrt(n * share * (1 - share)) + 1);
        if (share === 0) expect(counts.get(version)).toBeUndefined();
      }
    }), { numRuns: 30 });
  });
  it("always gives a key the same version, and a larger weight takes keys and gives none back", () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 100 }), (scope, key, before, more) => {
      const at = (canary: number): string => chooseByFraction([{ version: "canary", weight: canary }, { version: "stable", weight: 100 - canary }], fractionOf(scope, key))!;
      expect(fractionOf(scope, key)).toBe(fractionOf(scope, key));
      if (at(before) === "canary") expect(at(Math.min(100, before + more))).toBe("canary");
    }));
  });
  it("has known fractions, the same in every process", () => {
    // hashlib.sha256(b"churn\0\0user-1").digest()[:6] as a big-endian number, divided by 2**48.
    expect([fractionOf("churn\0", "user-1"), fractionOf("churn\0", "user-2")].map((f) => f.toFixed(6))).toEqual(["0.057884", "0.937932"]);
  });
});

describe("traffic of a server", () => {
  let folder: string;
  const apps: App[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-traffic-"));
    for (const v of [1, 2, 3]) await writePackage(join(folder, `linear/${v}/m.slip`), { factor: v === 3 ? 1.5 : v });
  });
  afterAll(async () => {
    await Promise.all(apps.map((a) => a.context.models.close()));
    rmSync(folder, { recursive: true });
  });
  async function serve(traffic: NonNullable<ModelSettings["traffic"]>, aliases: ModelSettings["aliases"] = { stable: "1", canary: "2" }): Promise<App> {
    const repository = new Repository(new ModelDirectory([], { linear: { versions: { specific: ["1", "2", "3"] }, aliases, traffic, pin: false } as unknown as ModelSettings }), { folder });
    await repository.sync();
    const app = createServer({ models: repository, options: { auth: { anonymous: "admin", administration: "any-port" } } });
    apps.push(app);
    return app;
  }
  async function ask(app: App, headers: Record<string, string> = {}, row: readonly unknown[] = [1, 1, 1], url = "/predict") {
    const answer = await inject(app, { method: "POST", url, headers, payload: JSON.stringify([row]) });
    return { status: answer.statusCode, version: answer.headers["x-slipway-version"], experiment: answer.headers["x-slipway-experiment"], body: answer.json() };
  }
  const half = [{ version: "stable", weight: 1 }, { version: "canary", weight: 1 }];

  it("goes by weights, and says which version answered", async () => {
    const app = await serve({ split: half, shadowShare: 1 });
    const asked = await Promise.all(Array.from({ length: 400 }, () => ask(app)));
    for (const a of asked) expect(a.body.predictions[0].value).toBe(a.version === "1" ? 6 : 12);
    for (const a of asked) expect(a.body.model.version).toBe(a.version);
    const ones = asked.filter((a) => a.version === "1").length;
    expect(Math.abs(ones - 200)).toBeLessThan(6 * 10);
    expect((await inject(app, "/metrics")).body).toMatch(new RegExp(`slipway_traffic_requests_total\\{model="linear",version="1",by="weight",experiment=""\\} ${ones}\n`));
  });
  it("is sticky by a header, by every protocol alike", async () => {
    const app = await serve({ split: half, stickyHeader: "X-User-Id", experiment: "spring", shadowShare: 1 });
    const first = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(app, { "x-user-id": `u${i}` })));
    const again = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(app, { "x-user-id": `u${i}` })));
    expect(again.map((a) => a.version)).toEqual(first.map((a) => a.version));
    expect(new Set(first.map((a) => a.version))).toEqual(new Set(["1", "2"]));
    expect(first.every((a) => a.experiment === "spring")).toBe(true);
    for (let i = 0; i < 30; i += 5) {
      const oip = await inject(app, { method: "POST", url: "/v2/models/linear/infer", headers: { "x-user-id": `u${i}` }, payload: JSON.stringify({ inputs: [{ name: "X", datatype: "FP64", shape: [1, 3], data: [1, 1, 1] }] }) });
      expect([oip.json().model_version, oip.headers["x-slipway-version"]]).toEqual([first[i]!.version, first[i]!.version]);
    }
  });
  it("is sticky by a column", async () => {
    const app = await serve({ split: half, stickyColumn: "x0", shadowShare: 1 });
    const of = (x: number): Promise<Awaited<ReturnType<typeof ask>>> => ask(app, {}, [x, 1, 1]);
    const first = await Promise.all(Array.from({ length: 30 }, (_, i) => of(i)));
    const again = await Promise.all(Array.from({ length: 30 }, (_, i) => of(i)));
    expect(again.map((a) => a.version)).toEqual(first.map((a) => a.version));
    expect(new Set(first.map((a) => a.version)).size).toBe(2);
    for (const [i, a] of first.entries()) expect([a.body.predictions[0].value, a.body.model.version]).toEqual([(i + 5) * (a.version === "1" ? 1 : 2), a.version]);
    const columns = await inject(app, { method: "POST", url: "/predict", payload: JSON.stringify({ columns: { x0: [7, 9], x1: [1, 1], x2: [1, 1] } }) });
    expect(columns.headers["x-slipway-version"]).toBe(first[7]!.version);
  });
  it("gives way to an override, to a version in the address and to a label", async () => {
    const app = await serve({ split: [{ version: "1", weight: 1 }], stickyHeader: "x-user", shadowShare: 1 });
    for (const i of Array(10).keys()) expect((await ask(app, { "x-slipway-version": "2", "x-user": String(i) })).version).toBe("2");
    expect((await ask(app, { "x-slipway-version": "canary" })).version).toBe("2");
    expect((await ask(app, { "x-slipway-version": "9" })).status).toBe(404);
    expect((await ask(app, {}, [1, 1, 1], "/models/linear/versions/3/predict")).version).toBe("3");
    expect((await ask(app)).version).toBe("1");
  });
  it("passes over versions that cannot answer", async () => {
    const app = await serve({ split: half, shadowShare: 1 });
    await app.context.repository.unload("linear", "2");
    expect(new Set((await Promise.all(Array.from({ length: 30 }, () => ask(app)))).map((a) => a.version))).toEqual(new Set(["1"]));
  });
  it("shows requests to a shadow after the answer, and tells how far apart they are", async () => {
    const app = await serve({ shadow: "3", shadowShare: 1 });
    const before = await Promise.all(Array.from({ length: 5 }, (_, i) => ask(app, {}, [i, 0, 0])));
    expect(before.map((a) => [a.version, a.body.predictions[0].value])).toEqual([0, 1, 2, 3, 4].map((v) => ["1", v]));
    await app.context.models.router.shadows.settled();
    const told = (await inject(app, "/admin/models/linear/traffic")).json();
    expect(told.shadow).toEqual({ requests: { compared: 5, failed: 0, dropped: 0, "not-alike": 0 }, rows: 5, outputs: { value: { values: 5, largest_difference: 2, mean_difference: 1 } } });
    expect((await inject(app, "/metrics")).body).toMatch(/slipway_shadow_largest_difference\{model="linear",shadow="3",output="value"\} 2\n/);
  });
  it("a shadow that fails, hangs or is not there changes no answer and waits for none", async () => {
    const app = await serve({ shadow: "3", shadowShare: 1 });
    const version = app.context.models.entryOf("linear").versions.get("3")!;
    const real = version.servable!;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    const broken = Object.create(real, { run: { value: async (batch: Batch): Promise<Prediction> => {
      order.push("shadow");
      await gate;
      if (batch.rows > 0) throw new Error("broken");
      return real.run(batch);
    } }, encode: { value: real.encode.bind(real) }, signature: { value: real.signature }, name: { value: real.name }, version: { value: real.version } }) as Servable;
    version.servable = broken;
    // The shadow hangs on the first; all the same every request is answered, and first.
    for (let i = 0; i < 100; i++) {
      const a = await ask(app, {}, [i, 0, 0]);
      order.push("answer");
      await new Promise((resolve) => setImmediate(resolve));
      expect([a.status, a.version, a.body.predictions[0].value]).toEqual([200, "1", i]);
    }
    expect(order[0]).toBe("answer");
    expect(order.filter((o) => o === "shadow").length).toBe(1);
    release();
    version.servable = real;
    await app.context.repository.unload("linear", "3");
    await app.context.models.router.shadows.settled();
    const { outcomes } = app.context.models.entryOf("linear").traffic!.shadowReport;
    expect(outcomes.dropped).toBeGreaterThan(30);
    expect(outcomes.failed).toBe(100 - outcomes.dropped);
  });
  it("is set and taken away over the administration's routes", async () => {
    const app = await serve({ split: [{ version: "1", weight: 1 }], shadowShare: 1 });
    const put = (body: unknown) => inject(app, { method: "PUT", url: "/admin/models/linear/traffic", payload: JSON.stringify(body) });
    expect((await put({ split: [{ version: "1", weight: 0 }, { version: "canary", weight: 5 }], experiment: "b" })).statusCode).toBe(200);
    expect(await ask(app)).toMatchObject({ version: "2", experiment: "b" });
    expect((await put({ split: [{ version: "1", weight: 0 }] })).json().error.code).toBe("traffic-invalid");
    expect((await put({ splitt: [] })).json().error).toMatchObject({ code: "config-key-unknown", hint: "Did you mean split?" });
    expect((await put({ split: [{ version: "77", weight: 1 }] })).statusCode).toBe(404);
    expect((await put({ split: [{ version: "1", weight: -1 }] })).statusCode).toBe(400);
    expect((await put({})).statusCode).toBe(400);
    expect((await ask(app)).version).toBe("2");
    expect((await inject(app, { method: "DELETE", url: "/admin/models/linear/traffic" })).json().traffic).toBe(null);
    expect((await ask(app)).version).toBe("1");
  });
});

it("labels are equal or not, numbers are so far apart, and shapes must be alike", () => {
  const report = new ShadowReport();
  const p = (labels: string[], scores: number[]): Prediction => ({ rows: labels.length, computeMs: 0, outputs: [
    { output: { name: "label", graphName: "l", kind: "label", type: "string", rowShape: [] }, width: 1, data: labels },
    { output: { name: "score", graphName: "s", kind: "score", type: "double", rowShape: [] }, width: 1, data: Float64Array.from(scores) },
  ] });
  report.compare(p(["a", "b", "c"], [1, NaN, Infinity]), p(["a", "x", "c"], [1.25, NaN, Infinity]));
  report.compare(p(["a"], [1]), p(["a", "b"], [1, 2]));
  expect(report.toJSON()).toEqual({ requests: { compared: 1, failed: 0, dropped: 0, "not-alike": 1 }, rows: 3, outputs: { label: { labels: 3, equal_share: 2 / 3 }, score: { values: 3, largest_difference: 0.25, mean_difference: 0.25 / 3 } } });
});
