import type { EstimatorConverter } from "../contract.ts";
import { plainLinearClassifier, ridgeClassifier } from "./linear-classifier.ts";
import { generalizedLinearRegressor, linearRegressor, ransacRegressor } from "./linear-regressor.ts";
import { logisticRegression } from "./logistic-regression.ts";

export const linearConverters: readonly EstimatorConverter[] = [
  linearRegressor, ransacRegressor, generalizedLinearRegressor,
  logisticRegression, plainLinearClassifier, ridgeClassifier,
];
