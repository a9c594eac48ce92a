import type { EstimatorConverter } from "../contract.ts";
import { missingIndicator, simpleImputer } from "./simple-imputer.ts";

export const imputeConverters: readonly EstimatorConverter[] = [
  simpleImputer, missingIndicator,
];
