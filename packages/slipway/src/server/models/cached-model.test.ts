import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, readInput, type Model } from "../../runtime/index.ts";
import { columnsModel } from "../../runtime/testing.ts";
import { CachedModel } from "./cached-model.ts";

let model: Model;
beforeAll(async () => {
  model = await loadModelPackage(columnsModel());
});
afterAll(() => model.close());
const rows = (...ages: (number | null)[]) => ages.map((age) => ({ age, plan: "pro", member: false }));
const ask = (m: CachedModel, input: unknown, outputs?: string[]) => m.run(m.encode(readInput(input, m.signature)).batch, outputs === undefined ? {} : { outputs });

describe("kept answers", () => {
  it("are given again for equal rows and outputs, and for no others", async () => {
    const m = new CachedModel(model, { maxBytes: 1e6 });
    const first = await ask(m, rows(1, 2));
    expect((await ask(m, rows(1, 2))).outputs).toEqual(first.outputs);
    expect(m.stats).toMatchObject({ hits: 1, misses: 1 });
    for (const input of [rows(2, 1), rows(1), rows(1, 2, 3), rows(1, null)]) await ask(m, input);
    await ask(m, rows(1, 2), ["score"]);
    await ask(m, rows(1, 2), ["label"]);
    expect(m.stats).toMatchObject({ hits: 1, misses: 7 });
  });
  it("equal what the model itself gives, whatever was asked before", async () => {
    const m = new CachedModel(model, { maxBytes: 3000 });
    const record = fc.record({ age: fc.constantFrom(1, 2, 45, null), plan: fc.constantFrom("pro", "basic"), member: fc.boolean(), note: fc.constantFrom(null, "", "a", "ab") });
    await fc.assert(fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 3 }), async (input) => {
      const { batch } = model.encode(readInput(input, model.signature));
      for (let i = 0; i < 2; i++) expect((await m.run(batch)).outputs).toEqual((await model.run(batch)).outputs);
      expect(m.stats.bytes).toBeLessThanOrEqual(3000);
    }));
    expect(m.stats.hits).toBeGreaterThan(0);
    expect(m.stats.pushedOut).toBeGreaterThan(0);
  });
  it("push out the one used longest ago, and grow old", async () => {
    let now = 0;
    const m = new CachedModel(model, { maxBytes: 900, ttl: 10 }, () => now);
    await ask(m, rows(1), ["score"]);
    await ask(m, rows(2), ["score"]);
    await ask(m, rows(1), ["score"]);
    await ask(m, rows(3), ["score"]);
    expect(m.stats).toMatchObject({ hits: 1, misses: 3, pushedOut: 1, entries: 2 });
    await ask(m, rows(1), ["score"]);
    expect(m.stats.hits).toBe(2);
    now = 10;
    await ask(m, rows(1), ["score"]);
    expect(m.stats).toMatchObject({ hits: 2, misses: 4 });
  });
  it("are not kept where one is larger than all may be", async () => {
    const m = new CachedModel(model, { maxBytes: 1024 });
    await ask(m, rows(...Array.from({ length: 100 }, (_, i) => i)));
    expect(m.stats.entries).toBe(0);
  });
});
