import type { EstimatorConverter } from "../contract.ts";

export const clusterConverters: readonly EstimatorConverter[] = [
];
