// Scores of whole rows in a watched service: outliers are found and told, and the error of a regression is estimated until
// labels come, which calibrate the estimate.

import { join } from "node:path";
import { parseSignature, profileOf, profileToJson, signatureToJson } from "@slipway/core/package";
import { encodeWindow, normalNumbers, randomNumbers } from "@slipway/core/stats";
import { afterEach, describe, expect, it } from "vitest";
import { testDatabases } from "../../../../scripts/testing-databases.ts";
import { loadModelPackage, readInput, type ModelSource } from "../runtime/index.ts";
import { matrixModel } from "../runtime/testing.ts";
import { inject } from "../server/testing.ts";
import { mattersOf } from "./alerts/rules.ts";
import { MonitorStore, type ModelView } from "./index.ts";
import { START, watchedApp, type WatchedApp } from "./testing.ts";

type Row = readonly number[];
const columns = matrixModel().signature.columns.map((c) => c.name);
function rows(count: number, seed: number, move = 0): Row[] {
  const normal = normalNumbers(randomNumbers(seed));
  return Array.from({ length: count }, () => columns.map(() => normal() + move));
}
/** Errors are larger where the first column is. */
const errorOf = (row: Row, k: number): number => (row[0]! > 1 ? 4 : 1) * Math.sin(12.9898 * k + 78.233 * row[0]!);

async function linear(): Promise<ModelSource> {
  const source = matrixModel();
  const signature = parseSignature(signatureToJson(source.signature));
  const model = await loadModelPackage(source);
  try {
    const records = rows(4000, 1).map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]!])));
    const { outputs } = await model.run(model.encode(readInput(records, signature)).batch);
    const value = outputs.find((o) => o.output.kind === "value")!;
    const truth = records.map((r, i) => Number(value.data[i]) + errorOf(Object.values(r), i));
    return { ...source, profile: profileToJson(profileOf(signature, records, outputs, { rows: "training", file: "prices.csv" }, truth)) };
  } finally {
    await model.close();
  }
}

let watched: WatchedApp | undefined;
afterEach(() => watched?.close());
const ask = async (w: WatchedApp, given: readonly Row[]): Promise<{ readonly prediction_id: string; readonly predictions: readonly { readonly value: number }[] }> => (await w.ask([], { payload: JSON.stringify(given) })).json();
const view = async (w: WatchedApp): Promise<ModelView> => (await w.get("/models/linear")).json() as ModelView;

describe("row scores", () => {
  it("estimate the error without labels, and by labels better", async () => {
    watched = await watchedApp({ source: await linear() });
    const given = rows(1200, 2, 1);
    const answers = [];
    for (let i = 0; i < given.length; i += 8) answers.push(await ask(watched, given.slice(i, i + 8)));
    const real = given.reduce((sum, row, k) => sum + Math.abs(errorOf(row, k)), 0) / given.length;
    const before = (await view(watched)).accuracy;
    const [point] = before.points;
    expect(Math.abs(point!.estimate!.mae! / real - 1)).toBeLessThan(0.1);
    // Far from the error of the reference, whose mean is 1.
    expect(real).toBeGreaterThan(1.4);
    const root = Math.sqrt(given.reduce((sum, row, k) => sum + errorOf(row, k) ** 2, 0) / given.length);
    expect(Math.abs(point!.estimate!.rmse! / root - 1)).toBeLessThan(0.1);
    expect(point!.estimate!.mse).toBeCloseTo(point!.estimate!.rmse! ** 2, 4);
    // They are for estimates: as columns there is one of them.
    expect((await view(watched)).columns.filter((c) => c.score?.startsWith("loss")).map((c) => c.name)).toEqual(["expected error (estimate)"]);
    expect(point!.estimateInterval![0]).toBeLessThan(point!.estimate!.mae!);
    expect(point!.estimateInterval![1]).toBeGreaterThan(point!.estimate!.mae!);
    expect(before.calibrated).toBe(false);
    // Twice as wrong as expected: labels say so, and the estimate follows.
    let k = 0;
    for (const { prediction_id: id, predictions } of answers.slice(0, 60)) {
      const labels = predictions.map(({ value }) => value + 2 * errorOf(given[k]!, k++));
      await inject(watched.app, { method: "POST", url: "/feedback", payload: JSON.stringify({ prediction_id: id, labels }) });
    }
    const after = (await view(watched)).accuracy;
    expect(after.calibrated).toBe(true);
    expect(Math.abs(after.points[0]!.estimate!.mae! / (2 * real) - 1)).toBeLessThan(0.15);
    expect(Math.abs(after.points[0]!.estimate!.rmse! / (2 * root) - 1)).toBeLessThan(0.15);
    expect(after.points[0]!.metrics["mae"]).toBeGreaterThan(0);
    expect(after.points[0]!.metrics["mse"]).toBeCloseTo(after.points[0]!.metrics["rmse"]! ** 2, 3);
  });
  it("find outliers and a rule tells them; usual rows are silent", async () => {
    watched = await watchedApp({ source: await linear() });
    for (let i = 0; i < 50; i++) await ask(watched, rows(8, 100 + i));
    const rule = { name: "odd", on: "outliers", severity: "warning", metric: "accuracy", cooldown: 1000 } as const;
    const usual = await view(watched);
    expect(usual.quality.filter((f) => f.rule === "outliers")).toEqual([]);
    expect(mattersOf(rule, usual, START)).toEqual([]);
    watched.clock.now += 600_000;
    // Every value is one that the reference has, and all of them at once are far out.
    for (let i = 0; i < 50; i++) await ask(watched, rows(8, 200 + i).map((row, k) => (k < 2 ? row.map((_, c) => (c % 2 === 0 ? 2.9 : -2.9)) : row)));
    const odd = await view(watched);
    const [finding] = odd.quality.filter((f) => f.rule === "outliers");
    expect(finding!.share[0]).toBeGreaterThan(0.15);
    expect(mattersOf(rule, odd, START)).toMatchObject([{ subject: "outliers", summary: expect.stringContaining("outliers by their values together") }]);
    expect(odd.columns.find((c) => c.score === "isolation")).toMatchObject({ kind: "input" });
  });
});

const databases = testDatabases("scores");
const { folder, real } = databases;

describe.each(["sqlite", "postgres"])("on %s", (dialect) => {
  it.skipIf(dialect === "postgres" && !real)("scores of two replicas are exactly those of one that saw all, also of requests of many rows", async () => {
    const url = dialect === "sqlite" ? `sqlite:${join(folder, "a.db")}` : databases.postgres.create("scores");
    const source = await linear();
    const [a, b, whole] = [await watchedApp({ source, store: () => MonitorStore.open(url) }), await watchedApp({ source, store: () => MonitorStore.open(url) }), await watchedApp({ source })];
    try {
      for (let k = 0; k < 10; k++) {
        const given = rows([1, 5, 64, 3000][k % 4]!, k, k / 10);
        await ask(k % 2 === 0 ? a : b, given);
        await ask(whole, given);
      }
      await Promise.all([a, b, whole].map((w) => w.monitor.flush()));
      const [merged, one] = await Promise.all([a, whole].map(async ({ monitor }) => {
        const store = await monitor.store();
        const [subject] = await store.subjects("linear");
        const [window] = await store.windows(subject!, 0);
        window!.counter.latency.counts.fill(0);
        const at = subject!.series.findIndex((s) => "score" in s && s.score === "loss");
        return { bytes: Buffer.from(encodeWindow(window!.counter)).toString("hex"), rows: window!.counter.series[at]!.rows };
      }));
      expect(merged).toEqual(one);
      // All of small requests, eight of each large one.
      expect(one!.rows).toBe(3 * 1 + 3 * 5 + 4 * 8);
    } finally {
      for (const w of [a, b, whole]) await w.close();
    }
  }, 30_000);
});
