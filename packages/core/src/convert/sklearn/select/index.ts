import type { EstimatorConverter } from "../contract.ts";

export const selectConverters: readonly EstimatorConverter[] = [
];
