import { describe, expect, it } from "vitest";
import { causeOf, checkTriggers, type RetrainSignals } from "./triggers.ts";

const now = Date.parse("2026-03-10T12:00:00Z");
const use = { model: "churn", version: 3, createdAt: "2026-02-01T00:00:00.000Z", since: "2026-03-09T12:00:00.000Z", now };
const stretch = (value: number, rows = 500) => ({ begins: "2026-03-09T00:00:00.000Z", ends: "2026-03-10T00:00:00.000Z", rows, value });
const signals = (given: Partial<RetrainSignals> = {}): RetrainSignals => ({ drift: () => Promise.resolve(undefined), metric: () => Promise.resolve([]), newLabels: () => Promise.resolve(0), ...given });
const cause = async (...given: Parameters<typeof causeOf>): Promise<string | undefined> => (await causeOf(...given))?.name;

describe("a trigger", () => {
  it("is a metric of ripe labels, where there are rows enough", async () => {
    const metric = { name: "accuracy", below: 0.9, rows: 200 };
    expect(await cause({ metric }, use, signals({ metric: () => Promise.resolve([stretch(0.95), stretch(0.85)]) }))).toBe("metric");
    expect(await cause({ metric }, use, signals({ metric: () => Promise.resolve([stretch(0.95), stretch(0.85, 10)]) }))).toBeUndefined();
    expect(await cause({ metric: { name: "mae", above: 2, rows: 1 } }, use, signals({ metric: () => Promise.resolve([stretch(2.5)]) }))).toBe("metric");
    expect(await causeOf({ metric }, use, signals({ metric: () => Promise.resolve([stretch(0.85)]) }))).toMatchObject({ evidence: { name: "accuracy", below: 0.9, value: 0.85, rows: 500 } });
  });
  it("looks at stretches that are as long as is set, three and a half hours otherwise", async () => {
    const asked: number[] = [];
    const spy = signals({ metric: (_model, _version, _name, { stretchMs }) => {
      asked.push(stretchMs);
      return Promise.resolve([]);
    } });
    for (const stretch of [undefined, 60_000]) await cause({ metric: { name: "mae", above: 2, ...(stretch === undefined ? {} : { stretch }) } }, use, spy);
    expect(asked).toEqual([12_600_000, 60_000]);
  });
  it("is an estimate that is bad in two of three stretches", async () => {
    const estimate = { name: "accuracy", below: 0.9, rows: 200 };
    const of = (...values: number[]) => cause({ estimate }, use, signals({ metric: () => Promise.resolve(values.map((v) => stretch(v))) }));
    expect([await of(0.8, 0.95, 0.85), await of(0.95, 0.95, 0.85), await of(0.8, 0.8, 0.95, 0.95, 0.95)]).toEqual(["estimate", undefined, undefined]);
  });
  it("is drift, new labels, age or a time of the clock", async () => {
    expect(await causeOf({ drift: true }, use, signals({ drift: () => Promise.resolve({ drifted: true, since: "2026-03-08T00:00:00.000Z", columns: ["age"] }) }))).toEqual({ name: "drift", evidence: { since: "2026-03-08T00:00:00.000Z", columns: ["age"] } });
    expect(await cause({ drift: true }, use, signals({ drift: () => Promise.resolve({ drifted: false, since: null, columns: [] }) }))).toBeUndefined();
    expect(await cause({ newLabels: 100 }, use, signals({ newLabels: (_model, since) => Promise.resolve(since === use.since ? 100 : 0) }))).toBe("new-labels");
    expect([await cause({ age: 30 * 86_400_000 }, use, undefined), await cause({ age: 60 * 86_400_000 }, use, undefined)]).toEqual(["age", undefined]);
    expect([await cause({ schedule: "0 3 * * *" }, use, undefined), await cause({ schedule: "0 13 * * *" }, use, undefined)]).toEqual(["schedule", "schedule"]);
    expect(await cause({ schedule: "0 13 9 * *" }, { ...use, since: "2026-03-09T14:00:00.000Z" }, undefined)).toBeUndefined();
  });
  it("says nothing without a monitor, and is checked before anything begins", async () => {
    expect(await cause({ drift: true, newLabels: 1, metric: { name: "accuracy", below: 1, rows: 1 } }, use, undefined)).toBeUndefined();
    expect(() => checkTriggers("churn", { triggers: { metric: { name: "accuracy", rows: 1 } } })).toThrow(expect.objectContaining({ code: "retrain-settings" }));
    expect(() => checkTriggers("churn", { triggers: { schedule: "now and then" } })).toThrow(expect.objectContaining({ code: "schedule-invalid" }));
  });
});
