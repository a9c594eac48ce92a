import type { EstimatorConverter } from "../contract.ts";

export const decompositionConverters: readonly EstimatorConverter[] = [
];
