import type { EstimatorConverter } from "../contract.ts";

export const metaConverters: readonly EstimatorConverter[] = [
];
