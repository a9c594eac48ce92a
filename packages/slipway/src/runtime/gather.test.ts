import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gatherer } from "./gather.ts";
import { loadModelPackage, type Model } from "./index.ts";
import { columnsModel } from "./testing.ts";
import type { Batch } from "./encode.ts";
import type { Prediction } from "./decode.ts";

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
    const calls: number[] = [];
    const gatherer = new Gatherer(async (batch): Promise<Prediction> => {
      calls.push(batch.rows);
      return { rows: batch.rows, computeMs: 1, outputs: [{ output, width: 1, data: batch.numbers.map((v) => v * 2) }] };
    });
    const answers = await Promise.all([gatherer.add(batchOf(1)), gatherer.add(batchOf(2, 3)), gatherer.add(batchOf(4))]);
    expect(calls).toEqual([4]);
    expect(answers.map((a) => [...(a.outputs[0]!.data as Float64Array)])).toEqual([[2], [4, 6], [8]]);
  });
  it("do not fail because of one another", async () => {
    const gatherer = new Gatherer((batch) => (batch.numbers.includes(13) ? Promise.reject(new Error("13")) : Promise.resolve({ rows: batch.rows, computeMs: 1, outputs: [{ output, width: 1, data: batch.numbers }] })));
    const outcomes = await Promise.allSettled([gatherer.add(batchOf(1)), gatherer.add(batchOf(13)), gatherer.add(batchOf(2))]);
    expect(outcomes.map((o) => o.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
