// What can be set for one model, under `models.NAME` of the configuration file.

import type { Settings } from "./spec.ts";

const split = {
  version: { type: "text", required: true, help: "the version, or an alias of one" },
  weight: { type: "number", required: true, min: 0, help: "its share, as a part of all weights" },
} as const;

const settings = {
  path: { type: "text", help: "a package or saved model to serve under this name, beside what the folder holds" },
  versions: {
    type: "section", help: "which versions of the folder are served; the latest one by default",
    fields: {
      latest: { type: "count", min: 1, max: 1000, help: "so many, counted from the highest" },
      all: { type: "flag", help: "every one" },
      specific: { type: "texts", help: "these" },
    },
  },
  aliases: { type: "map", keys: "aliases", of: { type: "text", help: "a version" }, help: "names for versions, such as `stable` or `canary`; requests without a version go to `production` or `stable` where there is one, else to the highest version" },
  traffic: {
    type: "section", help: "which version answers requests that name none",
    fields: {
      split: { type: "list", of: { type: "section", help: "", fields: split as typeof split }, help: "versions with their weights" },
      stickyHeader: { type: "text", pattern: "[A-Za-z0-9-]{1,100}", help: "requests with the same value of this header get the same version" },
      stickyColumn: { type: "text", help: "requests whose first row has the same value in this column get the same version" },
      overrideHeader: { type: "text", pattern: "[A-Za-z0-9-]{1,100}", help: "a header that chooses the version; x-slipway-version where there is a split" },
      experiment: { type: "text", pattern: "[A-Za-z0-9._-]{1,100}", help: "a name for the split, in metrics and in the x-slipway-experiment header of answers" },
      shadow: { type: "text", help: "a version that is asked the same after the answer; its answers are only compared" },
      shadowShare: { type: "number", min: 0, max: 1, default: 1, help: "the part of requests that the shadow is asked" },
    },
  },
  cache: {
    type: "section", help: "answers that are kept and given again for equal rows; never where a model is random",
    fields: {
      maxBytes: { type: "bytes", min: 1024, required: true, help: "what the kept answers may hold" },
      ttl: { type: "duration", min: 1, help: "how long an answer is kept; until it is pushed out by default" },
    },
  },
  importance: { type: "map", keys: "columns and outputs", of: { type: "number", min: 0, help: "its weight" }, help: "how much columns matter to the model: one that weighs less than a twentieth of the heaviest only warns when it drifts; alike by default, those not named weigh 1" },
  ranked: { type: "flag", help: "its score ranks the rows of a request beside each other: labels tell what each row is worth (0 or more), and it is judged by NDCG, mean average precision and mean reciprocal rank" },
  pin: { type: "flag", default: false, help: "never unload it for the memory budget" },
} as const;

export const MODEL_SETTINGS: typeof settings = settings;
export type ModelSettings = Settings<typeof settings>;
