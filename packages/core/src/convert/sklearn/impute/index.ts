import type { EstimatorConverter } from "../contract.ts";

export const imputeConverters: readonly EstimatorConverter[] = [
];
