import type { EstimatorConverter } from "../contract.ts";

export const neighborsConverters: readonly EstimatorConverter[] = [
];
