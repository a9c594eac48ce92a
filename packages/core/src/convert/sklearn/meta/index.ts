import type { EstimatorConverter } from "../../conversion/contract.ts";
import { calibratedClassifierCV } from "./calibrated.ts";
import { constantPredictor } from "./constant-predictor.ts";
import { frozen, search, selfTraining } from "./delegates.ts";
import { classifierChain, multiOutputClassifier, multiOutputRegressor, regressorChain } from "./multi-output.ts";
import { oneVsOneClassifier, oneVsRestClassifier, outputCodeClassifier } from "./multiclass.ts";
import { stackingClassifier, stackingRegressor } from "./stacking.ts";
import { fixedThreshold, tunedThreshold } from "./thresholds.ts";
import { transformedTargetRegressor } from "./transformed-target.ts";
import { votingClassifier, votingRegressor } from "./voting.ts";

export const metaConverters: readonly EstimatorConverter[] = [
  search, frozen, selfTraining, fixedThreshold, tunedThreshold, calibratedClassifierCV, votingClassifier, votingRegressor,
  stackingClassifier, stackingRegressor, multiOutputClassifier, multiOutputRegressor, classifierChain, regressorChain,
  oneVsRestClassifier, oneVsOneClassifier, outputCodeClassifier, constantPredictor, transformedTargetRegressor,
];
