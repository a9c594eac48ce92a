// When and how a model is trained anew, under `retrain.MODEL` of the configuration file.

import type { Settings } from "./spec.ts";

const figure = {
  name: { type: "text", required: true, help: "the metric, as the monitor calls it: accuracy, f1_macro, roc_auc, mae ..." },
  below: { type: "number", min: -1e300, help: "it is too low below this" },
  above: { type: "number", min: -1e300, help: "it is too high above this" },
  rows: { type: "count", min: 1, help: "of a stretch of time with fewer rows nothing is said; 200 by default" },
  stretch: { type: "duration", min: 1000, max: 604_800_000, help: "how long a stretch is, in whole windows of the monitor; three and a half hours by default" },
} as const;

const settings = {
  command: { type: "texts", help: "the program that trains and its arguments, run without a shell; without one an outside service hears of `retrain.started` by webhook and hands a version in" },
  folder: { type: "text", help: "where it runs; where `slipway up` runs by default" },
  output: { type: "text", help: "the file that it writes, in that folder; by default where SLIPWAY_OUTPUT says" },
  check: { type: "text", help: "a check file that it writes beside: rows with what the new model predicted, from which the package gets its checks and its profile, so that it can be watched; by default where SLIPWAY_CHECK says, if it writes one there" },
  data: { type: "text", help: "where the new data is: SLIPWAY_DATA for the program, and the version's training data" },
  env: { type: "texts", help: "variables of the server that the program gets beside PATH, HOME, LANG and TMPDIR" },
  timeout: { type: "duration", min: 100, max: 604_800_000, default: 3_600_000, help: "longest time for the program, or for the outside service" },
  cooldown: { type: "duration", max: 31_536_000_000, default: 86_400_000, help: "so long after one training no trigger begins another" },
  interval: { type: "duration", min: 100, max: 86_400_000, default: 60_000, help: "how often its triggers are looked at" },
  alias: { type: "text", default: "production", help: "the alias whose version is watched, and which the new one is to take over" },
  expectChange: { type: "flag", default: true, help: "`rollout.expectChange` for what comes of it: a version that was trained because the world has changed answers otherwise, and labels judge whether better" },
  triggers: {
    type: "section", help: "what begins it; each alone does",
    fields: {
      drift: { type: "flag", help: "the monitor sees drift" },
      metric: { type: "section", help: "a metric of ripe labels is too bad", fields: figure as typeof figure },
      estimate: { type: "section", help: "what the monitor estimates without labels is too bad in two of three stretches", fields: figure as typeof figure },
      newLabels: { type: "count", min: 1, help: "so many labels came since the last training" },
      age: { type: "duration", min: 1000, help: "the version is older than this" },
      schedule: { type: "text", help: "five fields of cron" },
      tz: { type: "text", help: "the time zone of `schedule`; UTC by default" },
    },
  },
} as const;

export const RETRAIN_SETTINGS: typeof settings = settings;
export type RetrainSettings = Settings<typeof settings>;
