import type { EstimatorConverter } from "../contract.ts";

export const preprocessConverters: readonly EstimatorConverter[] = [
];
