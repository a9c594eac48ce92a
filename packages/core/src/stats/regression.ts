// Figures of merit of a regression, as scikit-learn 1.9 defines them (sklearn.metrics): mean absolute error, root mean
// squared error, R2 (NaN where the truth does not vary), mean absolute percentage error as a share (of 2^-52 at least).

import { weightedMean, type Metric, type Weights } from "./metric.ts";

export function regressionMetrics(truth: ArrayLike<number>, predicted: ArrayLike<number>): Metric[] {
  const n = truth.length;
  const error = (i: number): number => predicted[i]! - truth[i]!;
  return [
    { name: "mae", better: "lower", of: (w) => weightedMean(n, w, (i) => Math.abs(error(i))) },
    { name: "rmse", better: "lower", of: (w) => Math.sqrt(weightedMean(n, w, (i) => error(i) ** 2)) },
    {
      name: "r2", better: "higher",
      of: (w) => {
        const centre = weightedMean(n, w, (i) => truth[i]!);
        const spread = weightedMean(n, w, (i) => (truth[i]! - centre) ** 2);
        return spread === 0 ? NaN : 1 - weightedMean(n, w, (i) => error(i) ** 2) / spread;
      },
    },
    { name: "mape", better: "lower", of: (w) => weightedMean(n, w, (i) => Math.abs(error(i)) / Math.max(2 ** -52, Math.abs(truth[i]!))) },
  ];
}

/** Beside `regressionMetrics`: mean squared error, and mean squared log error with its root (NaN where a number is -1 or less). */
export function squaredMetrics(truth: ArrayLike<number>, predicted: ArrayLike<number>): Metric[] {
  const n = truth.length;
  const msle = (w: Weights): number => weightedMean(n, w, (i) => (truth[i]! > -1 && predicted[i]! > -1 ? (Math.log1p(predicted[i]!) - Math.log1p(truth[i]!)) ** 2 : NaN));
  return [
    { name: "mse", better: "lower", of: (w) => weightedMean(n, w, (i) => (predicted[i]! - truth[i]!) ** 2) },
    { name: "msle", better: "lower", of: msle },
    { name: "rmsle", better: "lower", of: (w) => Math.sqrt(msle(w)) },
  ];
}
