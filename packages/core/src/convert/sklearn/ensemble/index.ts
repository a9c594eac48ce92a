import type { EstimatorConverter } from "../contract.ts";
import { forestClassifier, forestRegressor, randomTreesEmbedding } from "./forest.ts";

export const ensembleConverters: readonly EstimatorConverter[] = [
  forestClassifier, forestRegressor, randomTreesEmbedding,
];
