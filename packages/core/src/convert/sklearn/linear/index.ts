import type { EstimatorConverter } from "../../conversion/contract.ts";
import { linearDiscriminantAnalysis, quadraticDiscriminantAnalysis } from "./discriminant-analysis.ts";
import { dummyClassifier, dummyRegressor } from "./dummy.ts";
import { gaussianProcessRegressor } from "./gaussian-process.ts";
import { binaryGaussianProcessClassifier, gaussianProcessClassifier } from "./gaussian-process-classifier.ts";
import { isotonicRegression } from "./isotonic.ts";
import { kernelRidge } from "./kernel-ridge.ts";
import { plainLinearClassifier, ridgeClassifier } from "./linear-classifier.ts";
import { generalizedLinearRegressor, linearRegressor, ransacRegressor } from "./linear-regressor.ts";
import { logisticRegression } from "./logistic-regression.ts";
import { partialLeastSquares } from "./partial-least-squares.ts";
import { sgdClassifier, sgdOneClassSvm } from "./sgd-classifier.ts";

export const linearConverters: readonly EstimatorConverter[] = [
  linearRegressor, ransacRegressor, generalizedLinearRegressor, isotonicRegression, partialLeastSquares,
  logisticRegression, plainLinearClassifier, ridgeClassifier, sgdClassifier, sgdOneClassSvm,
  linearDiscriminantAnalysis, quadraticDiscriminantAnalysis,
  kernelRidge, gaussianProcessRegressor, gaussianProcessClassifier, binaryGaussianProcessClassifier, dummyRegressor, dummyClassifier,
];
