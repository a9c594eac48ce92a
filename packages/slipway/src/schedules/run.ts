// A schedule and a run as the database has them.

import type { BatchSummary } from "../batch/index.ts";
import type { Definition } from "./definition.ts";

export type ScheduleState = "active" | "paused" | "gone";
export interface Schedule {
  readonly name: string;
  readonly definition: Definition;
  readonly state: ScheduleState;
  /** ISO 8601; null where it is not active. */
  readonly nextAt: string | null;
  readonly watermark: string | null;
  readonly changedAt: string;
  readonly changedBy: string;
}

export type RunState = "waiting" | "running" | "succeeded" | "failed" | "skipped";
/** Why there is a run: its time came, somebody asked for it, or it was missed. */
export type RunCause = "schedule" | "manual" | "catch-up";
export interface ScheduleRun {
  readonly id: string;
  readonly schedule: string;
  /** What its names are filled in from. */
  readonly dueAt: string;
  readonly cause: RunCause;
  readonly state: RunState;
  /** Tries that were begun. */
  readonly attempt: number;
  /** When the next try may begin. */
  readonly nextAt: string | null;
  readonly model: string | null;
  readonly version: number | null;
  /** Why it failed or was skipped; while it waits, why the try before failed. */
  readonly reason: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly rows: number;
  readonly bad: number;
  readonly percent: number;
  readonly output: string | null;
}
export interface RunDetails extends ScheduleRun {
  /** The end of what it said. */
  readonly log: string;
  readonly summary: BatchSummary | null;
}

export type Row = Readonly<Record<string, string | number | null>>;

export const SCHEDULE_COLUMNS = "name, definition, state, next_at, watermark, changed_at, changed_by";
export const RUN_COLUMNS = "id, schedule, due_at, cause, state, attempt, next_at, model, version, reason, created_at, created_by, started_at, ended_at, rows_read, rows_bad, percent, output";

export function scheduleOf(r: Row): Schedule {
  return {
    name: r["name"] as string, definition: JSON.parse(r["definition"] as string) as Definition, state: r["state"] as ScheduleState, nextAt: r["next_at"] as string | null, watermark: r["watermark"] as string | null,
    changedAt: r["changed_at"] as string, changedBy: r["changed_by"] as string,
  };
}
export function runOf(r: Row): ScheduleRun {
  const text = (key: string): string | null => r[key] as string | null;
  return {
    id: r["id"] as string, schedule: r["schedule"] as string, dueAt: r["due_at"] as string, cause: r["cause"] as RunCause, state: r["state"] as RunState, attempt: Number(r["attempt"]), nextAt: text("next_at"),
    model: text("model"), version: r["version"] === null ? null : Number(r["version"]), reason: text("reason"), createdAt: r["created_at"] as string, createdBy: r["created_by"] as string, startedAt: text("started_at"), endedAt: text("ended_at"),
    rows: Number(r["rows_read"]), bad: Number(r["rows_bad"]), percent: Number(r["percent"]), output: text("output"),
  };
}
export function detailsOf(r: Row): RunDetails {
  return { ...runOf(r), log: r["log"] as string, summary: r["summary"] === null ? null : JSON.parse(r["summary"] as string) as BatchSummary };
}
