// Schedules and runs for people.

import type { RunDetails, Schedule, ScheduleRun } from "../../schedules/index.ts";
import { batchReport, count, duration } from "../batch-report.ts";
import { minute } from "../registry/with-registry.ts";
import { textTable } from "../table.ts";

export function scheduleTable(found: readonly Schedule[]): string {
  return textTable(["schedule", "model", "every", "time zone", "next (UTC)", "output"], found.map((s) => [s.name, s.definition.model, s.definition.every, s.definition.tz, s.state === "paused" ? "paused" : s.nextAt === null ? "never" : minute(s.nextAt), s.definition.output]));
}
export function runTable(found: readonly ScheduleRun[]): string {
  return textTable(["run", "for (UTC)", "why", "state", "model", "rows", "bad", "took", ""], found.map((r) => [
    r.id, minute(r.dueAt), r.cause, r.state === "running" ? `${r.percent} %` : r.state, r.model === null ? "-" : `${r.model}:${r.version}`, count(r.rows), count(r.bad), tookOf(r), r.reason ?? r.output ?? ""]));
}
export function runReport({ schedule, dueAt, state, attempt, reason, log, summary, nextAt }: RunDetails): string {
  return [
    `${schedule}, for ${minute(dueAt)} UTC: ${state}${attempt > 1 ? `, try ${attempt}` : ""}`,
    ...(reason === null ? [] : [reason]), ...(state === "waiting" && nextAt !== null ? [`tried again at ${minute(nextAt)} UTC by slipway up`] : []),
    ...(summary === null ? [] : ["", batchReport(summary)]), "", log.trimEnd(),
  ].join("\n");
}
function tookOf({ startedAt, endedAt }: ScheduleRun): string {
  return startedAt === null || endedAt === null ? "-" : duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
}
