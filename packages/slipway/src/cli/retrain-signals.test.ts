// What a real monitor tells the triggers of a training.

import { afterEach, expect, it } from "vitest";
import { loanRows, START, watchedApp, type WatchedApp } from "../monitor/testing.ts";
import { readLabels, storeLabels } from "../monitor/index.ts";
import { causeOf } from "../retrain/triggers.ts";
import { retrainSignals } from "./retrain-signals.ts";

let watched: WatchedApp | undefined;
afterEach(() => watched?.close());

it("drift that the monitor sees is a cause, and labels that came are counted", async () => {
  watched = await watchedApp();
  const signals = retrainSignals(watched.monitor);
  const use = { model: "loan", version: 1, createdAt: new Date(START).toISOString(), since: new Date(START).toISOString(), now: START };
  const versioned = { ...signals, drift: (model: string) => signals.drift(model, "1.2.0") };
  expect(await signals.drift("never-asked", "1")).toBeUndefined();
  await watched.ask(loanRows(400, 2));
  expect(await causeOf({ drift: true }, use, versioned)).toBeUndefined();
  for (const seed of [3, 4]) {
    watched.clock.now += 600_000;
    await watched.ask(loanRows(400, seed, 53));
  }
  expect(await causeOf({ drift: true }, use, versioned)).toMatchObject({ name: "drift", evidence: { columns: expect.arrayContaining(["age"]) } });
  const lengths = async (stretchMs: number): Promise<number[]> => (await signals.metric("loan", "1.2.0", "accuracy", { estimated: true, stretchMs })).map((s) => Date.parse(s.ends) - Date.parse(s.begins));
  expect(await lengths(600_000)).toEqual([600_000, 600_000, 600_000]);
  expect(new Set(await lengths(12_600_000))).toEqual(new Set([12_600_000]));

  const answer = await watched.ask(loanRows(20, 5));
  const id = (answer.json() as { prediction_id: string }).prediction_id;
  await watched.monitor.flush();
  const store = await watched.monitor.store();
  await storeLabels(store.database, Array.from({ length: 20 }, (_, i) => readLabels({ prediction_id: `${id}-${i}`, label: "yes" }, "test")).flat(), watched.clock.now + 1000);
  expect(await signals.newLabels("loan", use.since)).toBe(20);
});
