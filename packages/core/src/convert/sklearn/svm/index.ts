import type { EstimatorConverter } from "../../conversion/contract.ts";
import { supportVectorClassifier } from "./support-vector-classifier.ts";
import { oneClassSvm, supportVectorRegressor } from "./support-vector-regressor.ts";

export const svmConverters: readonly EstimatorConverter[] = [
  supportVectorClassifier, supportVectorRegressor, oneClassSvm,
];
