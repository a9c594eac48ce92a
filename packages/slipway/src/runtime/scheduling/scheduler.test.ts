import type { Batch, Prediction } from "@slipway/core/predict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type BatchingOptions, type Model } from "../index.ts";
import { columnsModel } from "../testing.ts";
import { Cost } from "./cost.ts";
import { Scheduler } from "./scheduler.ts";
import { Slots } from "./slots.ts";

let model: Model;
beforeAll(async () => {
  model = await loadModelPackage(columnsModel());
});
afterAll(() => model.close());

const output = { name: "o", graphName: "o", kind: "value", type: "double", rowShape: [] } as const;
const batchOf = (...values: number[]): Batch => ({ rows: values.length, numbers: Float64Array.from(values), strings: [] });

describe("batches of one turn", () => {
  it("are answered as alone, to the last bit of exp, whatever their sizes and outputs", async () => {
    const row = fc.record({ age: fc.option(fc.integer({ min: -100, max: 100 }), { nil: null }), plan: fc.constantFrom("pro", "basic"), member: fc.boolean(), note: fc.option(fc.string(), { nil: null }) });
    const request = fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 70 }), outputs: fc.constantFrom(undefined, ["score"], ["label", "score"]) });
    await fc.assert(fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
      const together = await Promise.all(requests.map((r) => model.predict(r.rows, r.outputs === undefined ? {} : { outputs: r.outputs })));
      for (const [i, r] of requests.entries()) {
        const alone = await model.predict(r.rows, r.outputs === undefined ? {} : { outputs: r.outputs });
        expect(together[i]!.map(({ label, score }) => [label, score])).toEqual(alone.map(({ label, score }) => [label, score]));
        alone.forEach((row, j) => {
          const [a, b] = [row, together[i]![j]!].map((v) => (v["probabilities"] as { yes: number } | undefined)?.yes ?? 0) as [number, number];
          // The last bit of a vectorised exp depends on the row's place in the batch.
          if (!Number.isNaN(a)) expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-15 * Math.abs(a));
        });
      }
    }), { numRuns: 40 });
  });
  it("share one engine call", async () => {
    const { scheduler, calls } = make();
    const answers = await Promise.all([scheduler.add(batchOf(1)), scheduler.add(batchOf(2, 3)), scheduler.add(batchOf(4))]);
    expect(calls).toEqual([[1, 2, 3, 4]]);
    expect(answers.map((a) => [...(a.outputs[0]!.data as Float64Array)])).toEqual([[2], [4, 6], [8]]);
    expect(answers.map((a) => a.batchRows)).toEqual([4, 4, 4]);
  });
  it("do not fail because of one another", async () => {
    const { scheduler } = make();
    const outcomes = await Promise.allSettled([scheduler.add(batchOf(1)), scheduler.add(batchOf(13)), scheduler.add(batchOf(2))]);
    expect(outcomes.map((o) => o.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
  it("hold no more rows than max_batch_size, counted in rows", async () => {
    const { scheduler, calls } = make({ maxBatchSize: 4 });
    await Promise.all([scheduler.add(batchOf(1, 2, 3)), scheduler.add(batchOf(4, 5)), scheduler.add(batchOf(6)), scheduler.add(batchOf(1, 2, 3, 4, 5, 6))]);
    expect(calls).toEqual([[1, 2, 3], [4, 5, 6], [1, 2, 3, 4, 5, 6]]);
  });
  it("gather while the engine is busy", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler, calls } = make({}, gate.promise);
    const first = scheduler.add(batchOf(1));
    await turn();
    const rest = [2, 3, 4].map(async (v) => {
      await turn();
      return scheduler.add(batchOf(v));
    });
    for (let i = 0; i < 3; i++) await turn();
    gate.resolve();
    await Promise.all([first, ...rest]);
    expect(calls).toEqual([[1], [2, 3, 4]]);
  });
});

describe("what waits", () => {
  it("is dropped when it was cancelled or its time is over, before it runs", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler, calls, load } = make({ defaultTimeoutMicroseconds: 1e9 }, gate.promise);
    const first = scheduler.add(batchOf(1));
    await turn();
    const abort = new AbortController();
    const cancelled = scheduler.add(batchOf(2), { signal: abort.signal });
    const late = scheduler.add(batchOf(3), { timeoutMicroseconds: 1 });
    const kept = scheduler.add(batchOf(4));
    abort.abort(new Error("gone"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    gate.resolve();
    await expect(cancelled).rejects.toThrow("gone");
    await expect(late).rejects.toMatchObject({ code: "queue-timeout", kind: "timeout" });
    await Promise.all([first, kept]);
    expect(calls).toEqual([[1], [4]]);
    expect(load).toEqual({ requests: 0, rows: 0 });
  });
  it("is put behind everything else with timeout_action DELAY", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler, calls } = make({ timeoutAction: "DELAY", maxBatchSize: 1 }, gate.promise);
    const first = scheduler.add(batchOf(1));
    await turn();
    const late = scheduler.add(batchOf(2), { timeoutMicroseconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const others = [scheduler.add(batchOf(3)), scheduler.add(batchOf(4))];
    gate.resolve();
    await Promise.all([first, late, ...others]);
    expect(calls).toEqual([[1], [3], [4], [2]]);
  });
  it("goes by priority, 1 first, and in order within a level", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler, calls } = make({ priorityLevels: 3, maxBatchSize: 1 }, gate.promise);
    const first = scheduler.add(batchOf(0));
    await turn();
    const rest = [[5, 3], [6, undefined], [7, 1], [8, 1], [9, 2]].map(([v, priority]) => scheduler.add(batchOf(v!), { priority }));
    gate.resolve();
    await Promise.all([first, ...rest]);
    expect(calls.flat()).toEqual([0, 7, 8, 6, 9, 5]);
  });
  it("is refused at once, with the time to come back, when the queue is full", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler, cost } = make({}, gate.promise);
    cost.observe(1, 400);
    const accepted = Array.from({ length: 5 }, (_, i) => scheduler.add(batchOf(i)));
    await turn();
    await turn();
    accepted.push(scheduler.add(batchOf(5)));
    expect(() => scheduler.add(batchOf(6))).toThrow(expect.objectContaining({ code: "overloaded", kind: "exhausted", data: { retryAfterMs: expect.any(Number) } }));
    gate.resolve();
    await Promise.all(accepted);
    await scheduler.add(batchOf(7));
  });
  it("is bounded by max_queue_size", async () => {
    const gate = Promise.withResolvers<void>();
    const { scheduler } = make({ maxQueueSize: 2 }, gate.promise);
    const first = scheduler.add(batchOf(1));
    await turn();
    const rest = [scheduler.add(batchOf(2)), scheduler.add(batchOf(3))];
    expect(() => scheduler.add(batchOf(4))).toThrow(expect.objectContaining({ code: "overloaded" }));
    gate.resolve();
    await Promise.all([first, ...rest]);
  });
  it("always comes to an end, everyone with their own rows, whatever is cancelled, fails or has priority", async () => {
    const asking = fc.record({ rows: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }), priority: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }), cancel: fc.boolean(), wait: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(fc.asyncProperty(fc.array(asking, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (all, slots) => {
      const { scheduler, load } = make({ priorityLevels: 3, maxBatchSize: 8, maxQueueSize: 1000 }, undefined, slots);
      const outcomes = await Promise.allSettled(all.map(async ({ rows, priority, cancel, wait }) => {
        for (let i = 0; i < wait; i++) await turn();
        const abort = new AbortController();
        const answer = scheduler.add(batchOf(...rows), { priority, signal: abort.signal });
        if (cancel) abort.abort();
        return answer;
      }));
      outcomes.forEach((o, i) => {
        const { rows, cancel } = all[i]!;
        if (o.status === "fulfilled") expect([...(o.value.outputs[0]!.data as Float64Array)]).toEqual(rows.map((v) => v * 2));
        else expect(cancel || rows.includes(13)).toBe(true);
      });
      expect(load).toEqual({ requests: 0, rows: 0 });
    }), { numRuns: 60 });
  });
});

/** Doubles values; 13 fails. The first call waits for the gate. */
function make(options: BatchingOptions = {}, gate?: Promise<void>, slots = 1) {
  const calls: number[][] = [];
  const cost = new Cost();
  const load = { requests: 0, rows: 0 };
  const scheduler = new Scheduler(async (batch): Promise<Prediction> => {
    calls.push([...batch.numbers]);
    await (calls.length === 1 ? gate : turn());
    if (batch.numbers.includes(13)) throw new Error("13");
    return { rows: batch.rows, computeMs: 1, outputs: [{ output, width: 1, data: batch.numbers.map((v) => v * 2) }] };
  }, { slots: new Slots(slots), cost, load, options });
  return { scheduler, calls, cost, load };
}
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
