// What /api/v1/rollouts answers: the server's own types, erased.

import type { Rollout, RolloutDetails } from "../../../slipway/src/registry-api/answers.ts";

export type { Rollout, RolloutDetails };
export type RolloutState = Rollout["state"];
export type Stage = Rollout["stages"][number];
export type Finding = Rollout["findings"][number];
export type Verdict = Rollout["verdict"];
export type SampleSide = RolloutDetails["samples"][number]["canary"];
