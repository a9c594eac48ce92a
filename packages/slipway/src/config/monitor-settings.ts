// How models are watched, under `monitor` of the configuration file.

import { ALERT_SETTINGS } from "./alert-settings.ts";
import type { Settings } from "./spec.ts";

const settings = {
  off: { type: "flag", default: false, help: "do not watch what models are asked and answer" },
  store: { type: "text", value: "PATH|URL", help: "where what is counted is kept: a SQLite file, or postgres://... that several replicas share; in memory by default, and with slipway up in its database" },
  window: { type: "duration", min: 1000, max: 86_400_000, default: 600_000, value: "TIME", help: "length of the windows that are counted and compared" },
  interval: { type: "duration", min: 100, max: 3_600_000, default: 10_000, value: "TIME", help: "how often what was counted is written: the most that a crash can lose" },
  keep: { type: "duration", min: 60_000, default: 2_592_000_000, value: "TIME", help: "how long windows, predictions and labels are kept" },
  predictions: { type: "count", max: 1_000_000, default: 1000, value: "N", help: "predictions of each model, in each window and process, that are kept to be compared with labels; an even share where there are more, 0 for none" },
  feedbackKey: { type: "text", flag: "feedback-key", value: "COLUMN", help: "a column, whether models take it or not, by whose value labels may be sent" },
  season: { type: "choice", choices: ["none", "day", "week"], default: "none", value: "WHICH", help: "do not call drift what is as it was at the same time of former days or weeks" },
  log: { type: "text", flag: "prediction-log", value: "DIR", help: "write rows and answers to files of this folder as JSON lines, without what --redact names; for slipway monitor query" },
  logShare: { type: "number", min: 0, max: 1, default: 1, flag: "prediction-log-share", value: "SHARE", help: "share of the requests that are written there" },
  logBytes: { type: "bytes", min: 1_048_576, default: 1_073_741_824, flag: "prediction-log-bytes", value: "BYTES", help: "what the files may take; the oldest go first" },
  alerts: { type: "section", flag: false, fields: ALERT_SETTINGS as typeof ALERT_SETTINGS, help: "when people are told, and how" },
} as const;

export const MONITOR_SETTINGS: typeof settings = settings;
export type MonitorSettings = Settings<typeof settings>;
