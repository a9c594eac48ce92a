export { rolloutError } from "./errors.ts";
export type { LabelSource } from "./labels.ts";
export { readPlan, stageName, stagesOf, type Stage } from "./plan.ts";
export { rolloutFamilies } from "./metrics.ts";
export { RolloutReplica, type ReplicaOptions } from "./replica.ts";
export { weightOf, type Rollout, type RolloutDetails, type RolloutEvent, type RolloutSample, type Return, type RolloutState, type SampleSide } from "./rollout.ts";
export { Rollouts, type RolloutOptions, type StartRollout } from "./rollouts.ts";
