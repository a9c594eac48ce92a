export { calibration, expectedCalibrationError, type CalibrationBin } from "./calibration.ts";
export { classificationMetrics, confusion, type Classified } from "./classification.ts";
export { bootstrap, percentileInterval, type Interval, type Resampled } from "./bootstrap.ts";
export { type Metric, type Weights } from "./metric.ts";
export { normalNumbers, randomNumbers } from "./random.ts";
export { quantile } from "./quantile.ts";
export { rankingAuc, rocAuc } from "./roc-auc.ts";
export { regressionMetrics } from "./regression.ts";
