import type { EstimatorConverter } from "../contract.ts";

export const ensembleConverters: readonly EstimatorConverter[] = [
];
