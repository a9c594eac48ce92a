// Weak parts, calibration, staleness, rankings and forecasts, the ways through the server, the ML Test Score, and streams of
// many rows: each finds what is there, and nothing where nothing is.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { buildPackage, type ModelPackage } from "@slipway/core/package";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { doubles } from "@slipway/core/tensor";
import type { GateSettings } from "../config/index.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { columnsModel, matrixModel, textModel } from "../runtime/testing.ts";
import type { RowBatch } from "../tables/index.ts";
import type { GateResult } from "./define-gate-test.ts";
import { runGate, scoreOf, type GateRequest } from "./index.ts";
import { readLabelled } from "./labelled-data.ts";
import { madeRows } from "./sample-rows.ts";
import { GATE_TESTS } from "./tests/index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
type Rows = Record<string, unknown>[];
let churn: ModelPackage;
/** Labels drawn by the model's own probabilities. */
let rows: Rows;
beforeAll(async () => {
  const file = join(root, "examples", "churn", "churn.joblib");
  churn = (await packModel(file, new Uint8Array(readFileSync(file)), { check: { file: "check.csv", text: readFileSync(join(root, "examples", "churn", "check.csv"), "utf8") } })).package;
  const model = await loadModelPackage(churn, { placement: "inline" });
  const made = madeRows(churn.signature, churn.checks, 1200, 5);
  const random = randomNumbers(9);
  const answers = await model.predict(made);
  rows = made.map((row, i) => ({ ...row, region: ["north", "south", "east", "west"][i % 4], day: i, truth: random() < (answers[i]!["probabilities"] as { stays: number }).stays ? "stays" : "leaves" }));
  await model.close();
}, 60_000);

const only = (...names: string[]): { skip: string[] } => ({ skip: GATE_TESTS.map((t) => t.name).filter((name) => !names.includes(name)) });
const labelled = (given: Rows): NonNullable<GateRequest["data"]> => ({ file: "labelled.json", text: JSON.stringify(given), target: "truth" });
async function run(name: string, request: Partial<GateRequest> = {}, settings: Partial<GateSettings> = {}): Promise<GateResult> {
  const report = await runGate({ package: churn, ...request, settings: { ...only(name), ...settings } });
  return report.results.find((r) => r.name === name)!;
}
const flip = (row: Record<string, unknown>): Record<string, unknown> => ({ ...row, truth: row["truth"] === "stays" ? "leaves" : "stays" });

/** value = w0 x0 + w1 x1 + w2 x2 */
async function linear(weights: readonly number[]): Promise<ModelPackage> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const value = o.reshape(o.matmul(x, doubles([...weights], [3, 1])), [-1]);
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", value);
  return packaged({ ...matrixModel(), model: serializeModel(g.finish()), checks: null });
}
async function packaged(source: ReturnType<typeof matrixModel>, more: Partial<ModelPackage["manifest"]> = {}): Promise<ModelPackage> {
  const { kernel: _, ...plain } = churn.manifest;
  return buildPackage({ manifest: { ...plain, name: source.manifest.name, version: source.manifest.version, ...more }, model: source.model, signature: source.signature, checks: source.checks ?? null, profile: null, card: "", sbom: {} });
}

describe("weak parts", () => {
  it("are not found where there are none, whatever is drawn", async () => {
    const normal = normalNumbers(randomNumbers(8));
    const even = Array.from({ length: 1000 }, (_, i) => ({ x0: normal(), x1: normal(), x2: normal(), town: `t${i % 7}`, truth: 0 })).map((row) => ({ ...row, truth: row.x0 + 2 * row.x1 + 3 * row.x2 + normal() }));
    const request = { package: await linear([1, 2, 3]), data: labelled(even) };
    for (const seed of [1, 2, 3, 4, 5]) expect((await run("weak-segments", { ...request, seed })).verdict).toBe("pass");
  });
  it("are found by the column that nobody named, and judged where a bar is set", async () => {
    const weak = rows.map((row, i) => (row["region"] === "north" && i % 2 === 0 ? flip(row) : row));
    const found = await run("weak-segments", { data: labelled(weak) });
    expect(found).toMatchObject({ verdict: "warn", reason: expect.stringMatching(/^region is north: rows that are wrong \d+(\.\d+)?%, elsewhere/) });
    expect(await run("weak-segments", { data: labelled(weak) }, { weakSegments: { maxLoss: 0.05 } })).toMatchObject({ verdict: "fail" });
  });
});

describe("calibration", () => {
  it("is that of the model's own labels, and is not that of others", async () => {
    expect((await run("calibration", { data: labelled(rows) })).verdict).toBe("pass");
    const noisy = rows.map((row, i) => (i % 3 === 0 ? flip(row) : row));
    expect(await run("calibration", { data: labelled(noisy) })).toMatchObject({ verdict: "warn", reason: expect.stringContaining("the model is too sure of itself") });
    expect(await run("calibration", { data: labelled(noisy) }, { calibration: { maxError: 0.05 } })).toMatchObject({ verdict: "fail", bar: "at most 0.05" });
    expect(await run("calibration", { package: await linear([1, 2, 3]), data: labelled([{ x0: 1, x1: 1, x2: 1, truth: 6 }]) })).toMatchObject({ verdict: "skipped" });
  });
});

describe("staleness", () => {
  const now = Date.parse("2026-06-30T00:00:00Z");
  it("is told from the package's time, or MLflow's, and judged by the days allowed", async () => {
    const made = await packaged(columnsModel(), { created: "2026-03-01T00:00:00Z" });
    expect(await run("freshness", { package: made, now })).toMatchObject({ verdict: "pass", figures: { "age in days": 121 } });
    expect(await run("freshness", { package: made, now }, { maxAgeDays: 90 })).toMatchObject({ verdict: "fail", reason: "the model is 121 days old" });
    const kept = await packaged(columnsModel(), { origin: { "mlflow utc time created": "2026-06-20 00:00:00.000001" } });
    expect(await run("freshness", { package: kept, now }, { maxAgeDays: 90 })).toMatchObject({ verdict: "pass", figures: { "age in days": 10 } });
    expect(await run("freshness", { now }, { maxAgeDays: 90 })).toMatchObject({ verdict: "warn" });
    expect(await run("freshness", { now })).toMatchObject({ verdict: "skipped" });
  });
  it("is seen where the newest rows are answered worse", async () => {
    expect(await run("freshness", { data: labelled(rows) }, { time: "day" })).toMatchObject({ verdict: "pass" });
    const stale = rows.map((row, i) => (i > 900 && i % 2 === 0 ? flip(row) : row));
    expect(await run("freshness", { data: labelled(stale) }, { time: "day" })).toMatchObject({ verdict: "warn", reason: expect.stringContaining("worse beyond chance") });
    await expect(run("freshness", { data: labelled(rows) }, { time: "region" })).rejects.toMatchObject({ code: "gate-setting" });
  });
});

describe("rankings and forecasts", () => {
  const normal = normalNumbers(randomNumbers(4));
  const given = Array.from({ length: 300 }, (_, i) => {
    const [x0, x1, x2] = [normal(), normal(), normal()];
    return { x0, x1, x2, query: `q${i % 30}`, day: i, truth: Math.max(0, Math.round(x0 + 2 * x1 + 3 * x2 + normal())) };
  });
  it("are judged by their own figures where the configuration names the columns", async () => {
    const ranked = await run("quality", { package: await linear([1, 2, 3]), data: labelled(given) }, { group: "query", quality: { ndcg: { min: 0.8, sure: true } } });
    expect(ranked).toMatchObject({ verdict: "pass", figures: { ndcg: expect.any(Number), map: expect.any(Number), mrr: expect.any(Number) } });
    expect(await run("quality", { package: await linear([-1, -2, -3]), data: labelled(given) }, { group: "query", quality: { ndcg: { min: 0.8, sure: false } } })).toMatchObject({ verdict: "fail", reason: expect.stringContaining("ndcg is 0.") });
    const forecast = await run("quality", { package: await linear([1, 2, 3]), data: labelled(given) }, { time: "day", quality: { mase: { max: 1, sure: false } } });
    expect(forecast).toMatchObject({ verdict: "pass", figures: { wape: expect.any(Number), smape: expect.any(Number), mase: expect.any(Number) } });
  });
  it("need their columns", async () => {
    await expect(run("quality", { package: await linear([1, 2, 3]), data: labelled(given) }, { group: "querry" })).rejects.toMatchObject({ code: "gate-data", hint: "Did you mean query?" });
  });
});

describe("the ways through the server", () => {
  it.each([["columns", columnsModel], ["matrix", matrixModel], ["text", textModel]] as const)("answer alike, workers too: a model of %s", async (_, source) => {
    const found = await run("served", { package: await packaged(source() as ReturnType<typeof matrixModel>) });
    expect(found.reason).toMatch(/are answered alike in 1[0-3] ways$/);
    expect(found.verdict).toBe("pass");
  }, 120_000);
});

describe("the ML Test Score", () => {
  it("names all 28 tests, what was passed, failed and not run, and what nobody automates", async () => {
    const { results } = await runGate({ package: churn, data: labelled(rows), settings: only("parity", "engines", "quality", "simpler-model") });
    const score = scoreOf(results);
    expect(score.tests).toHaveLength(28);
    const state = (id: string): string => score.tests.find((t) => t.id === id)!.state;
    expect([state("data 7"), state("model 5"), state("infrastructure 3"), state("infrastructure 6")]).toEqual(["passed", "passed", "not run", "missing"]);
    expect(score.total).toBe(0);
    const names = new Set(GATE_TESTS.map((t) => t.name));
    expect(score.tests.flatMap((t) => t.by).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("labelled rows of a stream", () => {
  it("are counted to the last and kept as a fair sample: memory does not grow with them", async () => {
    const model = await loadModelPackage(await linear([1, 2, 3]), { placement: "inline" });
    async function* stream(batches: number): AsyncGenerator<RowBatch> {
      for (let b = 0; b < batches; b++) yield { texts: false, rows: Array.from({ length: 1000 }, (_, i) => ({ x0: b, x1: i, x2: 1, truth: b * 1000 + i })) };
    }
    const data = await readLabelled(stream(60), "stream", "truth", [], model, 1);
    await model.close();
    expect([data.count, data.rows.length, data.judged.truth.values.length]).toEqual([60_000, 20_000, 60_000]);
    const mean = Array.from(data.truth.values).reduce((a, b) => a + b, 0) / data.rows.length;
    expect(Math.abs(mean / 30_000 - 1)).toBeLessThan(0.02);
    // Row, truth and answer stay together.
    expect(data.rows.every((row, i) => (row["x0"] as number) * 1000 + (row["x1"] as number) === data.truth.values[i])).toBe(true);
  }, 60_000);
});
