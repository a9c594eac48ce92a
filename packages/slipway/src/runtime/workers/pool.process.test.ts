import { afterEach, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../index.ts";
import { columnsModel, matrixModel } from "../testing.ts";
import { openPool, type PooledSession } from "./pool.ts";

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((c) => c.close()));
});
const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
  closing.push(opened);
  return opened;
};
const rows = [{ age: 45, plan: "pro", member: false, note: null }, { age: 3, plan: "basic", member: true, note: "x" }];

describe.each(["thread", "process"] as const)("a model in a %s", (placement) => {
  it("predicts what it predicts inline", async () => {
    const inline = keep(await loadModelPackage(columnsModel(), { engine: "onnxruntime", placement: "inline" }));
    const placed = keep(await loadModelPackage(columnsModel(), { placement, instances: 2 }));
    const want = await inline.predict(rows);
    expect(await Promise.all(Array.from({ length: 20 }, () => placed.predict(rows)))).toEqual(Array.from({ length: 20 }, () => want));
    const many = Array.from({ length: 5000 }, (_, i) => ({ ...rows[i % 2]!, age: i }));
    expect(await placed.predict(many)).toEqual(await inline.predict(many));
  });
  it("keeps the caller's own memory", async () => {
    const placed = keep(await loadModelPackage(matrixModel(), { placement }));
    const { batch } = placed.encode({ kind: "rows", rows: [[1, 2, 3]] });
    await placed.run(batch);
    expect([...batch.numbers]).toEqual([1, 2, 3]);
    expect((await placed.run(batch)).outputs[0]!.data[0]).toBe(14);
  });
  it("says what is wrong with a model that does not load", async () => {
    await expect(openPool(new Uint8Array([1, 2, 3]), { kind: placement, instances: 1 })).rejects.toMatchObject({ code: "runtime-load-failed" });
  });
});

it("is closed while its threads compute", async () => {
  const many = { X: { type: "float64" as const, dims: [100_000, 3], data: new Float64Array(300_000) } };
  for (let round = 0; round < 5; round++) {
    const pool = await openPool(matrixModel().model, { kind: "thread", instances: 2 });
    const asked = Array.from({ length: 4 }, () => pool.run(many, ["value"]).then((r) => r["value"]!.dims[0], (e: { code: string }) => e.code));
    await new Promise((resolve) => setTimeout(resolve, round));
    await pool.close();
    expect((await Promise.all(asked)).filter((answer) => answer !== 100_000 && answer !== "model-closed")).toEqual([]);
  }
});

describe("a worker process that is killed", () => {
  it("fails only what it computes, and is back", async () => {
    const pool: PooledSession = keep(await openPool(matrixModel().model, { kind: "process", instances: 2 }));
    const ask = (): Promise<string> => pool.run({ X: { type: "float64", dims: [1, 3], data: Float64Array.of(1, 2, 3) } }, ["value"]).then((r) => String(r["value"]!.data[0]), (e: { code: string }) => e.code);
    expect(await ask()).toBe("14");
    const [first] = pool.pids;
    const outcomes: string[] = [];
    const state = { done: false };
    const asking = Promise.all(Array.from({ length: 4 }, async () => {
      while (!state.done) outcomes.push(await ask());
    }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(first!, "SIGKILL");
    while (pool.restarts === 0 || pool.pids.length < 2 || pool.pids.includes(first!)) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    state.done = true;
    await asking;
    expect(outcomes.filter((o) => o !== "14").length).toBeLessThanOrEqual(1);
    expect(outcomes.every((o) => o === "14" || o === "worker-lost")).toBe(true);
    expect(pool.restarts).toBe(1);
  });
  it("is waited for when it was the only one", async () => {
    const model: Model = keep(await loadModelPackage(matrixModel(), { placement: "process", instances: 1 }));
    const pid = model.pids[0]!;
    process.kill(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await model.predict([[1, 2, 3]]).catch(() => model.predict([[1, 2, 3]]))).toEqual([{ value: 14 }]);
  });
  it("ends with the model", async () => {
    const pool = await openPool(matrixModel().model, { kind: "process", instances: 2 });
    const { pids } = pool;
    await pool.close();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });
});
