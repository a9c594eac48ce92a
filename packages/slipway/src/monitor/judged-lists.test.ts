// Rankings by what was chosen: lists that a recommender showed, and rows that a score ranks, from feedback to metrics.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomNumbers } from "@slipway/core/stats";
import { afterEach, describe, expect, it } from "vitest";
import { Catalogues, CatalogueStore, recommendProtocol } from "../recommend/index.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { matrixModel } from "../runtime/testing.ts";
import { createServer, type App } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { labelledPredictions, lossOf, Monitor, monitorProtocol, MonitorStore, type ModelView } from "./index.ts";
import { loanRows, START, watchedApp } from "./testing.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const post = async (app: App, url: string, body: unknown) => (await inject(app, { method: "POST", url, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) })).json();

async function shop(): Promise<{ readonly app: App; readonly monitor: Monitor }> {
  const path = join(import.meta.dirname, "../runtime/recommend/fixtures/factors.npz");
  const packed = await packModel(path, readFileSync(path), { name: "shop", recommend: { k: 2, cold: "popular" } });
  const catalogues = new Catalogues({ store: () => CatalogueStore.open("sqlite::memory:"), kept: false, intervalMs: 0, search: "exact" });
  const monitor = new Monitor(() => MonitorStore.open("sqlite::memory:"), { windowMs: 600_000, intervalMs: 10_000, keepMs: 86_400_000, now: () => START, feedbackKey: "user" });
  const app = createServer({ models: [await loadModelPackage(packed.package, { placement: "inline" })], options: { observer: monitor, protocols: [recommendProtocol(catalogues), monitorProtocol(monitor)] } });
  closing.push(() => app.context.models.close(), () => catalogues.close(), () => monitor.close());
  return { app, monitor };
}
interface Shown { readonly prediction_id: string; readonly items: readonly { readonly id: string }[] }

describe("lists", () => {
  it("that were shown are judged by what was chosen of them, told by id or by who chose", async () => {
    const { app, monitor } = await shop();
    for (let i = 0; i < 30; i++) {
      const { prediction_id: id, items } = await post(app, "/models/shop/recommend", { user: i % 2 === 0 ? "ann" : "bob", k: 4 }) as Shown;
      expect(items).toHaveLength(4);
      // The first of ten lists, the second of ten others, of the last ones nothing; one that was not shown helps nobody.
      await post(app, "/feedback", { prediction_id: id, label: i < 10 ? items[0]!.id : i < 20 ? [items[1]!.id, "not shown"] : [] });
    }
    const { accuracy, task, version } = (await inject(app, "/api/v1/monitor/models/shop")).json() as ModelView;
    const [point] = accuracy.points;
    expect([task, point!.kept, point!.labelled, point!.strange]).toEqual(["ranking", 30, 30, 0]);
    const second = 1 / Math.log2(3);
    const close = (value: number): unknown => expect.closeTo(value, 5);
    expect(point!.metrics).toEqual({ hit_rate: close(2 / 3), hit_rate_5: close(2 / 3), ndcg: close((10 + (10 * second) / (1 + second)) / 30), ndcg_5: close((10 + (10 * second) / (1 + second)) / 30), map: close((10 + 10 * 0.25) / 30), mrr: close(0.5) });
    expect(point!.interval![0]).toBeLessThan(2 / 3);
    // Of a rollout: what each list lacks of the best one.
    const found = (await labelledPredictions(await monitor.store(), "shop", version, ""))!;
    expect([found.kind, found.rows.length]).toEqual(["ranking", 30]);
    expect(found.rows.reduce((sum, r) => sum + lossOf(found.kind, r.answer, r.label), 0)).toBeCloseTo(30 - 10 - (10 * second) / (1 + second), 6);
    // By who chose: it corrects nothing that has a label of its own.
    await post(app, "/models/shop/predict", [{ user: "ann" }]);
    await post(app, "/feedback", { key: "ann", label: ["100"] });
    const after = (await inject(app, "/api/v1/monitor/models/shop")).json() as ModelView;
    expect([after.accuracy.points[0]!.kept, after.accuracy.points[0]!.labelled]).toEqual([31, 31]);
  });
  it("of labels that cannot be are refused", async () => {
    const { app } = await shop();
    for (const label of [{ item: 1 }, Array.from({ length: 51 }, () => "a"), [["a"]], [null], ["x".repeat(201)]]) expect(await post(app, "/feedback", { key: "ann", label })).toMatchObject({ error: { code: "feedback-invalid" } });
  });
});

describe("scores that rank", () => {
  it("are judged by the rows of each request, all of which are kept or none", async () => {
    const columns = matrixModel().signature.columns.map((c) => c.name);
    const watched = await watchedApp({ source: matrixModel(), options: { judging: () => ({ ranked: true }), keptPerWindow: 200 } });
    closing.push(() => watched.close());
    const random = randomNumbers(3);
    let [first, asked] = [0, 0];
    for (let i = 0; i < 60; i++) {
      const rows = Array.from({ length: 5 }, () => columns.map(() => random()));
      const { prediction_id: id, predictions } = await post(watched.app, "/predict", rows) as { prediction_id: string; predictions: { value: number }[] };
      asked++;
      const best = predictions.reduce((b, p, at) => (p.value > predictions[b]!.value ? at : b), 0);
      const chosen = i % 3 === 0 ? (best + 1) % 5 : best;
      if (chosen === best) first++;
      await post(watched.app, "/feedback", { prediction_id: id, labels: predictions.map((_, at) => (at === chosen ? 2 : 0)) });
    }
    expect([first, asked]).toEqual([40, 60]);
    const { accuracy, task, version } = (await watched.get("/models/linear")).json() as ModelView;
    const [point] = accuracy.points;
    expect([task, point!.kept % 5, point!.kept]).toEqual(["ranking", 0, 200]);
    expect(Object.keys(point!.metrics)).toEqual(["ndcg", "ndcg_5", "map", "mrr"]);
    expect(point!.metrics["mrr"]).toBeGreaterThan(0.65);
    expect(point!.metrics["mrr"]).toBeLessThan(0.9);
    const found = (await labelledPredictions(await watched.monitor.store(), "linear", version, ""))!;
    expect([found.kind, found.rows.length]).toEqual(["ranking", 40]);
    const losses = found.rows.map((r) => lossOf(found.kind, r.answer, r.label));
    expect(losses.filter((l) => l === 0).length).toBeGreaterThanOrEqual(26);
  });
  it("are ranks while the configuration says so, also of a package that was watched before", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-ranked-"));
    try {
      const tasks: string[] = [];
      for (const ranked of [false, true, false]) {
        const watched = await watchedApp({ store: () => MonitorStore.open(`sqlite:${join(folder, "monitor.db")}`), options: { judging: () => ({ ranked }) } });
        await watched.ask(loanRows(3, 1));
        tasks.push(((await watched.get("/models/loan")).json() as ModelView).task);
        await watched.close();
      }
      expect(tasks).toEqual(["classification", "ranking", "classification"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
