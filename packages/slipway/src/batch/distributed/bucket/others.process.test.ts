// Runs that many share whose output is in Azure's Blob storage (Azurite) or in Google's Cloud Storage (fake-gcs-server), over a real
// Postgres: what is there has the bytes of a run in one process, and nobody who comes back late puts anything there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAzurite } from "../../../../../../scripts/testing-azurite.ts";
import { startGcs } from "../../../../../../scripts/testing-gcs.ts";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../../../scripts/testing-postgres.ts";
import { goTool } from "../../../../../../scripts/testing-tools.ts";
import { AzureClient } from "../../remote/azure/azure-client.ts";
import { readAzureConfig } from "../../remote/azure/azure-config.ts";
import { openBucket } from "../../remote/bucket-address.ts";
import { getObject, sizesBelow, type ObjectStore } from "../../remote/object-store.ts";
import type { BatchOptions } from "../../run/options.ts";
import { runBatch } from "../../run/run-batch.ts";
import { planShared } from "../plan-shared.ts";
import { runOnPostgres } from "../postgres/run-on-postgres.ts";
import { RunStore } from "../postgres/run-store.ts";
import { runWorker } from "../postgres/worker.ts";
import { homeOf } from "../run-home.ts";
import { batchOptions, loanPackage, loanRows, startWorker, type TestWorker } from "../testing.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-clouds-"));
const at = (name: string): string => join(folder, name);
const BUCKET = "scores";
let postgres: TestPostgres;
let pkg: BatchOptions["package"];
/** What a run in one process writes. */
let alone: string;
/** Without ids, which tell the input that a row is of. */
const options = (input: string, out: string): BatchOptions => batchOptions(pkg, input, out, { ids: false });
const azurite = goTool("azurite");
const fakeGcs = goTool("fake-gcs-server");
const workers: TestWorker[] = [];

beforeAll(async () => {
  pkg = await loanPackage();
  writeFileSync(at("in.csv"), loanRows(8000));
  if (hasPostgres() && (azurite ?? fakeGcs) !== undefined) postgres = await startPostgres();
  await runBatch(options(at("in.csv"), at("alone.csv")));
  alone = readFileSync(at("alone.csv"), "utf8");
}, 240_000);
afterAll(async () => {
  for (const { process: child, ended } of workers) {
    child.kill("SIGKILL");
    await ended;
  }
  vi.unstubAllEnvs();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 240_000);

async function startAzure(program: string): Promise<{ readonly scheme: string; stop(): Promise<void> }> {
  const { connection, stop } = await startAzurite(program);
  vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", connection);
  await new AzureClient(readAzureConfig({ host: undefined, sas: "" })).send({ method: "PUT", bucket: BUCKET, key: "", shown: BUCKET, query: { restype: "container" }, expect: [201] }, (answer) => void answer.body.resume());
  return { scheme: "az", stop };
}
async function startGoogle(program: string): Promise<{ readonly scheme: string; stop(): Promise<void> }> {
  const { endpoint, keyFile, stop } = await startGcs(program, BUCKET);
  writeFileSync(at("key.json"), keyFile);
  vi.stubEnv("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", endpoint);
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", at("key.json"));
  return { scheme: "gs", stop };
}
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if (await look()) return;
    await sleep(50);
  }
  throw new Error(`waited for too long: ${what}; ${workers.map((w) => w.said()).join(" | ")}`);
}

describe.each([["Azure's Blob storage", azurite, startAzure], ["Google's Cloud Storage", fakeGcs, startGoogle]] as const)("a run with its output in %s", (_name, program, start) => {
  const real = program !== undefined && hasPostgres();
  let cloud: Awaited<ReturnType<typeof startAzure>>;
  let objects: ObjectStore;
  let url: string;
  let ledger: RunStore;
  const address = (key: string): string => `${cloud.scheme}://${BUCKET}/${key}`;
  const get = async (key: string): Promise<string> => Buffer.from((await getObject(objects, { bucket: BUCKET, key }, 2 ** 28))!.bytes).toString("utf8");
  const keys = async (prefix: string): Promise<string[]> => [...(await sizesBelow(objects, { bucket: BUCKET, key: prefix })).keys()];
  const etag = async (key: string): Promise<string | undefined> => (await objects.head({ bucket: BUCKET, key }))?.etag;
  const make = async (options: BatchOptions): Promise<string> => {
    const made = await runOnPostgres(options, { detach: true, leaseMs: 1000, attempts: 5, note: () => undefined, databaseUrl: url });
    return "run" in made ? made.run : expect.fail("it was whole already");
  };
  const done = async (id: string): Promise<boolean> => (await ledger.read(id))?.state === "done";
  beforeAll(async () => {
    if (!real) return;
    cloud = await start(program);
    ({ store: objects } = await openBucket(address("")));
    url = postgres.create(`on_${cloud.scheme}`);
    ledger = await RunStore.open(url);
    await objects.putFile({ bucket: BUCKET, key: "in.csv" }, at("in.csv"));
  }, 240_000);
  afterAll(async () => {
    await ledger?.close();
    await cloud?.stop();
  });

  it.skipIf(!real)("gives the bytes of one process, from objects where they are: a worker killed, one suspended beyond its lease; nothing is left", async () => {
    const id = await make(options(address("in.csv"), address("out/many.csv")));
    expect((await keys(`out/many.csv.parts/${id}/`)).filter((n) => n.startsWith("input"))).toEqual([]);
    const holds = async (w: TestWorker): Promise<boolean> => (await ledger.database.query<{ pid: number }>("select distinct cast(split_part(worker, ':', 2) as integer) as pid from batch_shards where run = $1 and state = 'leased'", [id])).some((h) => h.pid === w.process.pid);
    const [killed, suspended] = [startWorker(url), startWorker(url)];
    workers.push(killed, suspended);
    await until("the first holds a shard", () => holds(killed));
    killed.process.kill("SIGKILL");
    await until("the second holds a shard", async () => {
      suspended.process.kill("SIGSTOP");
      if (await holds(suspended)) return true;
      suspended.process.kill("SIGCONT");
      return done(id);
    });
    const good = startWorker(url);
    workers.push(good);
    await until("it is whole", () => done(id));
    const before = await etag("out/many.csv");
    suspended.process.kill("SIGCONT");
    for (const { process: child } of [suspended, good]) child.kill("SIGTERM");
    expect([await suspended.ended, await good.ended]).toEqual([0, 0]);
    expect([(await get("out/many.csv")) === alone, await etag("out/many.csv")]).toEqual([true, before]);
    expect(await keys("out/")).toEqual(["many.csv", "many.csv.errors.jsonl", "many.csv.run.json"]);
    await expect(make(options(address("in.csv"), address("out/many.csv")))).rejects.toMatchObject({ code: "batch-output-exists" });
  }, 240_000);

  it.skipIf(!real)("takes no end from whoever was held up in front of its last request, and has several objects with a mark", async () => {
    const asked = options(at("in.csv"), address("late/out.csv"));
    const planned = await planShared(asked, "postgres");
    const run = planned.kind === "whole" ? expect.fail("it was whole already") : planned.run;
    await ledger.begin(run, { maxErrors: "50%", leaseMs: 600_000, attempts: 5 });
    await ledger.database.query("update batch_runs set finish_until = now() + interval '1 hour' where id = $1", [run.id]);
    const late = await (await homeOf(run.folder, run.output.record)).open();
    const stop = new AbortController();
    const working = runWorker({ databaseUrl: url, threads: 1, untilDone: true, stop: stop.signal, note: () => undefined });
    await until("all parts are made", async () => (await ledger.read(run.id))?.done === run.shards);
    let ended: string | undefined;
    let turns = 0;
    // Beyond every lease and without the database's word; meanwhile another ends the run.
    const heldUp = late.finish({ maxErrors: "50%", parts: await ledger.parts(run.id), failed: [], tag: ".held-up", seconds: () => 1, place: async (act) => {
      if (++turns === 1) return act();
      await ledger.database.query("update batch_runs set finish_until = null where id = $1", [run.id]);
      await until("it is whole", () => done(run.id));
      ended = await etag("late/out.csv");
      await act();
    } });
    await expect(heldUp).rejects.toMatchObject({ code: expect.stringMatching(/^batch-(?:input-missing|run-busy)$/) as string });
    await working;
    late.close();
    expect([await etag("late/out.csv"), (await get("late/out.csv")) === alone, turns]).toEqual([ended, true, 2]);
    expect(await keys("late/")).toEqual(["out.csv", "out.csv.errors.jsonl", "out.csv.run.json"]);

    const folderId = await make(options(address("in.csv"), address("parts/")));
    await runWorker({ databaseUrl: url, threads: 1, untilDone: true, stop: stop.signal, note: () => undefined });
    expect(await done(folderId)).toBe(true);
    const names = await keys("parts/");
    expect([names.filter((n) => n.startsWith("_")), names.filter((n) => n.startsWith("part-")).length > 2]).toEqual([["_SUCCESS", "_run.json"], true]);
    const header = /^.*\n/.exec(alone)![0];
    let whole = header;
    for (const name of names.filter((n) => n.startsWith("part-"))) whole += (await get(`parts/${name}`)).slice(header.length);
    expect(whole === alone).toBe(true);
  }, 240_000);
});
