// A process that works on whatever runs there are: takes shards, makes parts, and ends the runs whose last shard is made.

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../../errors.ts";
import { readErrorLimit, tooMany } from "../../run/limits.ts";
import { makeParts } from "../../run/make-parts.ts";
import { scratchFolder } from "../../run/scratch.ts";
import { readModel } from "../finish-shared.ts";
import { homeOf, type OpenRun } from "../run-home.ts";
import { endRun } from "./end-run.ts";
import { patiently, type Waiting } from "./patience.ts";
import { PostgresQueue } from "./postgres-queue.ts";
import { failureOf, RunStore, type RunState } from "./run-store.ts";
import { ShardLeases } from "./shard-leases.ts";

/** Between two looks where there is nothing to do. */
const PAUSE_MS = 500;
/** So long what is in hand may still take after it was told to stop. */
const GRACE_MS = 20_000;

export interface WorkerOptions {
  readonly databaseUrl: string | undefined;
  readonly threads: number;
  /** Only this run; ends with it. */
  readonly run?: string | undefined;
  /** Ends when no run is open. */
  readonly untilDone: boolean;
  /** Ends in order: what is in hand is made or given back. */
  readonly stop: AbortSignal;
  readonly note: (text: string) => void;
}
export interface WorkerSummary {
  readonly worker: string;
  readonly parts: number;
  /** Runs that it put together. */
  readonly ended: number;
}

/** @throws SlipwayError batch-database-needed, batch-run-unknown, database-... */
export async function runWorker(options: WorkerOptions): Promise<WorkerSummary> {
  const { stop, note } = options;
  const worker = `${hostname()}:${process.pid}:${randomBytes(3).toString("hex")}`;
  const store = await RunStore.open(options.databaseUrl);
  const waiting: Waiting = { stop, note };
  // Of runs whose folder is not seen from here: looked for again after a while.
  const unseen = new Map<string, number>();
  let parts = 0;
  let ended = 0;
  try {
    if (options.run !== undefined && (await store.read(options.run)) === undefined) throw batchError("batch-run-unknown", `the database knows no run ${options.run}`, { hint: "slipway batch --on postgres tells a run's id when it makes it." });
    while (!stop.aborted) {
      for (const [id, until] of unseen) if (performance.now() > until) unseen.delete(id);
      const state = await patiently(waiting, () => store.next(options.run, [...unseen.keys()]));
      if (state === undefined) {
        if (options.run !== undefined ? (await patiently(waiting, () => store.read(options.run!)))?.state !== "open" : options.untilDone && !(await patiently(waiting, () => store.anyOpen([...unseen.keys()])))) break;
        await sleep(PAUSE_MS * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => undefined);
        continue;
      }
      try {
        if (state.done + state.aside === state.shards) {
          if (await patiently(waiting, () => endRun(store, state))) ended++;
        } else parts += await workOn(store, state, worker, options);
      } catch (error) {
        if (!(error instanceof SlipwayError) || stop.aborted) throw error;
        note(`run ${state.id}: ${error.message} [${error.code}]`);
        unseen.set(state.id, performance.now() + 10_000);
      }
    }
  } catch (error) {
    // Told to stop while the database was away: leases end by themselves.
    if (!stop.aborted) throw error;
  } finally {
    await store.close();
  }
  return { worker, parts, ended };
}

/** So many parts it committed. */
async function workOn(store: RunStore, state: RunState, worker: string, options: WorkerOptions): Promise<number> {
  const open = await (await homeOf(state.folder, state.record)).open();
  try {
    return await workOnOpen(open, store, state, worker, options);
  } finally {
    open.close();
  }
}
async function workOnOpen(open: OpenRun, store: RunStore, state: RunState, worker: string, { threads, stop, note }: WorkerOptions): Promise<number> {
  const { run } = open;
  const { bytes } = await readModel(run);
  // Told to stop it goes on with what is in hand, for a while.
  const grace = new AbortController();
  const onStop = (): void => void setTimeout(() => grace.abort(batchError("batch-worker-failed", "what was in hand took too long to end, and is given back")), GRACE_MS).unref();
  stop.addEventListener("abort", onStop, { once: true });
  const limit = readErrorLimit(state.maxErrors);
  const temporary = scratchFolder("slipway-worker-");
  const tooManyNow = (rows: number, bad: number): SlipwayError => batchError("batch-errors", `${bad} of ${rows} rows so far could not be scored, and --max-errors is ${limit.text}`, {
    where: state.folder, hint: `bad-*.jsonl in ${state.folder} say which and why. Mend the input; or go on with --resume and a larger --max-errors: what is scored is kept.` });
  const queue = new PostgresQueue({
    run: open, leases: new ShardLeases(store.database, run.id, worker, state), leaseMs: state.leaseMs, stop, waiting: { stop: grace.signal, note },
    onCommit: async ({ rows, bad }) => {
      if (tooMany(limit, bad, rows, false)) await store.fail(run.id, failureOf(tooManyNow(rows, bad)));
    },
  });
  let failure: SlipwayError | undefined;
  try {
    if (!(await queue.begin())) return 0;
    note(`run ${run.id}: working on ${run.output.path}`);
    await makeParts(queue, threads, { ...run.setup, package: bytes, folder: run.folder, temporary }, AbortSignal.any([grace.signal, queue.stuck]));
    return queue.committed;
  } catch (error) {
    if (error instanceof SlipwayError && !grace.signal.aborted) failure = error;
    throw error;
  } finally {
    stop.removeEventListener("abort", onStop);
    await queue.close(failure);
    rmSync(temporary, { recursive: true, force: true });
  }
}
