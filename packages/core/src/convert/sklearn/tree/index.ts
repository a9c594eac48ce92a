import type { EstimatorConverter } from "../contract.ts";

export const treeConverters: readonly EstimatorConverter[] = [
];
