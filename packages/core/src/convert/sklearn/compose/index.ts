import type { EstimatorConverter } from "../contract.ts";

export const composeConverters: readonly EstimatorConverter[] = [
];
