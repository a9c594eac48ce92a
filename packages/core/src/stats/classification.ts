// Figures of merit of a classifier, defined as scikit-learn 1.9 defines them (sklearn.metrics): accuracy, balanced accuracy
// (mean recall of the classes that occur), macro F1 (a class that neither occurs nor is predicted is left out, one without
// a hit counts 0), log loss (probabilities kept off 0 and 1 by 2^-52), Brier score (of two classes over the second one
// alone, of more over all of them), ROC AUC (of the second of two classes; of more, one against the rest, averaged over
// the classes that occur), and the expected calibration error.

import { expectedCalibrationError } from "./calibration.ts";
import { weightedMean, type Metric, type Weights } from "./metric.ts";
import { rocAuc } from "./roc-auc.ts";

export interface Classified {
  readonly classes: number;
  /** By row, an index below `classes`. */
  readonly truth: ArrayLike<number>;
  /** By row; `classes` or more stands for a label that is none of them. */
  readonly predicted: ArrayLike<number>;
  /** [rows, classes], where the model gives them. */
  readonly probabilities?: ArrayLike<number>;
}

const EPSILON = 2 ** -52;

export function classificationMetrics(given: Classified): Metric[] {
  const { classes, truth, predicted, probabilities } = given;
  const metrics: Metric[] = [
    { name: "accuracy", better: "higher", of: (w) => weightedMean(truth.length, w, (i) => (truth[i] === predicted[i] ? 1 : 0)) },
    { name: "balanced_accuracy", better: "higher", of: (w) => mean(tallies(given, w).filter((t) => t.actual > 0).map((t) => t.hits / t.actual)) },
    { name: "f1_macro", better: "higher", of: (w) => mean(tallies(given, w).filter((t) => t.actual + t.claimed > 0).map((t) => (2 * t.hits) / (t.actual + t.claimed))) },
  ];
  if (probabilities === undefined) return metrics;
  const p = probabilities;
  const at = (i: number, c: number): number => p[i * classes + c]!;
  const aucs = (classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c)).map((c) =>
    rocAuc(Float64Array.from(truth, (_, i) => at(i, c)), Uint8Array.from(truth, (t) => (t === c ? 1 : 0))));
  const finite = (values: readonly number[]): number[] => values.filter((v) => !Number.isNaN(v));
  return [
    ...metrics,
    { name: "log_loss", better: "lower", of: (w) => weightedMean(truth.length, w, (i) => -Math.log(Math.min(1 - EPSILON, Math.max(EPSILON, at(i, truth[i]!))))) },
    {
      name: "brier_score", better: "lower",
      of: (w) => weightedMean(truth.length, w, (i) => {
        if (classes === 2) return (at(i, 1) - (truth[i] === 1 ? 1 : 0)) ** 2;
        let sum = 0;
        for (let c = 0; c < classes; c++) sum += (at(i, c) - (truth[i] === c ? 1 : 0)) ** 2;
        return sum;
      }),
    },
    { name: "roc_auc", better: "higher", of: (w) => mean(finite(aucs.map((auc) => auc(w)))) },
    { name: "calibration_error", better: "lower", of: (w) => expectedCalibrationError(given.truth, p, classes, w) },
  ];
}

/** [classes, classes], row: the truth, column: the prediction. Labels that are none of the classes are not in it. */
export function confusion({ classes, truth, predicted }: Classified, weights: Weights = null): Float64Array {
  const table = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i++) if (predicted[i]! < classes) table[truth[i]! * classes + predicted[i]!]! += weights === null ? 1 : weights[i]!;
  return table;
}

interface Tally {
  readonly hits: number;
  readonly actual: number;
  readonly claimed: number;
}
function tallies({ classes, truth, predicted }: Classified, weights: Weights): Tally[] {
  const hits = new Float64Array(classes);
  const actual = new Float64Array(classes);
  const claimed = new Float64Array(classes);
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === null ? 1 : weights[i]!;
    actual[truth[i]!]! += weight;
    if (predicted[i]! < classes) claimed[predicted[i]!]! += weight;
    if (truth[i] === predicted[i]) hits[truth[i]!]! += weight;
  }
  return Array.from({ length: classes }, (_, c) => ({ hits: hits[c]!, actual: actual[c]!, claimed: claimed[c]! }));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? NaN : values.reduce((a, b) => a + b, 0) / values.length;
}
