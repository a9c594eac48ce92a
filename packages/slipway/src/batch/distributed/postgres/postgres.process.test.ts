// Runs shared by several processes over a real Postgres: whatever becomes of them, the output is the one of a run in one process.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../../../scripts/testing-postgres.ts";
import { openDuckDB, readRows, sqlText } from "../../input/duckdb.ts";
import { readErrorLimit } from "../../run/limits.ts";
import type { BatchOptions } from "../../run/options.ts";
import { runBatch } from "../../run/run-batch.ts";
import { seriesPackage } from "../../forecast/testing-series.ts";
import { planShared } from "../plan-shared.ts";
import { batchOptions, loanPackage, loanRows, startWorker, type TestWorker } from "../testing.ts";
import { endRun } from "./end-run.ts";
import { runOnPostgres } from "./run-on-postgres.ts";
import { RunStore, type RunState } from "./run-store.ts";
import { ShardLeases } from "./shard-leases.ts";
import { runWorker } from "./worker.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-shared-"));
const at = (name: string): string => join(folder, name);
const real = hasPostgres();
let postgres: TestPostgres;
let url: string;
let pkg: BatchOptions["package"];
const workers: TestWorker[] = [];

beforeAll(async () => {
  pkg = await loanPackage();
  writeFileSync(at("in.csv"), loanRows(24_000));
  if (!real) return;
  postgres = await startPostgres();
  url = postgres.create("batch");
}, 60_000);
afterAll(async () => {
  for (const { process: child, ended } of workers) {
    child.kill("SIGKILL");
    await ended;
  }
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
const on = { detach: true, leaseMs: 1000, attempts: 5, note: () => undefined };
const work = (stop: AbortSignal = new AbortController().signal): ReturnType<typeof runWorker> => runWorker({ databaseUrl: url, threads: 1, untilDone: true, stop, note: () => undefined });
function worker(...args: string[]): TestWorker {
  const started = startWorker(url, ...args);
  workers.push(started);
  return started;
}
/** Makes a run, and leaves it to others. */
async function make(options: BatchOptions, more: Partial<typeof on> = {}): Promise<string> {
  const made = await runOnPostgres(options, { ...on, databaseUrl: url, ...more });
  return "run" in made ? made.run : expect.fail("it was whole already");
}
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`waited for too long: ${what}; ${workers.map((w) => w.said()).join(" | ")}`);
}

describe.skipIf(!real)("a run on Postgres", () => {
  it("forecasts series, shard by shard, in the bytes of one process", async () => {
    const series = await seriesPackage();
    writeFileSync(at("history.csv"), `store,month,units,promotion\n${Array.from({ length: 3000 }, (_, s) => Array.from({ length: 3 + (s % 3) }, (__, m) => `store ${s},2025-0${m + 1}-01,${s % 100 === 7 ? "many" : (s * m) % 17},0\n`).join("")).join("")}`);
    writeFileSync(at("known.csv"), `month,promotion\n${[4, 5, 6, 7].map((m) => `2025-0${m}-01,${m % 2}\n`).join("")}`);
    const options = (out: string): BatchOptions => batchOptions(series, at("history.csv"), at(out), { keep: "none", horizon: { steps: 2, future: [at("known.csv")] } });
    expect(await runBatch(options("forecast.csv"))).toMatchObject({ rows: 3000, bad: 30, shards: 3, horizon: 2 });
    await make(options("shared.csv"));
    await work();
    for (const file of ["forecast.csv", "forecast.csv.errors.jsonl"]) expect(digest(at(file.replace("forecast", "shared"))), file).toBe(digest(at(file)));
    expect([JSON.parse(readFileSync(at("shared.csv.run.json"), "utf8")), existsSync(at("shared.csv.parts"))]).toEqual([expect.objectContaining({ summary: expect.objectContaining({ rows: 3000, scored: 2970, horizon: 2 }) as object }), false]);
  });
  it("gives the bytes of one process: a worker killed, one suspended beyond its lease, Postgres restarted", async () => {
    await runBatch(batchOptions(pkg, at("in.csv"), at("alone.csv")));
    const id = await make(batchOptions(pkg, at("in.csv"), at("many.csv")));
    const store = await RunStore.open(url);
    const holders = (): Promise<{ pid: number }[]> => store.database.query("select distinct cast(split_part(worker, ':', 2) as integer) as pid from batch_shards where run = $1 and state = 'leased'", [id]);
    const [killed, suspended, good] = [worker(), worker(), worker()];
    // Each in the middle of a shard.
    await until("the first holds a shard", async () => (await holders()).some((h) => h.pid === killed.process.pid));
    killed.process.kill("SIGKILL");
    await until("the second holds a shard", async () => {
      suspended.process.kill("SIGSTOP");
      if ((await holders()).some((h) => h.pid === suspended.process.pid)) return true;
      suspended.process.kill("SIGCONT");
      return false;
    });
    await postgres.end("fast");
    await postgres.start();
    await until("it is whole", async () => (await store.read(id))?.state === "done");
    const ended = await store.read(id) as RunState;
    expect(ended).toMatchObject({ done: ended.shards, aside: 0, rows: 24_000, bad: 480 });
    expect([await killed.ended, digest(at("many.csv")), digest(`${at("many.csv")}.errors.jsonl`)]).toEqual(["SIGKILL", digest(at("alone.csv")), digest(`${at("alone.csv")}.errors.jsonl`)]);
    // It comes back, finds that its shard was another's, changes nothing and is of use again.
    suspended.process.kill("SIGCONT");
    const next = await make(batchOptions(pkg, at("in.csv"), at("next.csv")));
    await until("the next one is whole", async () => (await store.read(next))?.state === "done");
    expect([digest(at("many.csv")), digest(at("next.csv"))]).toEqual([digest(at("alone.csv")), digest(at("alone.csv"))]);
    expect([existsSync(`${at("many.csv")}.parts`), existsSync(`${at("next.csv")}.parts`)]).toEqual([false, false]);
    for (const { process: child } of [suspended, good]) child.kill("SIGTERM");
    expect([await suspended.ended, await good.ended]).toEqual([0, 0]);
    await store.close();
  }, 90_000);

  it("gives shards back on SIGTERM, without an attempt counted", async () => {
    const id = await make(batchOptions(pkg, at("in.csv"), at("given-back.csv")), { leaseMs: 600_000 });
    const one = worker();
    const store = await RunStore.open(url);
    await until("a part is made", async () => ((await store.read(id))?.done ?? 0) > 0);
    one.process.kill("SIGTERM");
    expect(await one.ended).toBe(0);
    expect(await store.database.query("select shard from batch_shards where run = $1 and state = 'leased'", [id])).toEqual([]);
    await work();
    expect(digest(at("given-back.csv"))).toBe(digest(at("alone.csv")));
    expect(await store.database.query("select max(attempts) as most from batch_shards where run = $1", [id])).toEqual([{ most: 1 }]);
    await store.close();
  }, 60_000);

  it("sets aside what cannot be made, names it, and puts the rest together; --resume tries it again", async () => {
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT i AS id, CAST(i % 90 AS DOUBLE) AS age, 'pro' AS plan, true AS member, NULL::VARCHAR AS note FROM range(200000) t(i)) TO ${sqlText(at("in.parquet"))} (FORMAT parquet, ROW_GROUP_SIZE 65536, COMPRESSION zstd)`);
    // The head of a page of the second row group.
    const [[page]] = await readRows(duck, `SELECT CAST(coalesce(dictionary_page_offset, data_page_offset) AS DOUBLE) FROM parquet_metadata(${sqlText(at("in.parquet"))}) WHERE row_group_id = 1 AND path_in_schema = 'age'`, "") as [[number]];
    duck.closeSync();
    const whole = readFileSync(at("in.parquet"));
    const options = batchOptions(pkg, at("in.parquet"), at("parts/"));
    const id = await make(options, { attempts: 2 });
    const broken = Buffer.from(whole);
    broken.fill(0xff, page, page + 16);
    // The same size and time: only what is in it differs.
    const { inputs } = JSON.parse(readFileSync(at(`parts/_run/${id}/run.json`), "utf8")) as { inputs: { modifiedMs: number }[] };
    const write = (bytes: Buffer): void => {
      writeFileSync(at("in.parquet"), bytes);
      utimesSync(at("in.parquet"), inputs[0]!.modifiedMs / 1000, inputs[0]!.modifiedMs / 1000);
    };
    write(broken);
    await work();
    const store = await RunStore.open(url);
    const state = await store.read(id);
    expect(state).toMatchObject({ state: "done", done: 3, aside: 1 });
    const { summary } = state!.outcome as unknown as { summary: { failed: object[]; rows: number; scored: number } };
    expect(summary.failed).toEqual([expect.objectContaining({ shard: 1, from: 65_536, unit: "rows", file: at("in.parquet"), reason: expect.stringContaining("batch-input-damaged") as string })]);
    expect(summary).toMatchObject({ rows: 200_000, scored: 200_000 - 65_536 });
    expect(readdirSync(at("parts")).filter((n) => n.startsWith("part-")).sort()).toEqual([0, 2, 3].map((s) => `part-00000${s}.csv`));
    expect(existsSync(at("parts/_SUCCESS"))).toBe(false);
    write(whole);
    const again = await runOnPostgres({ ...options, resume: true }, { ...on, databaseUrl: url });
    expect(again).toEqual({ run: id, shards: 4 });
    await work();
    await runBatch({ ...options, output: batchOptions(pkg, "", at("parts-alone/")).output });
    for (let s = 0; s < 4; s++) expect(digest(at(`parts/part-00000${s}.csv`))).toBe(digest(at(`parts-alone/part-00000${s}.csv`)));
    expect([existsSync(at("parts/_SUCCESS")), existsSync(at("parts/_run"))]).toEqual([true, false]);
    await store.close();
  }, 60_000);

  it("takes nothing from a worker whose lease is another's, nor lets two end a run", async () => {
    const planned = await planShared(batchOptions(pkg, at("in.csv"), at("leases.csv"), { shardBytes: 2 ** 18 }), "postgres");
    const { run } = planned as { run: Awaited<ReturnType<typeof planShared>> extends infer P ? P extends { run: infer R } ? R : never : never };
    const store = await RunStore.open(url);
    await store.begin(run, { maxErrors: "50%", leaseMs: 1000, attempts: 2 });
    const [late, quick] = ["late", "quick"].map((name) => new ShardLeases(store.database, run.id, name, { attempts: 2, leaseMs: 200 }));
    const lease = (await late!.take())!;
    const other = (await quick!.take())!;
    expect([lease, other].map(({ shard }) => shard)).toEqual([0, 1]);
    await late!.renew([lease]);
    await sleep(300);
    const stolen = (await quick!.take())!;
    expect([stolen.shard, stolen.token, stolen.attempts]).toEqual([0, 2, 2]);
    const part = { shard: 0, token: "1-x", rows: 1, bad: 0, bytes: 1, sha256: "", head: "", columns: [], seen: [] };
    await late!.renew([lease]);
    await late!.fail(lease, "late");
    await late!.giveBack([lease]);
    expect(await late!.commit(lease, part)).toBeUndefined();
    expect(await quick!.commit(stolen, { ...part, token: "2-y" })).toEqual({ rows: 1, bad: 0 });
    // Asked again, as after a connection that broke during the commit.
    expect(await quick!.commit(stolen, { ...part, token: "2-y" })).toEqual({ rows: 1, bad: 0 });
    expect(await store.read(run.id)).toMatchObject({ done: 1, rows: 1 });
    expect(await store.claimEnd(run.id)).toBeUndefined();
    // The other shard's worker never comes back, twice.
    expect((await quick!.take())!.shard).toBe(1);
    await sleep(300);
    expect(await quick!.take()).toBeUndefined();
    expect(await store.setAside(run.id)).toEqual([{ shard: 1, attempts: 2, reason: expect.stringContaining("quick did not come back") as string }]);
    const first = (await store.claimEnd(run.id))!;
    expect(await store.claimEnd(run.id)).toBeUndefined();
    // While it is another's turn nobody looks at the storage, of which a bucket would send the model each time.
    const elsewhere = { ...(await store.read(run.id))!, folder: at("elsewhere") };
    expect(await endRun(store, elsewhere)).toBe(false);
    await store.database.query("update batch_runs set finish_until = now() - interval '1 second' where id = $1", [run.id]);
    await expect(endRun(store, elsewhere)).rejects.toMatchObject({ code: "batch-run-unreachable" });
    const second = (await store.claimEnd(run.id))!;
    let acted = 0;
    expect(await store.fenced(run.id, first, () => void acted++)).toBe(false);
    expect(await store.fenced(run.id, second, () => void acted++)).toBe(true);
    await store.end(run.id, first, { failure: { code: "x", kind: "internal", message: "late" } });
    expect([acted, (await store.read(run.id))?.state]).toEqual([1, "open"]);
    await store.cancel(run.id);
    expect(await quick!.take()).toBeUndefined();
    await store.close();
  }, 30_000);

  it("ends early with more bad rows than are allowed; a larger allowance goes on", async () => {
    const options = batchOptions(pkg, at("in.csv"), at("bad.csv"), { maxErrors: readErrorLimit("100") });
    const id = await make(options);
    await work();
    const store = await RunStore.open(url);
    const stopped = (await store.read(id))!;
    expect(stopped).toMatchObject({ state: "failed", outcome: { failure: { code: "batch-errors" } } });
    expect([stopped.done < stopped.shards, existsSync(at("bad.csv"))]).toEqual([true, false]);
    expect(await make({ ...options, resume: true, maxErrors: readErrorLimit("50%") })).toBe(id);
    await work();
    expect(digest(at("bad.csv"))).toBe(digest(at("alone.csv")));
    await store.close();
  }, 60_000);

  it("is waited for, replaced by --overwrite, and refused where it is another's", async () => {
    writeFileSync(at("packed.csv"), loanRows(2000));
    const options = batchOptions(pkg, at("packed.csv"), at("again.csv"), { shardBytes: 2 ** 14 });
    const first = await make(options);
    await expect(runBatch({ ...options, resume: true })).rejects.toMatchObject({ code: "batch-run-busy" });
    await expect(make(options)).rejects.toMatchObject({ code: "batch-output-exists" });
    await expect(make({ ...options, limit: 5, resume: true })).rejects.toMatchObject({ code: "batch-run-other" });
    await expect(runOnPostgres(options, { ...on, databaseUrl: undefined })).rejects.toMatchObject({ code: "batch-database-needed" });
    worker();
    expect(await runOnPostgres({ ...options, overwrite: true }, { ...on, databaseUrl: url, detach: false })).toMatchObject({ summary: { rows: 2000, bad: 40 } });
    const store = await RunStore.open(url);
    expect((await store.read(first))?.state).toBe("canceled");
    await store.close();
    // It is whole: the same is not made again, also where whoever ended it left the last of its traces.
    mkdirSync(at("again.csv.parts"));
    mkdirSync(at(`again.csv.parts/${first}.gone`));
    writeFileSync(at("again.csv.parts/current.json"), JSON.stringify({ id: first, on: "postgres", digest: "", plan: {} }));
    expect(await runOnPostgres({ ...options, resume: true }, { ...on, databaseUrl: url })).toMatchObject({ summary: { rows: 2000 } });
    expect(existsSync(at("again.csv.parts"))).toBe(false);
  }, 60_000);
});
