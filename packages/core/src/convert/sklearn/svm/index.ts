import type { EstimatorConverter } from "../contract.ts";

export const svmConverters: readonly EstimatorConverter[] = [
];
