import type { EstimatorConverter } from "../contract.ts";

export const bayesConverters: readonly EstimatorConverter[] = [
];
