// Who makes a run: the server that holds its lease. A lease that is not renewed (its holder was killed) is over after a
// while, and whoever comes next goes on where the run stopped. Everything that is kept of a run is kept by its holder only.

import { appendAudit } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { modelNameOf } from "./definition.ts";
import { CLOCK } from "./due.ts";
import { scheduleError } from "./errors.ts";
import type { RunFailure, RunResult, SeenFile, Selection } from "./messages.ts";
import { RUN_COLUMNS, runOf, SCHEDULE_COLUMNS, scheduleOf, type Row, type Schedule, type ScheduleRun } from "./run.ts";

export const LEASE_MS = 30_000;
/** Beyond its retries: servers that may end with a run in hand. */
const SERVER_DEATHS = 2;
const MAX_BACKOFF_MS = 86_400_000;
const MAX_REASON = 2000;
/** Runs that are kept of a schedule. */
const KEPT_RUNS = 500;

export interface Claimed {
  readonly run: ScheduleRun;
  readonly schedule: Schedule;
}
/** How far a run is, as it is kept. */
export interface RunStatus {
  readonly rows: number;
  readonly bad: number;
  readonly percent: number;
  readonly log: string;
}

/** $1: now. Runs of one schedule do not overlap; one whose server is gone comes before those that wait. */
const FREE = `from schedule_runs r join schedules s on s.name = r.schedule where s.state <> 'gone'
  and ((r.state = 'waiting' and (r.next_at is null or r.next_at <= $1) and (s.state = 'active' or r.cause = 'manual')) or (r.state = 'running' and r.lease_until <= $1))
  and not exists (select 1 from schedule_runs o where o.schedule = r.schedule and o.state = 'running' and o.lease_until > $1)`;

/** @param only this run, else whichever is the first */
export async function claimRun(database: Database, owner: string, now: Date, only?: string): Promise<Claimed | undefined> {
  const time = now.toISOString();
  const first = `select r.id ${FREE} and (cast($2 as text) is null or r.id = $2) order by case r.state when 'running' then 0 else 1 end, r.due_at, r.id limit 1`;
  // Mostly there is none: no transaction for that.
  if ((await database.query(first, [time, only ?? null])).length === 0) return undefined;
  return database.transaction(async (tx) => {
    for (;;) {
      const [free] = await tx.query<{ id: string }>(first, [time, only ?? null]);
      if (free === undefined) return undefined;
      const before = runOf((await tx.query<Row>(`select ${RUN_COLUMNS} from schedule_runs where id = $1`, [free.id]))[0]!);
      const schedule = scheduleOf((await tx.query<Row>(`select ${SCHEDULE_COLUMNS} from schedules where name = $1`, [before.schedule]))[0]!);
      if (before.state === "running" && before.attempt > schedule.definition.retries + SERVER_DEATHS) {
        const failure: RunFailure = { code: "schedule-run-ended", kind: "internal", message: `its server ended ${before.attempt} times while it was made` };
        await keepFailure(tx, { run: before, schedule }, failure, now);
        continue;
      }
      const [row] = await tx.query<Row>(`update schedule_runs set state = 'running', attempt = attempt + 1, next_at = null, lease_owner = $2, lease_until = $3, started_at = coalesce(started_at, $4) where id = $1 returning ${RUN_COLUMNS}`, [
        free.id, owner, leaseEnd(now), time]);
      return { run: runOf(row!), schedule };
    }
  });
}

/** @throws schedule-run-lost */
export async function renewLease(database: Database, run: string, owner: string, { rows, bad, percent, log }: RunStatus, now: Date): Promise<void> {
  const kept = await database.query("update schedule_runs set lease_until = $3, rows_read = $4, rows_bad = $5, percent = $6, log = $7 where id = $1 and lease_owner = $2 and state = 'running' returning id", [run, owner, leaseEnd(now), rows, bad, percent, log]);
  if (kept.length === 0) throw lost(run);
}
/** The version that all tries of the run are made with. @throws schedule-run-lost */
export async function pinModel(database: Database, run: string, owner: string, model: string, version: number): Promise<void> {
  if ((await database.query("update schedule_runs set model = $3, version = $4 where id = $1 and lease_owner = $2 and state = 'running' returning id", [run, owner, model, version])).length === 0) throw lost(run);
}

/** What every try of the run scores. */
export async function keepSelection(database: Database, run: string, owner: string, selection: Selection): Promise<void> {
  await database.query("update schedule_runs set selection = $3 where id = $1 and lease_owner = $2 and state = 'running'", [run, owner, JSON.stringify(selection)]);
}
export async function readSelection(database: Database, run: string): Promise<Selection | null> {
  const [row] = await database.query<{ selection: string | null }>("select selection from schedule_runs where id = $1", [run]);
  return row?.selection == null ? null : JSON.parse(row.selection) as Selection;
}

/** @throws schedule-run-lost */
export function succeed(database: Database, { run, schedule }: Claimed, owner: string, { summary, watermark, files }: RunResult, log: string, now: Date): Promise<void> {
  return database.transaction(async (tx) => {
    const [row] = await tx.query<Row>(`update schedule_runs set state = 'succeeded', lease_owner = null, lease_until = null, reason = $3, ended_at = $4, rows_read = $5, rows_bad = $6, percent = 100, output = $7, log = $8, summary = $9 where id = $1 and lease_owner = $2 and state = 'running' returning ${RUN_COLUMNS}`, [
      run.id, owner, summary === null ? "there was nothing new" : null, now.toISOString(), summary?.rows ?? 0, summary?.bad ?? 0, summary?.output ?? null, log, summary === null ? null : JSON.stringify(summary)]);
    if (row === undefined) throw lost(run.id);
    if (watermark !== null) await tx.query("update schedules set watermark = $2 where name = $1", [schedule.name, watermark]);
    for (const file of files) await keepFile(tx, schedule.name, run.id, file);
    await forgetOld(tx, schedule.name);
    const { model, version } = runOf(row);
    const drifted = summary?.drift?.filter((d) => d.verdict === "drifted").map((d) => d.name).slice(0, 20) ?? [];
    await appendAudit(tx, { actor: CLOCK, action: "batch.run.succeeded", model: model ?? undefined, version: version ?? undefined, detail: { schedule: schedule.name, run: run.id, due: run.dueAt, rows: summary?.rows ?? 0, bad: summary?.bad ?? 0, output: summary?.output ?? null, drifted } });
  });
}

/** Tried again after a pause, or failed for good: true. @throws schedule-run-lost */
export function fail(database: Database, claimed: Claimed, owner: string, failure: RunFailure, status: RunStatus, now: Date): Promise<boolean> {
  return database.transaction(async (tx) => {
    const { id } = claimed.run;
    await renewLease(tx, id, owner, status, now);
    const { retries, backoff } = claimed.schedule.definition;
    const { attempt } = claimed.run;
    if (attempt > retries || isFinal(failure)) {
      await keepFailure(tx, claimed, failure, now);
      return true;
    }
    const next = new Date(now.getTime() + Math.min(MAX_BACKOFF_MS, backoff * 2 ** (attempt - 1))).toISOString();
    await tx.query("update schedule_runs set state = 'waiting', lease_owner = null, lease_until = null, next_at = $2, reason = $3 where id = $1", [id, next, reasonOf(failure)]);
    return false;
  });
}

/** A server that stops gives back what it has in hand: it is no try that failed. */
export async function giveBack(database: Database, run: string, owner: string, log: string): Promise<void> {
  await database.query("update schedule_runs set state = 'waiting', attempt = attempt - 1, lease_owner = null, lease_until = null, next_at = null, log = $3 where id = $1 and lease_owner = $2 and state = 'running'", [run, owner, log]);
}

export async function seenFiles(database: Database, schedule: string): Promise<SeenFile[]> {
  const rows = await database.query<Row>("select path, bytes, modified_ms, sha256 from schedule_files where schedule = $1", [schedule]);
  return rows.map((r) => ({ path: r["path"] as string, bytes: Number(r["bytes"]), modifiedMs: Number(r["modified_ms"]), sha256: r["sha256"] as string }));
}

async function keepFailure(tx: Database, { run, schedule }: Claimed, failure: RunFailure, now: Date): Promise<void> {
  const [row] = await tx.query<Row>(`update schedule_runs set state = 'failed', lease_owner = null, lease_until = null, reason = $2, ended_at = $3 where id = $1 returning ${RUN_COLUMNS}`, [run.id, reasonOf(failure), now.toISOString()]);
  const { model, version } = runOf(row!);
  await appendAudit(tx, { actor: CLOCK, action: "batch.run.failed", model: model ?? modelNameOf(schedule.definition) ?? undefined, version: version ?? undefined, detail: { schedule: schedule.name, run: run.id, due: run.dueAt, tries: run.attempt, code: failure.code, reason: reasonOf(failure) } });
}
async function keepFile(tx: Database, schedule: string, run: string, { path, bytes, modifiedMs, sha256 }: SeenFile): Promise<void> {
  await tx.query("insert into schedule_files (schedule, path, bytes, modified_ms, sha256, run) values ($1, $2, $3, $4, $5, $6) on conflict (schedule, path, sha256) do update set bytes = $3, modified_ms = $4", [schedule, path, bytes, Math.trunc(modifiedMs), sha256, run]);
}
async function forgetOld(tx: Database, schedule: string): Promise<void> {
  await tx.query("delete from schedule_runs where schedule = $1 and state in ('succeeded', 'failed', 'skipped') and id < (select min(id) from (select id from schedule_runs where schedule = $1 order by id desc limit $2) as kept)", [schedule, KEPT_RUNS]);
}

/** What would be the same the next time: too many bad rows, a setting that cannot be, an output that is there. */
function isFinal({ code, kind }: RunFailure): boolean {
  return kind === "failed-check" || kind === "usage" || kind === "refused" || code === "batch-output-exists";
}
function reasonOf({ message, code, where, hint }: RunFailure): string {
  return `${message} [${code}]${where === undefined || message.includes(where) ? "" : ` (${where})`}${hint === undefined ? "" : `. ${hint}`}`.slice(0, MAX_REASON);
}
function leaseEnd(now: Date): string {
  return new Date(now.getTime() + LEASE_MS).toISOString();
}
function lost(run: string): Error {
  return scheduleError("schedule-run-lost", `the run ${run} is another server's now`);
}
