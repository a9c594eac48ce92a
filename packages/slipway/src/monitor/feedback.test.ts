// Labels: late, again, corrected, taken back, in bulk; metrics that grow ripe, and what is estimated until then.

import { afterEach, describe, expect, it } from "vitest";
import { makeKey } from "../server/index.ts";
import { inject, type InjectedAnswer } from "../server/testing.ts";
import { loanRows, START, watchedApp, type WatchedApp } from "./testing.ts";

let watched: WatchedApp | undefined;
afterEach(() => watched?.close());
const MINUTE = 60_000;
const send = (payload: unknown, type = "application/json", headers: Record<string, string> = {}): Promise<InjectedAnswer> =>
  inject(watched!.app, { method: "POST", url: "/feedback", headers: { "content-type": type, ...headers }, payload: typeof payload === "string" ? payload : JSON.stringify(payload) });
// eslint-disable-next-line typescript/no-explicit-any -- what is shown is what is checked
const accuracy = async (): Promise<any> => (await watched!.get("/models/loan")).json().accuracy;

describe("labels", () => {
  it("by prediction_id: new, again, corrected, taken back", async () => {
    watched = await watchedApp();
    const { prediction_id: id } = (await watched.ask(loanRows(3, 2))).json();
    expect((await send({ prediction_id: `${id}-1`, label: "yes" })).json()).toEqual({ labels: 1, new: 1, repeated: 0, corrected: 0, withdrawn: 0, unmatched: 0, strange: 0 });
    expect((await send([{ prediction_id: `${id}-1`, label: "yes" }, { prediction_id: id, label: "no" }])).json()).toMatchObject({ new: 1, repeated: 1 });
    expect((await send({ feedback: [{ prediction_id: `${id}-1`, label: "no" }] })).json()).toMatchObject({ corrected: 1 });
    expect((await send({ prediction_id: `${id}-1`, label: null })).json()).toMatchObject({ withdrawn: 1 });
    expect((await send({ prediction_id: id, labels: ["no", "yes", "no"] })).json()).toMatchObject({ labels: 3, new: 2, repeated: 1 });
    expect((await send({ prediction_id: "00000000-0000-4000-8000-000000000000", label: "yes" })).json()).toMatchObject({ new: 1, unmatched: 1 });
    expect((await accuracy()).points).toMatchObject([{ kept: 3, labelled: 3 }]);
  });
  it("that are none of the classes are told at once, and are in no metric", async () => {
    watched = await watchedApp();
    const { prediction_id: id } = (await watched.ask(loanRows(40, 2))).json();
    expect((await send({ prediction_id: id, labels: Array.from({ length: 40 }, (_, i) => (i < 3 ? "Yes" : "yes")) })).json()).toMatchObject({ new: 40, unmatched: 0, strange: 3 });
    expect((await send({ prediction_id: `${id}-1`, label: " yes" })).json()).toMatchObject({ corrected: 1, strange: 0 });
    expect((await accuracy()).points).toMatchObject([{ labelled: 40, strange: 2 }]);
  });
  it("by business key, in bulk as CSV and JSON lines; the column need be none of the model's", async () => {
    watched = await watchedApp({ options: { feedbackKey: "customer" } });
    await watched.ask(loanRows(60, 2).map((row, i) => ({ ...row, customer: 1000 + i })));
    const csv = `key,label,at\n${Array.from({ length: 40 }, (_, i) => `${1000 + i},${i % 2 === 0 ? "yes" : "no"},2026-03-03T00:00:00Z`).join("\n")}\n1059,,\n`;
    expect((await send(csv, "text/csv")).json()).toMatchObject({ labels: 40, new: 40, unmatched: 0 });
    expect((await send('{"key": 1050, "label": "yes", "model": "loan"}\n{"key": 1051, "label": "no", "model": "other"}\n', "application/jsonlines")).json()).toMatchObject({ new: 2 });
    const { points } = await accuracy();
    expect(points).toMatchObject([{ kept: 60, labelled: 41 }]);
    expect(points[0].metrics).toHaveProperty("roc_auc");
  });
  it("before a prediction's time are not its own", async () => {
    watched = await watchedApp({ options: { feedbackKey: "customer" } });
    await watched.ask(loanRows(1, 2).map((row) => ({ ...row, customer: "a" })));
    await send({ key: "a", label: "yes", at: "2026-03-02T09:00:00Z" });
    expect((await accuracy()).points[0].labelled).toBe(0);
  });
  it("that cannot be understood are refused whole, and say which", async () => {
    watched = await watchedApp();
    for (const bad of [{}, { prediction_id: "x" }, { label: 1 }, { prediction_id: "x", key: "y", label: 1 }, { key: "x", label: {} }, { key: "x", labels: [1] }, { key: "x", label: 1, at: "soon" }, { key: "x".repeat(300), label: 1 }, [], "[", 5]) {
      expect((await send(bad)).errorCode, JSON.stringify(bad)).toBe("feedback-invalid");
    }
    expect((await send([{ key: "a", label: 1 }, { key: "b" }])).json().error).toMatchObject({ where: "label 2" });
    expect((await send({ key: "a", label: 1 })).json()).toMatchObject({ new: 1 });
  });
  it("of a key for some models only are for these", async () => {
    const { key, record } = makeKey({ name: "shop", roles: ["predictor"], models: ["loan"] });
    watched = await watchedApp({ server: { auth: { keys: { keys: [record] } } } });
    const as = { authorization: `Bearer ${key}` };
    const { prediction_id: id } = (await watched.ask(loanRows(1, 2), { headers: as })).json();
    expect((await send({ prediction_id: id, label: "yes" }, undefined, as)).json()).toMatchObject({ new: 1 });
    expect((await send({ key: "a", model: "loan", label: "yes" }, undefined, as)).json()).toMatchObject({ new: 1 });
    for (const other of [{ key: "a", label: "yes" }, { key: "a", model: "tickets", label: "yes" }, { prediction_id: "00000000-0000-4000-8000-000000000000", label: "yes" }]) expect((await send(other, undefined, as)).errorCode).toBe("forbidden");
    expect((await send({ key: "a", label: "yes" })).errorCode).toBe("credentials-missing");
  });
});

describe("accuracy", () => {
  it("grows ripe as labels come, drops when the world changes, and is estimated until then", async () => {
    watched = await watchedApp();
    // The first hours are as the model thinks; then the opposite is true.
    for (let hour = 0; hour < 8; hour++) {
      watched.clock.now = START + hour * 60 * MINUTE;
      const answer = (await watched.ask(loanRows(150, hour))).json();
      watched.clock.now += 20 * MINUTE;
      if (hour === 7) break;
      const labels = answer.predictions.map(({ label }: { label: string }, i: number) => ((hour < 5) === (i % 10 !== 0) ? label : label === "yes" ? "no" : "yes"));
      expect((await send({ prediction_id: answer.prediction_id, labels })).json()).toMatchObject({ new: 150, unmatched: 0 });
    }
    const { points, delay, drop, calibrated } = await accuracy();
    expect(delay).toBe(1200);
    expect(points.map((p: { ripe: boolean; labelled: number }) => [p.ripe, p.labelled])).toEqual([...Array.from({ length: 7 }, () => [true, 150]), [false, 0]]);
    expect(points[0].metrics.accuracy).toBeCloseTo(0.9, 5);
    expect(points[6].metrics.accuracy).toBeCloseTo(0.1, 5);
    expect(points[0].interval[0]).toBeLessThan(0.9);
    // Both hours in which the opposite is true.
    expect(drop).toEqual({ metric: "accuracy", now: 0.1, before: 0.9, since: points[5].begins });
    expect(calibrated).toBe(true);
    expect(points[7].estimate.accuracy).toBeGreaterThan(0.4);
    expect(points[7].metrics).toEqual({});
  });
  it("is of an even share where there are many predictions", async () => {
    watched = await watchedApp({ options: { keptPerWindow: 100 } });
    for (let window = 0; window < 3; window++) {
      watched.clock.now = START + window * 30 * MINUTE;
      for (let k = 0; k < 10; k++) await watched.ask(loanRows(100, 10 * window + k));
    }
    const { points } = await accuracy();
    expect(points[0].kept).toBe(100);
    expect(points[2].kept).toBeGreaterThan(60);
    expect(points[2].kept).toBeLessThanOrEqual(100);
  });
});
