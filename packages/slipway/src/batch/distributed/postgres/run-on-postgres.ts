// A run made for workers that take its shards from Postgres, and watched until one of them, or this process, has ended it.

import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/core/base";
import type { BatchOptions, BatchSummary } from "../../run/options.ts";
import type { OutputPlace } from "../../run/output-place.ts";
import { planShared } from "../plan-shared.ts";
import { homeOf } from "../run-home.ts";
import { readCurrent, type CurrentRun, type SharedRun } from "../shared-run.ts";
import { batchError } from "../../errors.ts";
import { endRun } from "./end-run.ts";
import { patiently, type Waiting } from "./patience.ts";
import { RunStore, type RunSettings } from "./run-store.ts";

const LOOK_MS = 400;
/** Whether the run is where it was made is looked at so often. */
const FOLDER_MS = 5000;
/** After so long without a part somebody is told that there are no workers. */
const LONELY_MS = 15_000;

export interface PostgresOptions extends Omit<RunSettings, "maxErrors"> {
  readonly databaseUrl: string | undefined;
  /** Only makes the run. */
  readonly detach: boolean;
  readonly note: (text: string) => void;
}
export type PostgresOutcome = { readonly summary: BatchSummary } | { readonly run: string; readonly shards: number };

/** @throws SlipwayError batch-..., database-... */
export async function runOnPostgres(options: BatchOptions, on: PostgresOptions & { readonly detach: false }): Promise<{ readonly summary: BatchSummary }>;
export async function runOnPostgres(options: BatchOptions, on: PostgresOptions): Promise<PostgresOutcome>;
export async function runOnPostgres(options: BatchOptions, on: PostgresOptions): Promise<PostgresOutcome> {
  const store = await RunStore.open(on.databaseUrl);
  try {
    const planned = await planShared(options, "postgres");
    if (planned.kind === "whole") return { summary: planned.summary };
    if (planned.kind === "made" && planned.replaced?.on === "postgres") await store.cancel(planned.replaced.id);
    if (planned.kind === "made" && planned.replaced !== undefined) await sweep(options.output, planned.replaced);
    const { run } = planned;
    const before = planned.kind === "resumed" ? await store.read(run.id) : undefined;
    if (before?.state !== "open") await store.begin(run, { maxErrors: options.maxErrors.text, leaseMs: on.leaseMs, attempts: on.attempts });
    on.note(`run ${run.id}: ${run.shards} shards wait for workers (slipway worker)`);
    if (on.detach) return { run: run.id, shards: run.shards };
    return { summary: await watch(store, run, options, on) };
  } finally {
    await store.close();
  }
}

/** The last run of an output, where it is open: workers leave it. @throws SlipwayError batch-database-needed, database-... */
export async function cancelOnPostgres(output: OutputPlace, databaseUrl: string | undefined): Promise<void> {
  const current = await currentOf(output);
  if (current?.on !== "postgres") return;
  const store = await RunStore.open(databaseUrl);
  try {
    await store.cancel(current.id);
  } finally {
    await store.close();
  }
}

async function currentOf(output: OutputPlace): Promise<CurrentRun | undefined> {
  if (output.destination === undefined) return readCurrent(output);
  const { bucketOutput, readCurrentIn } = await import("../bucket/run-bucket.ts");
  return (await readCurrentIn(await bucketOutput(output.destination)))?.current;
}
/** In a folder a run is gone before another begins; in a bucket once nobody can begin to end it. */
async function sweep({ destination }: OutputPlace, replaced: CurrentRun): Promise<void> {
  if (destination !== undefined) await (await import("../bucket/plan-bucket.ts")).sweepReplaced(destination, replaced);
}

async function watch(store: RunStore, { id, folder, output: { record } }: SharedRun, { onProgress }: BatchOptions, { note }: PostgresOptions): Promise<BatchSummary> {
  const waiting: Waiting = { stop: new AbortController().signal, note };
  let first: number | undefined;
  let done = -1;
  let since = performance.now();
  let told = false;
  let nextLook = performance.now() + FOLDER_MS;
  const home = await homeOf(folder, record);
  for (;;) {
    const state = await patiently(waiting, () => store.read(id));
    if (state === undefined) throw batchError("batch-run-unknown", `the run ${id} is not in the database any more`);
    first ??= state.rows;
    onProgress?.({ rows: state.rows, bad: state.bad, share: state.shards === 0 ? 1 : (state.done + state.aside) / state.shards, before: first });
    if (state.outcome !== undefined && "summary" in state.outcome) return { ...state.outcome.summary, resumed: first };
    if (state.outcome !== undefined) {
      const { code, kind, message, where, hint } = state.outcome.failure;
      throw new SlipwayError(code, kind, message, { ...(where === undefined ? {} : { where }), ...(hint === undefined ? {} : { hint }) });
    }
    if (state.state === "canceled") throw batchError("batch-run-busy", `the run ${id} was replaced by another one of the same output`);
    if (state.done + state.aside === state.shards && await patiently(waiting, () => endRun(store, state))) continue;
    const look = performance.now() > nextLook;
    if (look) nextLook = performance.now() + FOLDER_MS;
    if (look && await patiently(waiting, async () => !(await home.exists()) && (await home.recorded(id)) === undefined && (await store.read(id))?.state === "open")) {
      await store.cancel(id);
      throw batchError("batch-run-unreachable", `the folder of the run ${id} is gone`, { where: state.folder, hint: "Begin anew." });
    }
    if (state.done !== done) {
      done = state.done;
      since = performance.now();
    } else if (!told && performance.now() - since > LONELY_MS) {
      note("no shard was made for a while: is there a slipway worker with this database and this storage?");
      told = true;
    }
    await sleep(LOOK_MS);
  }
}
