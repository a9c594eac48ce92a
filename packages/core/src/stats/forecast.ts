// Figures of merit of a forecast: wape (sum of errors over sum of what was), smape (Makridakis 1993, from 0 to 2), bias (mean of
// predicted less true), and mase (Hyndman and Koehler 2006): the mean error over that of repeating the value one season
// earlier in the same series. The naive error is that of the labelled rows themselves, as those of the training are not there.

import { weightedMean, type Metric } from "./metric.ts";

export interface SeriesOrder {
  /** Of each row; rows without one are left out of mase. */
  readonly time: ArrayLike<number>;
  /** Of each row, any key; one series where it is absent. */
  readonly series?: ArrayLike<unknown> | undefined;
  /** Rows of a series after which it repeats. */
  readonly season: number;
}

export function forecastMetrics(truth: ArrayLike<number>, predicted: ArrayLike<number>, order: SeriesOrder): Metric[] {
  const n = truth.length;
  const error = (i: number): number => predicted[i]! - truth[i]!;
  const naive = naiveError(truth, order);
  return [
    { name: "wape", better: "lower", of: (w) => weightedMean(n, w, (i) => Math.abs(error(i))) / weightedMean(n, w, (i) => Math.abs(truth[i]!)) },
    { name: "smape", better: "lower", of: (w) => weightedMean(n, w, (i) => (error(i) === 0 ? 0 : (2 * Math.abs(error(i))) / (Math.abs(truth[i]!) + Math.abs(predicted[i]!)))) },
    { name: "bias", better: "lower", of: (w) => Math.abs(weightedMean(n, w, error)) },
    ...(Number.isNaN(naive) ? [] : [{ name: "mase", better: "lower" as const, of: (w: Parameters<Metric["of"]>[0]): number => weightedMean(n, w, (i) => Math.abs(error(i))) / naive }]),
  ];
}

/** NaN where no row has one a season before it. */
function naiveError(truth: ArrayLike<number>, { time, series, season }: SeriesOrder): number {
  const rows = new Map<unknown, number[]>();
  for (let i = 0; i < truth.length; i++) {
    if (Number.isNaN(time[i]!)) continue;
    const key = series?.[i];
    const list = rows.get(key);
    if (list === undefined) rows.set(key, [i]);
    else list.push(i);
  }
  let sum = 0;
  let count = 0;
  for (const list of rows.values()) {
    list.sort((a, b) => time[a]! - time[b]!);
    for (let i = season; i < list.length; i++) {
      sum += Math.abs(truth[list[i]!]! - truth[list[i - season]!]!);
      count++;
    }
  }
  return count === 0 || sum === 0 ? NaN : sum / count;
}
