// Errors of schedules and of their runs.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "schedule-invalid": { kind: "usage", doc: "A schedule of the configuration cannot be: its cron expression, its time zone, a name in its paths, or two of its settings together. The error says which." },
  "schedule-unknown": { kind: "not-found", doc: "There is no schedule of that name. They stand under `schedules` of the configuration file of `slipway up`; `slipway schedules list` shows them." },
  "schedule-run-unknown": { kind: "not-found", doc: "The schedule has no run with that id." },
  "schedule-busy": { kind: "conflict", doc: "A run of this schedule goes on already: runs of one schedule do not overlap." },
  "schedule-run-lost": { kind: "conflict", doc: "Another server took the run over: this one did not say for too long that it goes on." },
  "schedule-run-timeout": { kind: "timeout", doc: "A try of a scheduled run took longer than its `timeout`. The next one goes on where it stopped." },
  "schedule-run-incomplete": { kind: "unavailable", doc: "Workers could not make some parts of a scheduled run, however often they tried. What is good of it is there; the next try makes the others." },
  "schedule-run-ended": { kind: "internal", doc: "The process of a scheduled run ended before it was done: killed, or out of memory. The next try goes on where it stopped." },
} as const;

export const scheduleError: ErrorMaker<typeof table> = defineErrors(table);
