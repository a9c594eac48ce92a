import type { EstimatorConverter } from "../contract.ts";

export const neuralConverters: readonly EstimatorConverter[] = [
];
