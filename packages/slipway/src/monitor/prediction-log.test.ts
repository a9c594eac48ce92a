// The log of predictions: what is written, what is struck out, what is bounded, what can be erased.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inject } from "../server/testing.ts";
import { eraseKey, PredictionLog } from "./prediction-log.ts";
import { loanRows, watchedApp, type WatchedApp } from "./testing.ts";

let folder = "";
let watched: WatchedApp | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "slipway-log-"))));
afterEach(async () => {
  await watched?.close();
  watched = undefined;
  rmSync(folder, { recursive: true, force: true });
});
// eslint-disable-next-line typescript/no-explicit-any -- what was written is what is checked
const lines = (): any[] => readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n")).filter((l) => l !== "").map((l) => JSON.parse(l) as unknown);
async function logging(more: { readonly share?: number; readonly redact?: readonly string[] } = {}): Promise<PredictionLog> {
  const predictionLog = new PredictionLog({ folder, share: 1, redact: [], keyColumn: "customer", maxBytes: 2 ** 30, keepMs: 86_400_000, ...more }, "0f0f0f0f-aaaa");
  watched = await watchedApp({ options: { predictionLog, feedbackKey: "customer" } });
  return predictionLog;
}

describe("the log of predictions", () => {
  it("has a line a row: when, which, with what, and the answer", async () => {
    const log = await logging();
    const rows = loanRows(2, 3);
    const answer = (await watched!.ask(rows.map((row, i) => ({ ...row, customer: `c${i}` })))).json();
    await log.flush();
    expect(lines()).toMatchObject([0, 1].map((i) => ({ prediction_id: `${answer.prediction_id}-${i}`, model: "loan", version: "1.2.0", key: `c${i}`, predicted_at: "2026-03-02T10:00:00.000Z", input: { plan: rows[i]!.plan, age: rows[i]!.age, customer: `c${i}` }, output: answer.predictions[i] })));
    const bad = (await watched!.ask([{ age: "x", plan: "pro", member: true, note: null }, ...loanRows(1, 4)] as never, { url: "/predict?on_invalid=rows" })).json();
    await log.flush();
    expect(lines().slice(2).map((l: { prediction_id: string }) => l.prediction_id)).toEqual([`${bad.prediction_id}-1`]);
  });
  it("never has what is struck out, the key neither", async () => {
    const log = await logging({ redact: ["age", "customer", "score"] });
    await watched!.ask([{ age: 47.125, plan: "pro", member: true, note: null, customer: "secret" }] as never);
    await log.flush();
    const text = JSON.stringify(lines());
    expect(text).not.toMatch(/47\.125|secret/);
    expect(lines()[0]).toMatchObject({ input: { age: "[redacted]", customer: "[redacted]" }, output: { score: "[redacted]" } });
    expect(lines()[0]).not.toHaveProperty("key");
  });
  it("takes a share of the requests", async () => {
    const log = await logging({ share: 0.3 });
    for (let i = 0; i < 200; i++) await watched!.ask(loanRows(1, i));
    await log.flush();
    expect(lines().length).toBeGreaterThan(30);
    expect(lines().length).toBeLessThan(90);
  });
  it("forgets a key everywhere, and says what", async () => {
    const log = await logging();
    await watched!.ask(loanRows(4, 3).map((row, i) => ({ ...row, customer: i % 2 === 0 ? "a" : "ab" })));
    await inject(watched!.app, { method: "POST", url: "/feedback", payload: JSON.stringify([{ key: "a", label: "yes" }, { key: "ab", label: "no" }]) });
    expect(await watched!.monitor.erase("a")).toEqual({ predictions: 2, labels: 1, logged: 2 });
    expect(lines().map((l: { key: string }) => l.key)).toEqual(["ab", "ab"]);
    expect(await watched!.monitor.erase("a")).toEqual({ predictions: 0, labels: 0, logged: 0 });
    await watched!.ask(loanRows(1, 9));
    await log.flush();
    expect(lines().length).toBe(3);
  });
  it("counts what it cannot write, and disturbs nobody", async () => {
    const log = await logging();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file");
    expect((await watched!.ask(loanRows(3, 3))).statusCode).toBe(200);
    await log.flush();
    expect(log.dropped).toBe(3);
  });
  it("erases lines that a crash cut off, where they may be of the key", async () => {
    writeFileSync(join(folder, "predictions-2026-01-01T00-00-00.000Z-0a0a0a0a.jsonl"), '{"at":"x","key":"a"}\n{"at":"x","key":"b"}\n{"at":"x","key":"a","inp');
    expect(await eraseKey(folder, "a")).toBe(2);
    expect(lines()).toEqual([{ at: "x", key: "b" }]);
  });
});
