// A pipeline or an ensemble of the served models, under `pipelines.NAME` of the configuration file.

import type { Settings } from "./spec.ts";

const step = {
  name: { type: "text", pattern: "[A-Za-z0-9_-]{1,100}", help: "what other steps call it; the model's name by default" },
  model: { type: "text", help: "the served model that it asks" },
  version: { type: "text", help: "a version or alias of the model" },
  inputs: { type: "map", keys: "columns of the model", of: { type: "text", help: "a column of the request, or STEP.OUTPUT or STEP.OUTPUT.ENTRY" }, help: "where the model's columns come from; from the request's column of the same name by default" },
  combine: { type: "choice", choices: ["mean", "weighted", "vote", "first", "argmax"], help: "in place of a model: what becomes of the values in `of`. `mean` and `weighted` of numbers, `vote` for the commonest label (of equally common ones that which comes first), `first` that is not missing, `argmax` for the label with the largest of one output's entries" },
  of: { type: "texts", help: "STEP.OUTPUT or STEP.OUTPUT.ENTRY, for `combine`" },
  guard: { type: "text", help: "in place of a model: what must keep a rule, a column of the request, STEP.OUTPUT or STEP.OUTPUT.ENTRY. A row that breaks it is refused, and steps listed after it are not asked about that row" },
  maxCharacters: { type: "count", min: 1, max: 10_000_000, help: "for `guard`: more are too many" },
  words: { type: "texts", help: "for `guard`: words that may not come, in any case" },
  pattern: { type: "text", help: "for `guard`: a pattern in RE2's syntax that may not match, in any case; the time it takes grows with the text alone" },
  classifier: { type: "text", help: "for `guard`: the served model that gives the text a label, which `allow` and `deny` are about" },
  allow: { type: "texts", help: "for `guard`: the only values that may come" },
  deny: { type: "texts", help: "for `guard`: values that may not come" },
  atLeast: { type: "number", min: -1e300, help: "for `guard`: the smallest number that may come" },
  atMost: { type: "number", min: -1e300, help: "for `guard`: the largest number that may come" },
  message: { type: "text", help: "for `guard`: what who asked is told" },
  weights: { type: "list", of: { type: "number", min: 0, help: "" }, help: "one for each of `of`, for `weighted`; for `vote` as well" },
} as const;

const settings = {
  version: { type: "text", default: "1.0.0", help: "the pipeline's own version" },
  steps: { type: "list", required: true, of: { type: "section", help: "", fields: step as typeof step }, help: "models, combinations and guards, in any order; a guard stands before what it keeps away from" },
  outputs: { type: "map", keys: "outputs' names", of: { type: "text", help: "STEP, STEP.OUTPUT or STEP.OUTPUT.ENTRY" }, help: "what it answers; every output of the last step by default" },
} as const;

export const PIPELINE_SETTINGS: typeof settings = settings;
export type PipelineSettings = Settings<typeof settings>;
export type StepSettings = PipelineSettings["steps"][number];
