import type { EstimatorConverter } from "../../conversion/contract.ts";
import { iterativeImputer } from "./iterative-imputer.ts";
import { knnImputer } from "./knn-imputer.ts";
import { missingIndicator, simpleImputer } from "./simple-imputer.ts";

export const imputeConverters: readonly EstimatorConverter[] = [
  simpleImputer, missingIndicator, knnImputer, iterativeImputer,
];
