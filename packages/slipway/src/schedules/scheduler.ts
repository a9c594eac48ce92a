// Makes the runs that are due, in `slipway up`: looks at the clock, takes a run's lease, and holds it while a process of its
// own makes the run. Any number of servers over one database do this at once.

import { randomUUID } from "node:crypto";
import { SlipwayError } from "@slipway/core/base";
import { cancelOnPostgres, placeOutput, type Progress } from "../batch/index.ts";
import type { TrustedSigners } from "../runtime/index.ts";
import { claimRun, fail, giveBack, keepSelection, LEASE_MS, pinModel, readSelection, renewLease, seenFiles, succeed, type Claimed, type RunStatus } from "./claim.ts";
import { runChild } from "./child/run-child.ts";
import { fillIn } from "./definition.ts";
import { planDue } from "./due.ts";
import { scheduleError } from "./errors.ts";
import type { RunFailure, RunResult } from "./messages.ts";
import type { ScheduleRun } from "./run.ts";
import { RunLog } from "./run-log.ts";
import type { Schedules } from "./schedules.ts";

export interface SchedulerOptions {
  readonly schedules: Schedules;
  /** A model's file; of a reference, which version it is. */
  readonly openModel: (reference: string) => Promise<{ readonly path: string; readonly model?: string; readonly version?: number }>;
  /** Whose signatures a model has to carry, where any are asked for. */
  readonly trusted?: TrustedSigners | undefined;
  /** Of the database where workers take shards from, for schedules whose parts they make. */
  readonly databaseUrl?: string | undefined;
  /** Told of what cannot be told otherwise: a database that is away. */
  readonly onError?: (error: unknown) => void;
  /** Told how far a run is. */
  readonly onProgress?: (progress: Progress) => void;
  /** How often to look; 1 s by default. */
  readonly pollMs?: number;
  /** Runs that this server makes at once; 2 by default. */
  readonly atOnce?: number;
  readonly now?: () => Date;
  /** How often a lease is renewed; a sixth of its length by default. */
  readonly renewMs?: number;
}

/** A lease that could not be renewed for so long is given up before another server may take it. */
const GIVE_UP_MS = LEASE_MS * 0.7;

export class Scheduler {
  readonly owner: string = randomUUID();
  readonly #options: Required<Omit<SchedulerOptions, "trusted" | "databaseUrl">> & Pick<SchedulerOptions, "trusted" | "databaseUrl">;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> | undefined;

  constructor({ onError = () => undefined, onProgress = () => undefined, pollMs = 1000, atOnce = 2, now = () => new Date(), renewMs = LEASE_MS / 6, ...options }: SchedulerOptions) {
    this.#options = { onError, onProgress, pollMs, atOnce, now, renewMs, ...options };
  }

  /** Makes runs until `stop`. */
  start(): void {
    const again = (): void => {
      if (this.#ending.signal.aborted) return;
      this.#timer = setTimeout(() => {
        this.#looking = this.tick().catch(this.#options.onError).finally(again);
      }, this.#options.pollMs);
      this.#timer.unref();
    };
    again();
  }
  /** Runs that go on are stopped and given back: another server goes on with them, or this one when it is started again. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error("the server stops"));
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#running);
  }

  /** Looks once at the clock, and begins what is due as far as there is room. */
  async tick(): Promise<void> {
    const { schedules: { database }, now, atOnce } = this.#options;
    await planDue(database, now());
    while (this.#running.size < atOnce && !this.#ending.signal.aborted) {
      const claimed = await claimRun(database, this.owner, now());
      if (claimed === undefined) return;
      const made: Promise<void> = this.#make(claimed).catch(this.#options.onError).finally(() => this.#running.delete(made));
      this.#running.add(made);
    }
  }
  /** Until what was begun has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
  /** Makes this run now, here. @returns false where another server makes it */
  async make(run: ScheduleRun): Promise<boolean> {
    const claimed = await claimRun(this.#options.schedules.database, this.owner, this.#options.now(), run.id);
    if (claimed === undefined) return false;
    await this.#make(claimed);
    return true;
  }

  async #make(claimed: Claimed): Promise<void> {
    const { schedules: { database }, now, renewMs, onError } = this.#options;
    const { run } = claimed;
    const log = new RunLog((await this.#options.schedules.run(run.schedule, run.id)).log);
    log.add(run.attempt === 1 ? `${run.schedule}, for ${run.dueAt}` : `try ${run.attempt}, for ${run.dueAt}`, now());
    let status = { rows: 0, bad: 0, percent: 0 };
    const full = (): RunStatus => ({ ...status, log: log.read() });
    const holding = new AbortController();
    const stopped = (): void => holding.abort(this.#ending.signal.reason);
    this.#ending.signal.addEventListener("abort", stopped);
    if (this.#ending.signal.aborted) stopped();
    let renewed = Date.now();
    const renewing = setInterval(() => {
      renewLease(database, run.id, this.owner, full(), now()).then(() => (renewed = Date.now()), (error: unknown) => {
        // The database may be back before the lease is over.
        const gone = error instanceof SlipwayError && error.code === "schedule-run-lost";
        if (gone || Date.now() - renewed > GIVE_UP_MS) holding.abort(gone ? error : scheduleError("schedule-run-lost", "the run's lease could not be renewed", { cause: error }));
        else onError(error);
      });
    }, renewMs);
    try {
      const result = await this.#run(claimed, log, holding.signal, (next) => (status = next));
      await succeed(database, claimed, this.owner, result, log.read(), now());
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "schedule-run-lost") return onError(error);
      if (this.#ending.signal.aborted) {
        log.add("the server stopped; the run goes on when there is one again", now());
        return await giveBack(database, run.id, this.owner, log.read());
      }
      const failure = failureOf(error);
      log.add(`failed: ${failure.message} [${failure.code}]${failure.hint === undefined ? "" : `. ${failure.hint}`}`, now());
      if (await fail(database, claimed, this.owner, failure, full(), now())) await this.#leaveToNobody(claimed).catch(onError);
    } finally {
      clearInterval(renewing);
      this.#ending.signal.removeEventListener("abort", stopped);
    }
  }

  /** Nobody waits any more for what workers still make of a run that failed for good. */
  async #leaveToNobody({ run, schedule: { definition } }: Claimed): Promise<void> {
    if (definition.on !== undefined) await cancelOnPostgres(placeOutput(fillIn(definition, new Date(run.dueAt)).output, definition.to), this.#options.databaseUrl);
  }

  async #run({ run, schedule }: Claimed, log: RunLog, signal: AbortSignal, onStatus: (status: Omit<RunStatus, "log">) => void): Promise<RunResult> {
    const { schedules: { database }, openModel, trusted, databaseUrl, now, onProgress, onError } = this.#options;
    const { definition } = schedule;
    const opened = await openModel(run.model === null ? definition.model : `${run.model}:${run.version}`);
    if (run.model === null && opened.model !== undefined && opened.version !== undefined) await pinModel(database, run.id, this.owner, opened.model, opened.version);
    return runChild({
      model: opened.path, trusted, definition, names: fillIn(definition, new Date(run.dueAt)), overwrite: definition.overwrite || run.cause === "manual",
      since: run.startedAt ?? run.createdAt, selection: await readSelection(database, run.id), after: schedule.watermark, seen: definition.newFiles ? await seenFiles(database, schedule.name) : [],
      databaseUrl: definition.on === undefined ? undefined : databaseUrl,
    }, {
      timeoutMs: definition.timeout, signal, onNote: (text) => log.add(text, now()), onSelection: (selection) => void keepSelection(database, run.id, this.owner, selection).catch(onError),
      onProgress: (progress) => {
        onStatus({ rows: progress.rows, bad: progress.bad, percent: Math.floor(progress.share * 100) });
        onProgress(progress);
      },
    });
  }
}

function failureOf(error: unknown): RunFailure {
  if (!(error instanceof SlipwayError)) return { code: "schedule-run-ended", kind: "internal", message: error instanceof Error ? error.message : String(error) };
  const { code, kind, message, where, hint } = error;
  return { code, kind, message, where, hint };
}
