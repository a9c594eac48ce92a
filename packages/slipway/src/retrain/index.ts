export { retrainError } from "./errors.ts";
export type { HeldTrigger, Retrain, RetrainDetails, RetrainEvent, RetrainSetup, RetrainState } from "./retrain.ts";
export { Retrainer, type RetrainerOptions, type Workshop } from "./retrainer.ts";
export { Retrains } from "./retrains.ts";
export type { MetricStretch, RetrainSignals } from "./triggers.ts";
