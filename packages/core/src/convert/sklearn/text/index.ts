import type { EstimatorConverter } from "../contract.ts";

export const textConverters: readonly EstimatorConverter[] = [
];
