import type { EstimatorConverter } from "../../conversion/contract.ts";
import { recursiveElimination, sequentialFeatureSelector } from "./recursive.ts";
import { selectFromModel } from "./select-from-model.ts";
import { univariateSelect, varianceThreshold } from "./univariate.ts";

export const selectConverters: readonly EstimatorConverter[] = [
  univariateSelect, varianceThreshold, selectFromModel, recursiveElimination, sequentialFeatureSelector,
];
