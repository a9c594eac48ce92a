// How good a classifier is likely to be, without labels, from its own probabilities: each is taken as the chance that it comes
// true, which makes an expected confusion matrix (confidence-based performance estimation, as NannyML calls it). It holds
// while probabilities are calibrated and only the inputs drift; when the meaning of the inputs changes nothing tells it.

import { expectedCalibrationError } from "./calibration.ts";
import { calibrated, isotonic, type CalibrationMap } from "./isotonic.ts";

export interface Estimate {
  /** Of a classifier. */
  readonly accuracy?: number;
  /** Of a regression: the mean absolute error, and where the package tells them the other ways of counting errors. */
  readonly mae?: number;
  readonly mse?: number;
  readonly rmse?: number;
  readonly mape?: number;
  readonly msle?: number;
  readonly rmsle?: number;
  /** Of two classes, about the second. */
  readonly precision?: number;
  readonly recall?: number;
  readonly f1?: number;
  readonly roc_auc?: number;
}

/**
 * @param bins of probabilities: the mean of each and how many there are; of two classes the second one's, of more the largest
 * @param map what probabilities mean; what they say by default
 */
export function estimatePerformance(bins: readonly (readonly [mean: number, count: number])[], classes: number, map?: CalibrationMap): Estimate | null {
  const total = bins.reduce((n, [, count]) => n + count, 0);
  if (total === 0) return null;
  const meant = bins.map(([p, count]) => [p, count, map === undefined ? p : calibrated(map, p)] as const);
  if (classes !== 2) return { accuracy: meant.reduce((sum, [, n, q]) => sum + n * q, 0) / total };
  let [hits, claimed, actual, right] = [0, 0, 0, 0];
  for (const [p, n, q] of meant) {
    actual += n * q;
    if (p >= 0.5) {
      claimed += n;
      hits += n * q;
      right += n * q;
    } else right += n * (1 - q);
  }
  // Of a positive and a negative drawn at random, how often the positive one has the larger probability; half in the same bin.
  let area = 0;
  let below = 0;
  for (const [, n, q] of [...meant].sort((a, b) => a[0] - b[0])) {
    area += n * q * (below + (n * (1 - q)) / 2);
    below += n * (1 - q);
  }
  const precision = hits / claimed;
  const recall = hits / actual;
  return { accuracy: right / total, precision, recall, f1: (2 * hits) / (claimed + actual), roc_auc: area / (actual * (total - actual)) };
}

const FOLDS = 3;
const LEAST = 200;

/** A calibration where it makes probabilities truer on rows that it was not learnt from; undefined where it does not, or there are too few. */
export function learnCalibration(said: readonly number[], came: readonly number[]): CalibrationMap | undefined {
  if (said.length < LEAST) return undefined;
  let gain = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const [inside, outside] = [true, false].map((is) => said.flatMap((_, i) => ((i % FOLDS !== fold) === is ? [i] : [])));
    const map = isotonic(inside!.map((i) => said[i]!), inside!.map((i) => came[i]!));
    gain += errorOf(outside!.map((i) => said[i]!), outside!.map((i) => came[i]!)) - errorOf(outside!.map((i) => calibrated(map, said[i]!)), outside!.map((i) => came[i]!));
  }
  return gain > 0 ? isotonic(said, came) : undefined;
}

/** The expected calibration error of two classes. */
function errorOf(said: readonly number[], came: readonly number[]): number {
  return expectedCalibrationError(came, said.flatMap((p) => [1 - p, p]), 2);
}

/** What chance makes of a mean of so many errors, with 95 % confidence: not what the estimate itself may be wrong by. */
export function lossInterval(mean: number, miss: number, rows: number): readonly [low: number, high: number] {
  const off = (1.96 * miss) / Math.sqrt(Math.max(1, rows));
  return [Math.max(0, mean - off), mean + off];
}
