// How a new version takes over from the one before, under `rollout` of the configuration file.

import type { Settings } from "./spec.ts";

const step = {
  weight: { type: "number", required: true, min: 0.01, max: 100, help: "the part of requests that the new version answers, in per cent" },
  bake: { type: "duration", help: "the least time that the step lasts; `rollout.bake` by default" },
  requests: { type: "count", min: 1, help: "how many requests the new version has to answer in it; `rollout.requests` by default" },
} as const;

const window = {
  from: { type: "text", help: "when it begins, such as 2026-12-23T12:00:00Z" },
  to: { type: "text", help: "when it ends" },
  every: { type: "text", help: "or when it begins each time, in cron's five fields: 0 16 * * 5 is Fridays at four" },
  lasts: { type: "duration", min: 60_000, max: 2_678_400_000, help: "and how long it lasts from there" },
  tz: { type: "text", default: "UTC", help: "the time zone of `every`, such as Europe/Berlin" },
} as const;

const settings = {
  shadow: {
    type: "section", flag: false, help: "the new version is asked what the old one answers, and only compared",
    fields: {
      skip: { type: "flag", default: false, help: "go on without it" },
      requests: { type: "count", min: 1, default: 1000, help: "how many requests have to be compared" },
      share: { type: "number", min: 0.0001, max: 1, default: 1, help: "the part of requests that it is shown" },
      maxDisagreement: { type: "number", max: 1, default: 0.1, help: "the part of labels that may differ" },
      maxDifference: { type: "number", default: 0.5, help: "how far numbers may be apart: the root mean square, in standard deviations of the old version's" },
    },
  },
  steps: { type: "list", of: { type: "section", help: "", fields: step as typeof step }, flag: false, help: "the way from the first requests to all of them; 1, 5, 25, 50 and 100 per cent by default" },
  bake: { type: "duration", min: 0, max: 2_678_400_000, default: 300_000, flag: false, help: "the least time of a step" },
  requests: { type: "count", min: 1, default: 200, flag: false, help: "how many requests the new version has to answer in a step" },
  alpha: { type: "number", min: 1e-9, max: 0.5, default: 0.001, flag: false, help: "the chance of aborting, over its whole course, a version that keeps every margin" },
  errorMargin: { type: "number", max: 1, default: 0.01, flag: false, help: "how much larger the part of failed requests may be than the old version's" },
  latencyRatio: { type: "number", min: 1, default: 1.2, flag: false, help: "slow is what takes longer than the old version's 99th percentile times this" },
  latencySlack: { type: "duration", min: 0, default: 10, flag: false, help: "and at least so much longer" },
  slowMargin: { type: "number", max: 1, default: 0.01, flag: false, help: "how much larger the part of slow answers may be" },
  expectChange: { type: "flag", default: false, flag: false, help: "the new version is to answer otherwise than the old one: how much it does aborts nothing, and beyond those bounds only labels let it go on" },
  labelMargin: { type: "number", max: 1, default: 0.02, flag: false, help: "how much larger the part of predictions may be that labels show to be wrong" },
  lossMargin: { type: "number", max: 10, default: 0.05, flag: false, help: "of numbers: how much larger their error may be than the old version's, as a part of it" },
  loss: { type: "choice", choices: ["absolute", "squared"], default: "absolute", flag: false, help: "what the error of a number is: its distance from what was true, or the square of that" },
  maxPsi: { type: "number", default: 0.25, flag: false, help: "how far the distribution of predictions may be from the old version's, as a population stability index" },
  interval: { type: "duration", min: 20, max: 60_000, default: 1000, flag: false, help: "how often counts are written down and judged" },
  keep: { type: "duration", max: 2_678_400_000, default: 3_600_000, flag: false, help: "how long the old version stays loaded after the end" },
  freeze: { type: "list", of: { type: "section", help: "", fields: window as typeof window }, flag: false, help: "times in which nothing goes forward by itself; going back is always possible" },
} as const;

export const ROLLOUT_SETTINGS: typeof settings = settings;
export type RolloutSettings = Settings<typeof settings>;
