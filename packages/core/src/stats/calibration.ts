// Whether probabilities mean what they say. Bins of equal width; the expected calibration error is that of Guo et al.,
// "On Calibration of Modern Neural Networks" (2017): over the probability of the predicted class, the mean over bins of
// |share that is right - mean probability|, weighted by the bins' rows.

import type { Weights } from "./metric.ts";

const CALIBRATION_BINS = 10;

export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  /** Mean probability of the rows in it. */
  readonly said: number;
  /** Share of them where it came true. */
  readonly true: number;
}

/** Bins with rows in them. @param came by row, 0 or 1 */
export function calibration(said: ArrayLike<number>, came: ArrayLike<number>, weights: Weights = null, bins: number = CALIBRATION_BINS): CalibrationBin[] {
  const rows = new Float64Array(bins);
  const sumSaid = new Float64Array(bins);
  const sumCame = new Float64Array(bins);
  for (let i = 0; i < said.length; i++) {
    const weight = weights === null ? 1 : weights[i]!;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(said[i]! * bins)));
    if (weight === 0 || Number.isNaN(bin)) continue;
    rows[bin]! += weight;
    sumSaid[bin]! += weight * said[i]!;
    sumCame[bin]! += weight * came[i]!;
  }
  return Array.from({ length: bins }, (_, b) => ({ low: b / bins, high: (b + 1) / bins, rows: rows[b]!, said: sumSaid[b]! / rows[b]!, true: sumCame[b]! / rows[b]! })).filter((b) => b.rows > 0);
}

/** @param probabilities [rows, classes] @param truth by row, a class */
export function expectedCalibrationError(truth: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number, weights: Weights = null): number {
  const said = new Float64Array(truth.length);
  const came = new Uint8Array(truth.length);
  for (let i = 0; i < truth.length; i++) {
    let top = 0;
    for (let c = 1; c < classes; c++) if (probabilities[i * classes + c]! > probabilities[i * classes + top]!) top = c;
    said[i] = probabilities[i * classes + top]!;
    came[i] = truth[i] === top ? 1 : 0;
  }
  const bins = calibration(said, came, weights);
  const rows = bins.reduce((n, b) => n + b.rows, 0);
  return bins.reduce((sum, b) => sum + b.rows * Math.abs(b.true - b.said), 0) / rows;
}
