// Runs that many share whose output is in a bucket, over a real MinIO and a real Postgres: no folder is shared, and whatever
// becomes of the processes, what is there has the bytes of a run in one process.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startMinio, type TestMinio } from "../../../../../../scripts/testing-minio.ts";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../../../scripts/testing-postgres.ts";
import { goTool } from "../../../../../../scripts/testing-tools.ts";
import { openDuckDB, sqlText } from "../../input/duckdb.ts";
import { S3Client } from "../../remote/s3/s3-client.ts";
import { getObject, sizesBelow, type Upload } from "../../remote/object-store.ts";
import { S3Store } from "../../remote/s3/s3-store.ts";
import { readErrorLimit } from "../../run/limits.ts";
import type { BatchOptions } from "../../run/options.ts";
import { runBatch } from "../../run/run-batch.ts";
import { seriesPackage } from "../../forecast/testing-series.ts";
import { runIndex } from "../kubernetes/index-worker.ts";
import { finishJob } from "../kubernetes/run-on-kubernetes.ts";
import { planShared } from "../plan-shared.ts";
import { sweepReplaced } from "./plan-bucket.ts";
import { runOnPostgres } from "../postgres/run-on-postgres.ts";
import { RunStore } from "../postgres/run-store.ts";
import { ShardLeases } from "../postgres/shard-leases.ts";
import { runWorker } from "../postgres/worker.ts";
import { homeOf } from "../run-home.ts";
import type { SharedRun } from "../shared-run.ts";
import { BIN, batchOptions, loanPackage, loanRows, startWorker, type TestWorker } from "../testing.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-bucket-"));
const at = (name: string): string => join(folder, name);
const program = goTool("minio");
const real = hasPostgres() && program !== undefined;
const BUCKET = "scores";
let postgres: TestPostgres;
let minio: TestMinio;
let client: S3Client;
let objects: S3Store;
let url: string;
let pkg: BatchOptions["package"];
const workers: TestWorker[] = [];

beforeAll(async () => {
  pkg = await loanPackage();
  writeFileSync(at("in.csv"), loanRows(24_000));
  if (!real) return;
  [postgres, minio] = await Promise.all([startPostgres(), startMinio(program!, BUCKET)]);
  url = postgres.create("buckets");
  for (const [name, value] of [["AWS_ENDPOINT_URL_S3", minio.endpoint], ["AWS_ACCESS_KEY_ID", minio.user], ["AWS_SECRET_ACCESS_KEY", minio.password], ["AWS_REGION", "us-east-1"]] as const) vi.stubEnv(name, value);
  client = new S3Client();
  objects = new S3Store(client);
  await runBatch(batchOptions(pkg, at("in.csv"), at("alone.csv")));
}, 240_000);
afterAll(async () => {
  for (const { process: child, ended } of workers) {
    child.kill("SIGKILL");
    await ended;
  }
  vi.unstubAllEnvs();
  await minio?.stop();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 240_000);

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const digest = (path: string): string => digestOf(readFileSync(path));
const get = async (key: string): Promise<Uint8Array> => (await getObject(objects, { bucket: BUCKET, key }, 2 ** 28))!.bytes;
const keys = async (prefix: string): Promise<string[]> => [...(await sizesBelow(objects, { bucket: BUCKET, key: prefix })).keys()];
const etag = async (key: string): Promise<string | undefined> => (await objects.head({ bucket: BUCKET, key }))?.etag;
const uploads = async (): Promise<number> => (await client.document({ method: "GET", bucket: BUCKET, key: "", query: { uploads: "" }, expect: [200] })).children.filter((e) => e.name === "Upload").length;
const on = { detach: true, leaseMs: 1000, attempts: 5, note: () => undefined };
const work = (): ReturnType<typeof runWorker> => runWorker({ databaseUrl: url, threads: 1, untilDone: true, stop: new AbortController().signal, note: () => undefined });
async function make(options: BatchOptions, more: Partial<typeof on> = {}): Promise<string> {
  const made = await runOnPostgres(options, { ...on, databaseUrl: url, ...more });
  return "run" in made ? made.run : expect.fail("it was whole already");
}
function worker(): TestWorker {
  const started = startWorker(url);
  workers.push(started);
  return started;
}
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if (await look()) return;
    await sleep(50);
  }
  throw new Error(`waited for too long: ${what}; ${workers.map((w) => w.said()).join(" | ")}`);
}
async function plan(options: BatchOptions, how: "postgres" | "kubernetes"): Promise<SharedRun> {
  const planned = await planShared(options, how);
  return planned.kind === "whole" ? expect.fail("it was whole already") : planned.run;
}

it.skipIf(!real)("an upload is there with its last request, where it was not aborted and nothing else came to stand there", async () => {
  const place = { bucket: BUCKET, key: "uploads/one" };
  const begin = async (): Promise<Upload> => {
    const upload = await objects.begin(place, place, {});
    await upload.send(at("in.csv"));
    return upload;
  };
  const [first, second] = [await begin(), await begin()];
  expect([await etag("uploads/one"), await uploads()]).toEqual([undefined, 2]);
  expect(await first.complete({ nothing: true })).toBe("there");
  const tag = (await etag("uploads/one"))!;
  // Asked again, as after an answer that was lost.
  expect(await first.complete({ nothing: true })).toBe("there");
  expect([await second.complete({ nothing: true }), await second.complete({ etag: '"another"' }), await etag("uploads/one")]).toEqual(["taken", "taken", tag]);
  await objects.revoke(place);
  expect([await second.complete({ etag: tag }), await second.complete(), await etag("uploads/one"), await uploads()]).toEqual(["gone", "gone", tag, 0]);
  const third = await begin();
  expect(await third.complete({ etag: tag })).toBe("there");
  expect(digestOf(await get("uploads/one"))).toBe(digest(at("in.csv")));
}, 240_000);

it.skipIf(!real)("nothing stays of what was begun: of a command that was stopped before its run was made, of a worker over its part, of a run that is replaced", async () => {
  const address = `s3://${BUCKET}/begun/out.csv`;
  const options = batchOptions(pkg, at("in.csv"), address, { limit: 2000 });
  const begin = async (key: string): Promise<void> => (await objects.begin({ bucket: BUCKET, key }, { bucket: BUCKET, key: `${key}.stage` }, {})).send(at("in.csv"));
  const orphan = "0f3c1f0e-8d2b-4c6a-9a57-3b1f6f0a2c11";
  await objects.put({ bucket: BUCKET, key: `begun/out.csv.parts/${orphan}/model.slip` }, Buffer.from("half of it"));
  await begin(`begun/out.csv.parts/${orphan}/history.parquet`);
  await begin("begun/another.csv");
  const first = await plan(options, "kubernetes");
  expect([await uploads(), (await keys("begun/")).filter((key) => key.includes(orphan))]).toEqual([1, []]);
  await begin(`begun/out.csv.parts/${first.id}/part-000000.5-killed.csv`);
  // Another plan takes its place.
  const other = { ...options, limit: 3000, overwrite: true };
  const planned = await planShared(other, "kubernetes");
  if (planned.kind !== "made") return expect.fail("it was made before");
  expect(planned.replaced?.id).toBe(first.id);
  await sweepReplaced(address, planned.replaced!);
  expect([await uploads(), (await keys("begun/")).filter((key) => key.includes(first.id))]).toEqual([1, []]);
  await begin(`begun/out.csv.parts/${planned.run.id}/part-000000.5-killed.csv`);
  await runIndex({ folder: planned.run.folder, index: 0, indexes: 1, threads: 1, stop: new AbortController().signal });
  await finishJob(planned.run, other, 1, () => 1);
  expect(await keys("begun/")).toEqual(["out.csv", "out.csv.errors.jsonl", "out.csv.run.json"]);
  // That of others stays theirs.
  expect(await uploads()).toBe(1);
  await objects.revoke({ bucket: BUCKET, key: "begun/another.csv" });
}, 240_000);
it.skipIf(!real)("a forecast is made by pods that see nothing but the bucket", async () => {
  writeFileSync(at("history.csv"), `store,month,units,promotion\n${Array.from({ length: 2100 }, (_, s) => [1, 2, 3].map((m) => `store ${s},2025-0${m}-01,${(s * m) % 17},0\n`).join("")).join("")}`);
  writeFileSync(at("known.csv"), "month,promotion\n2025-04-01,1\n");
  const options = (out: string): BatchOptions => batchOptions(series, at("history.csv"), out, { keep: "none", horizon: { steps: 1, future: [at("known.csv")] } });
  const series = await seriesPackage();
  await runBatch(options(at("forecast.csv")));
  const run = await plan(options(`s3://${BUCKET}/forecast/out.csv`), "kubernetes");
  for (const index of [0, 1]) expect(await runIndex({ folder: run.folder, index, indexes: 2, threads: 1, stop: new AbortController().signal })).toMatchObject({ unmade: [] });
  expect(await finishJob(run, options(`s3://${BUCKET}/forecast/out.csv`), 2, () => 1)).toMatchObject({ rows: 2100, horizon: 1 });
  expect([digestOf(await get("forecast/out.csv")), await keys("forecast/")]).toEqual([digest(at("forecast.csv")), ["out.csv", "out.csv.run.json"]]);
}, 240_000);

describe.skipIf(!real)("a run on Postgres with its output in S3", () => {
  it("gives the bytes of one process: a worker killed, one suspended beyond its lease, Postgres restarted; nothing is left", async () => {
    const id = await make(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/out/many.csv`));
    const store = await RunStore.open(url);
    const holds = async (w: TestWorker): Promise<boolean> => (await store.database.query<{ pid: number }>("select distinct cast(split_part(worker, ':', 2) as integer) as pid from batch_shards where run = $1 and state = 'leased'", [id])).some((h) => h.pid === w.process.pid);
    const [killed, suspended, good] = [worker(), worker(), worker()];
    await until("the first holds a shard", () => holds(killed));
    killed.process.kill("SIGKILL");
    await until("the second holds a shard", async () => {
      suspended.process.kill("SIGSTOP");
      if (await holds(suspended)) return true;
      suspended.process.kill("SIGCONT");
      return false;
    });
    await postgres.end("fast");
    await postgres.start();
    await until("it is whole", async () => (await store.read(id))?.state === "done");
    expect(await store.read(id)).toMatchObject({ rows: 24_000, bad: 480, outcome: { summary: { output: `s3://${BUCKET}/out/many.csv`, errors: `s3://${BUCKET}/out/many.csv.errors.jsonl` } } });
    const before = await etag("out/many.csv");
    suspended.process.kill("SIGCONT");
    const next = await make(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/out/next.csv`, { limit: 3000 }));
    await until("the next one is whole", async () => (await store.read(next))?.state === "done");
    for (const { process: child } of [suspended, good]) child.kill("SIGTERM");
    expect([await suspended.ended, await good.ended]).toEqual([0, 0]);
    expect([digestOf(await get("out/many.csv")), digestOf(await get("out/many.csv.errors.jsonl"))]).toEqual([digest(at("alone.csv")), digest(`${at("alone.csv")}.errors.jsonl`)]);
    expect([await etag("out/many.csv"), await uploads()]).toEqual([before, 0]);
    expect(await keys("out/")).toEqual(["many.csv", "many.csv.errors.jsonl", "many.csv.run.json", "next.csv", "next.csv.errors.jsonl", "next.csv.run.json"]);
    // The same again is there already; a run in one process knows it too.
    await expect(make(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/out/many.csv`))).rejects.toMatchObject({ code: "batch-output-exists" });
    expect(await runOnPostgres(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/out/many.csv`, { resume: true }), { ...on, databaseUrl: url })).toMatchObject({ summary: { rows: 24_000, resumed: 24_000 } });
    await store.close();
  }, 240_000);

  it("takes nothing from whoever comes back late: a part, an end that another made, an end of a run that was replaced", async () => {
    const address = `s3://${BUCKET}/late/out.csv`;
    const options = batchOptions(pkg, at("in.csv"), address, { limit: 6000, shardBytes: 2 ** 17 });
    await runBatch({ ...options, output: batchOptions(pkg, "", at("late-alone.csv")).output });
    const run = await plan(options, "postgres");
    const store = await RunStore.open(url);
    await store.begin(run, { maxErrors: "50%", leaseMs: 600_000, attempts: 5 });
    const home = await homeOf(run.folder, run.output.record);
    const late = await home.open();
    const [slow, quick] = ["slow", "quick"].map((name) => new ShardLeases(store.database, run.id, name, { attempts: 5, leaseMs: 50 }));
    const lease = (await slow!.take())!;
    await sleep(100);
    // Another one has the shard now, and with the others all of it is made, but for its end.
    expect((await quick!.take())!.token).toBe(2);
    await quick!.giveBack([{ shard: lease.shard, token: 2, attempts: 2 }]);
    await store.database.query("update batch_runs set finish_until = now() + interval '1 hour' where id = $1", [run.id]);
    const stop = new AbortController();
    const working = runWorker({ databaseUrl: url, threads: 1, untilDone: true, stop: stop.signal, note: () => undefined });
    await until("all parts are made", async () => (await store.read(run.id))?.done === run.shards);
    const token = `${lease.token}-late`;
    writeFileSync(join(late.run.folder, `part-00000${lease.shard}.${token}.csv`), "other bytes\n");
    const part = { shard: lease.shard, token, rows: 1, bad: 0, bytes: 12, sha256: "", head: "", columns: [], seen: [] };
    await late.keep(part);
    expect(await slow!.commit(lease, part)).toBeUndefined();
    await late.drop(part);
    const parts = await store.parts(run.id);
    expect([await late.lost(parts), parts.length]).toEqual([[], run.shards]);
    // It is held up before its last step, beyond every lease and without the database's word; meanwhile another ends the run.
    let ended: string | undefined;
    let turns = 0;
    const heldUp = late.finish({ maxErrors: "50%", parts, failed: [], tag: ".held-up", seconds: () => 1, place: async (act) => {
      // The first is before its upload, the second in front of its last requests.
      if (++turns === 1) return act();
      await store.database.query("update batch_runs set finish_until = null where id = $1", [run.id]);
      await until("it is whole", async () => (await store.read(run.id))?.state === "done");
      ended = await etag("late/out.csv");
      await act();
    } });
    await expect(heldUp).rejects.toMatchObject({ code: expect.stringMatching(/^batch-(?:input-missing|run-busy)$/) as string });
    await working;
    expect([await etag("late/out.csv"), digestOf(await get("late/out.csv")), await uploads()]).toEqual([ended, digest(at("late-alone.csv")), 0]);
    expect(await keys("late/")).toEqual(["out.csv", "out.csv.errors.jsonl", "out.csv.run.json"]);
    late.close();

    // A run that is held up at its end is replaced by one of other rows.
    const old = await plan({ ...options, overwrite: true }, "postgres");
    await store.begin(old, { maxErrors: "50%", leaseMs: 600_000, attempts: 5 });
    await store.database.query("update batch_runs set finish_until = now() + interval '1 hour' where id = $1", [old.id]);
    stop.abort();
    const again = new AbortController();
    const makers = runWorker({ databaseUrl: url, threads: 1, untilDone: false, stop: again.signal, note: () => undefined });
    await until("all parts of it are made", async () => (await store.read(old.id))?.done === old.shards);
    const held = await (await homeOf(old.folder, old.output.record)).open();
    const replaced = held.finish({ maxErrors: "50%", parts: await store.parts(old.id), failed: [], tag: ".old", seconds: () => 1, place: async (act) => {
      if (++turns === 3) return act();
      const made = await make({ ...options, limit: 1000, overwrite: true });
      await until("the new one is whole", async () => (await store.read(made))?.state === "done");
      ended = await etag("late/out.csv");
      await act();
    } });
    await expect(replaced).rejects.toMatchObject({ code: expect.stringMatching(/^batch-(?:input-missing|run-busy)$/) as string });
    held.close();
    again.abort();
    await makers;
    expect([await etag("late/out.csv"), (await store.read(old.id))?.state, await uploads(), turns]).toEqual([ended, "canceled", 0, 4]);
    expect(Buffer.from(await get("late/out.csv")).toString("utf8").split("\n")).toHaveLength(982);
    expect(await keys("late/")).toEqual(["out.csv", "out.csv.errors.jsonl", "out.csv.run.json"]);
    await store.close();
  }, 240_000);

  it("reads objects where they are, packed ones and tables from beside the shards, and writes several objects with a mark", async () => {
    await objects.put({ bucket: BUCKET, key: "in/a.csv" }, readFileSync(at("in.csv")));
    await objects.put({ bucket: BUCKET, key: "in/a.csv.gz" }, gzipSync(readFileSync(at("in.csv"))));
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT i AS id, CAST(i % 90 AS DOUBLE) AS age, 'pro' AS plan, true AS member, NULL::VARCHAR AS note FROM range(150000) t(i)) TO ${sqlText(at("in.parquet"))} (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
    duck.closeSync();
    await objects.put({ bucket: BUCKET, key: "in/a.parquet" }, readFileSync(at("in.parquet")));
    const inputs = [["plain", "in/a.csv", "parquet"], ["packed", "in/a.csv.gz", "csv"], ["table", "in/a.parquet", "jsonl"]] as const;
    for (const [name, input, to] of inputs) {
      const [inPlace, alone] = [batchOptions(pkg, `s3://${BUCKET}/${input}`, `s3://${BUCKET}/${name}/`), batchOptions(pkg, `s3://${BUCKET}/${input}`, `${at(name)}/`)].map((o) => ({ ...o, output: { ...o.output, format: to } }));
      await runBatch(alone!);
      const id = await make(inPlace!);
      // Only what cannot be read in pieces where it is lies beside the shards.
      expect((await keys(`${name}/_run/${id}/`)).filter((n) => /^(?:input|sources)/.test(n))).toEqual(name === "plain" ? [] : name === "packed" ? ["input.plain"] : ["sources/000000-a.parquet"]);
      await work();
      const parts = readdirSync(at(name)).filter((n) => n.startsWith("part-")).sort();
      expect(parts.length).toBeGreaterThan(2);
      for (const part of parts) expect(digestOf(await get(`${name}/${part}`)), part).toBe(digest(at(`${name}/${part}`)));
      expect((await keys(`${name}/part-`.replace(/part-$/, ""))).filter((n) => n.startsWith("part-"))).toEqual(parts);
      expect(await objects.head({ bucket: BUCKET, key: `${name}/_SUCCESS` })).toBeDefined();
      expect(await sizesBelow(objects, { bucket: BUCKET, key: `${name}/_run/` })).toEqual(new Map());
    }
    // Changed since the run was made: no byte of it is mixed with the others.
    const changed = await make(batchOptions(pkg, `s3://${BUCKET}/in/a.csv`, `s3://${BUCKET}/changed.csv`), { attempts: 1 });
    await objects.put({ bucket: BUCKET, key: "in/a.csv" }, Buffer.from(loanRows(24_000).replaceAll("pro", "basic")));
    await work();
    const store = await RunStore.open(url);
    const { outcome } = (await store.read(changed))!;
    expect(outcome).toMatchObject({ summary: { scored: 0, failed: expect.arrayContaining([expect.objectContaining({ file: `s3://${BUCKET}/in/a.csv`, reason: expect.stringContaining("batch-source-changed") as string })]) as object } });
    await store.close();
  }, 240_000);

  it("ends early with too many bad rows, whose letters are there; a larger allowance goes on; of two that begin at once one is the run", async () => {
    const options = batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/bad.csv`, { maxErrors: readErrorLimit("100") });
    const id = await make(options);
    await work();
    const store = await RunStore.open(url);
    expect(await store.read(id)).toMatchObject({ state: "failed", outcome: { failure: { code: "batch-errors" } } });
    expect(await etag("bad.csv")).toBeUndefined();
    await expect(runBatch({ ...options, resume: true })).rejects.toMatchObject({ code: "batch-run-busy" });
    expect(await make({ ...options, resume: true, maxErrors: readErrorLimit("50%") })).toBe(id);
    await work();
    // Nothing to write is an object too.
    writeFileSync(at("none.csv"), "id,age,plan,member,note\n1,old,pro,1,\n");
    await make(batchOptions(pkg, at("none.csv"), `s3://${BUCKET}/none.jsonl`, { maxErrors: readErrorLimit("100%") }));
    await work();
    expect([(await get("none.jsonl")).length, Buffer.from(await get("none.jsonl.errors.jsonl")).toString("utf8")]).toEqual([0, expect.stringContaining("\"row\":1")]);
    expect(digestOf(await get("bad.csv"))).toBe(digest(at("alone.csv")));
    const twice = batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/twice.csv`);
    const both = await Promise.allSettled([make(twice), make(twice)]);
    expect(both.map((b) => b.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find((b) => b.status === "rejected")).toMatchObject({ reason: { code: expect.stringMatching(/^batch-(?:run-busy|output-exists)$/) as string } });
    await work();
    expect(digestOf(await get("twice.csv"))).toBe(digest(at("alone.csv")));
    await store.close();
  }, 240_000);

  it("is left alone by a worker whom the bucket refuses, and made by others", async () => {
    const id = await make(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/refused.csv`));
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another");
    const stranger = worker();
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", minio.password);
    await until("it is refused", () => Promise.resolve(stranger.said().includes("batch-source-denied")));
    await work();
    stranger.process.kill("SIGTERM");
    expect(await stranger.ended).toBe(0);
    const store = await RunStore.open(url);
    expect(await store.read(id)).toMatchObject({ state: "done", aside: 0, rows: 24_000 });
    await store.close();
    expect(digestOf(await get("refused.csv"))).toBe(digest(at("alone.csv")));
    expect(stranger.said()).not.toContain("another");
  }, 240_000);

  it("waits for a bucket that is away: no shard is set aside for it", async () => {
    let up = true;
    const open = new Set<Socket>();
    const { port, hostname } = new URL(minio.endpoint);
    const proxy = createServer((from) => {
      if (!up) return void from.destroy();
      const to = connect(Number(port), hostname);
      for (const [one, other] of [[from, to], [to, from]] as const) {
        open.add(one);
        one.pipe(other).on("error", () => one.destroy());
        one.on("close", () => open.delete(one) && other.destroy());
      }
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    const store = await RunStore.open(url);
    try {
      const id = await make(batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/away.csv`), { attempts: 2 });
      vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
      const pair = [worker(), worker()];
      vi.stubEnv("AWS_ENDPOINT_URL_S3", minio.endpoint);
      await until("some parts are made", async () => (await store.read(id))!.done > 1);
      up = false;
      for (const socket of open) socket.destroy();
      await until("both have given up for now", () => Promise.resolve(pair.every((w) => w.said().includes("batch-source-unavailable"))));
      expect(await store.read(id)).toMatchObject({ state: "open", aside: 0 });
      up = true;
      await until("it is whole", async () => (await store.read(id))?.state === "done");
      expect(await store.read(id)).toMatchObject({ aside: 0, rows: 24_000, bad: 480 });
      expect(digestOf(await get("away.csv"))).toBe(digest(at("alone.csv")));
      for (const { process: child, ended } of pair) {
        child.kill("SIGTERM");
        expect(await ended).toBe(0);
      }
    } finally {
      await store.close();
      proxy.close();
      for (const socket of open) socket.destroy();
    }
  }, 240_000);

  it("is made by pods of an indexed job without a database, of which one is killed and two are of one index", async () => {
    const options = batchOptions(pkg, at("in.csv"), `s3://${BUCKET}/pods.csv`);
    const run = await plan(options, "kubernetes");
    const pod = (index: number): { readonly ended: Promise<number | string | null>; kill(): void; said(): string } => {
      const child = spawn(process.execPath, [BIN, "worker", "--threads", "1", "--folder", run.folder, "--index", String(index), "--indexes", "3"], { stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
      return { kill: () => child.kill("SIGKILL"), said: () => said, ended: new Promise((end) => child.once("close", (status, signal) => end(status ?? signal))) };
    };
    const killed = pod(0);
    const twins = [pod(1), pod(1)];
    await until("the first has made something", async () => (await keys(`pods.csv.parts/${run.id}/`)).includes("made-000000.json"));
    killed.kill();
    expect(await Promise.all([killed.ended, ...twins.map((p) => p.ended)])).toEqual([expect.toBeOneOf(["SIGKILL", 0]), 0, 0]);
    expect(await Promise.all([pod(0).ended, pod(2).ended])).toEqual([0, 0]);
    expect(await finishJob(run, options, 3, () => 1)).toMatchObject({ rows: 24_000, bad: 480, output: `s3://${BUCKET}/pods.csv` });
    expect(digestOf(await get("pods.csv"))).toBe(digest(at("alone.csv")));
    expect(await sizesBelow(objects, { bucket: BUCKET, key: "pods.csv.parts/" })).toEqual(new Map());
    const late = pod(2);
    expect([await late.ended, late.said()]).toEqual([2, expect.stringContaining("batch-run-unreachable")]);
  }, 240_000);
});
