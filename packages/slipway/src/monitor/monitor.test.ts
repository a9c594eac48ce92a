// What is served is watched, whatever the protocol: counts, drift by column, findings, states.

import { afterEach, describe, expect, it } from "vitest";
import { inject } from "../server/testing.ts";
import { profileOf, profileToJson } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { textModel } from "../runtime/testing.ts";
import { loanRows, START, watchedApp, type WatchedApp } from "./testing.ts";

let watched: WatchedApp | undefined;
afterEach(() => watched?.close());
const TEN_MINUTES = 600_000;

describe("watching", () => {
  it("counts requests of every protocol, rows, errors and latency", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(300, 2));
    await inject(watched.app, { method: "POST", url: "/v2/models/loan/infer", payload: JSON.stringify({ inputs: [{ name: "age", datatype: "FP64", shape: [1], data: [45] }, { name: "plan", datatype: "BYTES", shape: [1], data: ["pro"] }, { name: "member", datatype: "BOOL", shape: [1], data: [true] }] }) });
    await watched.ask([{ age: 1, plan: "gold", member: true, note: null }]);
    const two = await watched.ask([{ age: 1, plan: "gold", member: true, note: null }, ...loanRows(1, 3)], { url: "/predict?on_invalid=rows" });
    expect(two.headers["x-prediction-id"]).toBe(two.json().prediction_id);
    const view = (await watched.get("/models/loan")).json();
    expect(view.windows).toMatchObject([{ begins: "2026-03-02T10:00:00.000Z", requests: 4, rows: 302, errors: 1, refused: 1, codes: { "request-invalid": 1 } }]);
    expect(view.windows[0].p99).toBeGreaterThan(0);
    expect(view.columns.map((c: { name: string; state: string }) => [c.name, c.state])).toEqual([
      ["age", "ok"], ["plan", "ok"], ["member", "ok"], ["note", "ok"], ["rows (isolation score)", "not-enough-data"], ["label", "ok"], ["probabilities.no", "ok"], ["probabilities.yes", "ok"], ["score", "ok"]]);
    expect((await watched.get("")).json().models).toMatchObject([{ model: "loan", version: "1.2.0", state: "ok", requests: 4, rows: 302, errors: 1, reference: true, lastAt: new Date(watched.clock.now).toISOString() }]);
  });
  it("says drift at once where chance would give it almost never", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(400, 2));
    watched.clock.now += TEN_MINUTES;
    await watched.ask(loanRows(400, 3, 53));
    const { state, since, columns } = (await watched.get("/models/loan")).json();
    expect([state, since]).toEqual(["drift", new Date(START + TEN_MINUTES).toISOString()]);
    expect(columns.filter((c: { state: string }) => c.state !== "ok").map((c: { name: string; state: string }) => [c.name, c.state])).toContainEqual(["age", "drift"]);
  });
  it("warns after a window that drifted a little, and says drift after two, since when", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(400, 2));
    const states: string[] = [];
    for (const seed of [3, 4]) {
      watched.clock.now += TEN_MINUTES;
      await watched.ask(loanRows(250, seed, 47.5));
      states.push((await watched.get("/models/loan")).json().state);
    }
    expect(states).toEqual(["warning", "drift"]);
    const view = (await watched.get("/models/loan")).json();
    const age = view.columns.find((c: { name: string }) => c.name === "age");
    expect(age).toMatchObject({ state: "drift", since: new Date(START + TEN_MINUTES).toISOString() });
    const ages = loanRows(250, 4, 47.5).flatMap((r) => r.age ?? []);
    expect(age.mean[0]).toBeCloseTo(ages.reduce((a, b) => a + b, 0) / ages.length, 1);
    expect(age.measures.wasserstein).toBeGreaterThan(0.25);
    expect(view.columns.find((c: { name: string }) => c.name === "plan").state).toBe("ok");
  });
  it("joins windows with few rows, and never calls too little data ok", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(100, 2));
    expect((await watched.get("/models/loan")).json().state).toBe("not-enough-data");
    for (const seed of [3, 4]) {
      watched.clock.now += TEN_MINUTES;
      await watched.ask(loanRows(100, seed));
    }
    const view = (await watched.get("/models/loan")).json();
    expect([view.state, view.verdicts.length, view.verdicts[0].rows]).toEqual(["ok", 1, 300]);
  });
  it("does not call drift what comes with the time of day, where it is told to", async () => {
    const state = async (season: "none" | "day"): Promise<string> => {
      watched = await watchedApp({ options: { judging: () => ({ season }) } });
      for (let day = 0; day < 4; day++) {
        watched.clock.now = START + day * 86_400_000;
        await watched.ask(loanRows(400, day));
        watched.clock.now += 10 * 3_600_000;
        for (let k = 0; k < 2; k++) {
          watched.clock.now += TEN_MINUTES;
          await watched.ask(loanRows(400, 10 * day + k, 53));
        }
      }
      const { state: found } = (await watched.get("/models/loan?hours=2")).json();
      await watched.close();
      return found;
    };
    expect([await state("none"), await state("day")]).toEqual(["drift", "ok"]);
    watched = undefined;
  });
  it("counts large requests in pieces, also those with refused rows", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(5000, 2));
    const view = (await watched.get("/models/loan")).json();
    expect(view.windows[0].rows).toBe(5000);
    expect(view.columns[0].bins.current.reduce((a: number, b: number) => a + b, 0) + Math.round(view.columns[0].missing[0] * 5000)).toBe(5000);
  });
  it("tells an unknown model, and keeps others' models from a key that may not ask them", async () => {
    watched = await watchedApp();
    expect((await watched.get("/models/none")).errorCode).toBe("monitor-unknown");
  });
});

describe("texts", () => {
  it("are watched by length and by their words", async () => {
    const source = textModel();
    const words = ["refund", "invoice", "login", "password", "delivery", "late", "broken", "thanks"];
    const tickets = (count: number, from: readonly string[], seed: number): string[] => {
      const random = randomNumbers(seed);
      return Array.from({ length: count }, () => Array.from({ length: 3 + Math.floor(5 * random()) }, () => from[Math.floor(from.length * random())]!).join(" "));
    };
    const { name } = source.signature.columns[0]!;
    const profile = profileToJson(profileOf(source.signature, tickets(2000, words, 1).map((text) => ({ [name]: text })), [], { rows: "training", file: "tickets.csv" }));
    watched = await watchedApp({ source: { ...source, profile } });
    const state = async (): Promise<Record<string, string>> => Object.fromEntries((await watched!.get("/models/tickets")).json().columns.map((c: { name: string; state: string }) => [c.name, c.state]));
    const ask = (texts: readonly string[]): Promise<unknown> => watched!.ask(texts as never, { payload: JSON.stringify(texts) });
    await ask(tickets(600, words, 2));
    expect(await state()).toEqual({ [name]: "ok", [`${name} (words)`]: "ok" });
    watched.clock.now += TEN_MINUTES;
    // As long as before, about other things.
    await ask(tickets(600, ["reifen", "felge", "bremse", "motor", "delivery", "kupplung", "auspuffe", "lenker"].map((w, i) => w.padEnd(words[i]!.length, "x").slice(0, words[i]!.length)), 3));
    expect(await state()).toEqual({ [name]: "ok", [`${name} (words)`]: "drift" });
  });
});

describe("quality", () => {
  it("names what is wrong with the data", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(600, 2).map((row, i) => ({ ...row, age: i % 2 === 0 ? null : 300, member: true, plan: "pro" })));
    const { quality } = (await watched.get("/models/loan")).json();
    expect(quality.map((f: { rule: string; column: string | null }) => [f.rule, f.column])).toEqual(expect.arrayContaining([["missing", "age"], ["out-of-range", "age"], ["constant", "member"], ["constant", "plan"], ["duplicates", null]]));
  });
  it("is silent where nothing is", async () => {
    watched = await watchedApp();
    await watched.ask(loanRows(600, 2));
    expect((await watched.get("/models/loan")).json().quality).toEqual([]);
  });
});
