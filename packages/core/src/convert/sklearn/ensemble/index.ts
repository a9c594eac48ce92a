import type { EstimatorConverter } from "../../conversion/contract.ts";
import { adaBoostClassifier, adaBoostRegressor } from "./adaboost.ts";
import { baggingClassifier, baggingRegressor } from "./bagging.ts";
import { forestClassifier, forestRegressor, randomTreesEmbedding } from "./forest.ts";
import { gradientBoostingClassifier, gradientBoostingRegressor } from "./gradient-boosting.ts";
import { histGradientBoostingClassifier, histGradientBoostingRegressor } from "./hist-gradient-boosting.ts";
import { isolationForest } from "./isolation-forest.ts";

export const ensembleConverters: readonly EstimatorConverter[] = [
  forestClassifier, forestRegressor, randomTreesEmbedding, isolationForest, gradientBoostingClassifier, gradientBoostingRegressor,
  histGradientBoostingClassifier, histGradientBoostingRegressor, adaBoostClassifier, adaBoostRegressor, baggingClassifier, baggingRegressor,
];
