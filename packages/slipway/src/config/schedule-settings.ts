// Batch runs that `slipway up` makes by the clock, under `schedules.NAME` of the configuration file.

import type { Settings } from "./spec.ts";

const settings = {
  model: { type: "text", required: true, help: "the model: a version or an alias of the registry such as sales@production, looked up at every run, or a package's path" },
  input: { type: "texts", required: true, help: "what is scored, as `slipway batch --in`; may hold {{date}} and the like" },
  output: { type: "text", required: true, help: "where it goes, as `slipway batch --out`; holds {{date}}, {{datetime}} or the like, so that every run has its own" },
  every: { type: "text", required: true, help: "when: five fields of cron, such as 0 3 1 * * for the first of every month at three" },
  tz: { type: "text", default: "UTC", help: "the time zone of `every` and of dates in names, such as Europe/Berlin" },
  catchUp: { type: "choice", choices: ["none", "latest", "all"], default: "latest", help: "after a time without a server: which of the missed runs are made up for" },
  retries: { type: "count", max: 20, default: 2, help: "how often a run that failed is tried again, going on where it stopped" },
  backoff: { type: "duration", min: 100, max: 86_400_000, default: 60_000, help: "the pause before the first of them; every further one is twice as long, up to a day" },
  timeout: { type: "duration", min: 1000, max: 2_592_000_000, default: 86_400_000, help: "longest time for one try" },
  maxErrors: { type: "text", pattern: "\\d+(?:\\.\\d+)?%|\\d+", default: "0.1%", help: "bad rows that are allowed: a number, or a share" },
  watermark: { type: "text", help: "a column that only grows, such as updated_at: each run takes the rows beyond what the last good run saw" },
  newFiles: { type: "flag", default: false, help: "each run takes only files that no good run has seen" },
  overwrite: { type: "flag", default: false, help: "whether a run may replace the output of another one" },
  query: { type: "text", help: "what to score, as SQL over the input, which it calls input" },
  horizon: { type: "count", min: 1, max: 10_000, help: "forecasts so many periods of each series of the input, which is their history, as `slipway batch --horizon`" },
  future: { type: "texts", help: "with `horizon`: files of what is known of the periods to come, as `slipway batch --future`; may hold {{date}} and the like" },
  format: { type: "choice", choices: ["csv", "tsv", "jsonl", "parquet", "arrow", "json", "image"], help: "what the input is, where its name does not say" },
  to: { type: "choice", choices: ["csv", "tsv", "jsonl", "parquet", "arrow", "arrows"], help: "what the output is, where its name does not say" },
  image: { type: "text", help: "how pictures become what the model takes, as `slipway batch --image`" },
  skipBroken: { type: "flag", default: false, help: "leave out files that cannot be read, from where they break; each is named among the bad rows" },
  delimiter: { type: "text", pattern: "[\\x09\\x20-\\x7e]", help: "between the fields of a CSV; found by itself otherwise" },
  keep: { type: "texts", help: "input columns to pass through: their names, or all, none or unused (by default)" },
  outputs: { type: "texts", help: "the model's outputs to write; all by default" },
  ids: { type: "flag", default: true, help: "whether rows get prediction_id and model_version" },
  on: { type: "choice", choices: ["postgres"], help: "who makes the parts, if not a process of `slipway up`: `slipway worker` processes with the same SLIPWAY_DATABASE_URL, over storage that all share" },
  attempts: { type: "count", min: 1, max: 100, help: "with `on`: so often a part is tried within one try of the run before it is set aside; 5 by default" },
  threads: { type: "count", min: 1, max: 256, help: "threads that score; by default half of the processors, so that serving goes on" },
} as const;

export const SCHEDULE_SETTINGS: typeof settings = settings;
export type ScheduleSettings = Settings<typeof settings>;
