export { runBatch } from "./run/run-batch.ts";
export type { BatchOptions, BatchSummary, Progress } from "./run/options.ts";
export { placeOutput, type OutputPlace } from "./run/output-place.ts";
export { readErrorLimit, type ErrorLimit } from "./run/limits.ts";
export { findInput, INPUT_FORMATS, type InputFormat } from "./input/sources.ts";
export type { Keep } from "./rows/columns.ts";
export type { SeenOutput } from "./run/messages.ts";
export { planBatch, type BatchPlan } from "./plan/plan-batch.ts";
export { retryBatch, type RetryOptions, type RetrySummary } from "./retry/retry-batch.ts";
