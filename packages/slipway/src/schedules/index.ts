export { modelNameOf, readDefinitions, type Definition } from "./definition.ts";
export type { RunDetails, Schedule, ScheduleRun } from "./run.ts";
export { Scheduler, type SchedulerOptions } from "./scheduler.ts";
export { Schedules } from "./schedules.ts";
export { shownSchedule } from "./shown.ts";
