// What `slipway test` asks of a model, under `gate` of the configuration file.

import type { Settings } from "./spec.ts";

const bar = {
  min: { type: "number", min: -1e300, help: "at least this" },
  max: { type: "number", min: -1e300, help: "at most this" },
  sliceMin: { type: "number", min: -1e300, help: "at least this in every slice with enough rows" },
  sliceMax: { type: "number", min: -1e300, help: "at most this in every slice with enough rows" },
  maxLoss: { type: "number", help: "how much worse than the baseline it may be" },
  maxRelativeLoss: { type: "number", max: 1, help: "the same as a part of the baseline's figure" },
  sure: { type: "flag", default: false, help: "the whole confidence interval has to keep `min` and `max`, not the figure alone" },
} as const;

const rule = {
  kind: { type: "choice", choices: ["invariant", "increasing", "decreasing"], required: true, help: "what the answer does when the column changes and nothing else does" },
  column: { type: "text", required: true, help: "the column that is changed" },
  by: { type: "number", min: -1e300, help: "what is added to a number; a tenth of the spread of the rows by default" },
  values: { type: "texts", help: "of a text column: what it is changed to; its known categories by default" },
  output: { type: "text", help: "the output that is looked at: the probabilities, else the value, else the score, else the label by default" },
  entry: { type: "text", help: "which class or target of the output; the last one by default" },
  tolerance: { type: "number", default: 1e-9, help: "a change of this size is none" },
  maxShare: { type: "number", max: 1, default: 0, help: "the part of rows that may break the rule" },
} as const;

const settings = {
  skip: { type: "texts", flag: false, help: "tests that are not run" },
  require: { type: "texts", flag: false, help: "tests that must pass or warn: where one is skipped, the gate is not passed" },
  slices: { type: "texts", flag: false, help: "columns of the labelled data by whose values quality is told, as --slice" },
  group: { type: "text", flag: false, help: "column of the labelled data that says which rows are ranked together, such as a query: ndcg, map and mrr are told" },
  time: { type: "text", flag: false, help: "column of the labelled data that says when a row was: figures of forecasts are told, and whether the newest rows are answered worse" },
  series: { type: "text", flag: false, help: "column that says which series a row of a forecast belongs to" },
  season: { type: "count", min: 1, flag: false, help: "rows of a series after which it repeats: what mase compares with; 1 by default" },
  maxAgeDays: { type: "number", flag: false, help: "days after which a model is too old to be released" },
  baseline: { type: "text", flag: false, help: "the model to compare with, as --baseline: a path, NAME@production, oci://..." },
  browser: { type: "text", flag: false, help: "the program of a Chromium or Chrome, in which the rows are replayed; without it the browser's module runs in Node" },
  minSliceRows: { type: "count", min: 2, default: 30, flag: false, help: "smaller slices are told and not judged" },
  parity: {
    type: "section", flag: false, help: "how near the package has to be to what the notebook predicted",
    fields: {
      maxRowsBeyond: { type: "number", max: 1, default: 0.001, help: "the part of rows with a number beyond its tolerance" },
      maxLabelFlips: { type: "number", max: 1, default: 0.0001, help: "the part of labels that differ" },
      maxMetricLoss: { type: "number", default: 0.001, help: "how much worse than with the notebook's predictions a figure may be; of figures above 1, as a part of them" },
    },
  },
  budgets: {
    type: "section", flag: false, help: "what a prediction may cost; only what is set is judged",
    fields: {
      p50Ms: { type: "number", help: "median milliseconds of a call with one row" },
      p99Ms: { type: "number", help: "99th percentile of the same" },
      maxSlowdown: { type: "number", min: 1, help: "how many times as long as the baseline a row may take, alone and in batches; 3 by default" },
      minRowsPerSecond: { type: "number", help: "rows a second in batches of 256" },
      memory: { type: "bytes", help: "resident memory of the process that tests" },
      packageSize: { type: "bytes", help: "size of the package" },
    },
  },
  quality: { type: "map", keys: "metrics", of: { type: "section", help: "", fields: bar as typeof bar }, flag: false, help: "bars on labelled data, by metric: accuracy, balanced_accuracy, f1_macro, log_loss, brier_score, roc_auc, calibration_error; mae, rmse, r2, mape; of forecasts wape, smape, bias, mase; of rankings ndcg, ndcg_5, map, mrr" },
  weakSegments: {
    type: "section", flag: false, help: "parts of the labelled rows where the model is worse than elsewhere",
    fields: { maxLoss: { type: "number", help: "how much larger the part of wrong rows (of numbers: the mean error, as a part of it) may be there than elsewhere" } },
  },
  calibration: { type: "section", flag: false, help: "whether probabilities mean what they say", fields: { maxError: { type: "number", max: 1, help: "expected calibration error" } } },
  skew: {
    type: "section", flag: false, help: "how far labelled rows may be from the package's profile",
    fields: {
      maxPsi: { type: "number", help: "population stability index of a column; 0.5 by default" },
      ignore: { type: "texts", help: "columns that may be as far as they like" },
    },
  },
  leakage: {
    type: "section", flag: false, help: "what is taken for a leak",
    fields: {
      accept: { type: "texts", help: "columns that may tell the target by themselves" },
      maxSeen: { type: "number", max: 1, help: "the part of labelled rows that may be among those the model was made with; 0.2 by default" },
    },
  },
  robustness: {
    type: "section", flag: false, help: "the part of rows whose label may change (of numbers: the mean change, in standard deviations of the answers); only what is set is judged",
    fields: {
      noise: { type: "number", help: "numbers with noise of a hundredth of their spread" },
      typos: { type: "number", help: "texts with two letters exchanged" },
      missing: { type: "number", help: "a column that may be missing left out" },
      units: { type: "number", help: "one number a thousandfold" },
    },
  },
  rules: { type: "list", of: { type: "section", help: "", fields: rule as typeof rule }, flag: false, help: "what must hold when one column changes: invariances and directions" },
} as const;

export const GATE_SETTINGS: typeof settings = settings;
export type GateSettings = Settings<typeof settings>;
