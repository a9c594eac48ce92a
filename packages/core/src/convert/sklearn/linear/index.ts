import type { EstimatorConverter } from "../contract.ts";

export const linearConverters: readonly EstimatorConverter[] = [
];
