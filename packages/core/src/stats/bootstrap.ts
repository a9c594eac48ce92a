// Confidence intervals by the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13):
// rows are drawn anew with replacement, and the middle 95% of what the figures then are is the interval. All figures are
// taken on the same draws, so that the difference of two of them has an interval too (a paired bootstrap).

import type { Metric } from "./metric.ts";
import { quantile } from "./quantile.ts";
import { randomNumbers } from "./random.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}
export interface Resampled {
  /** By metric, one value a draw. */
  readonly samples: readonly Float64Array[];
  readonly draws: number;
}
export interface BootstrapOptions {
  readonly seed: number;
  readonly draws?: number;
  /** Rows to draw from; all of `count` by default. */
  readonly rows?: ArrayLike<number>;
}

const DRAWS = 1000;
/** Rows touched in all: bounds the time for large data, where intervals are narrow anyway. */
const MAX_WORK = 2e7;
const FEWEST_DRAWS = 100;

/** @param count rows that the metrics are over */
export function bootstrap(metrics: readonly Pick<Metric, "of" | "units">[], count: number, { seed, draws = DRAWS, rows }: BootstrapOptions): Resampled {
  const random = randomNumbers(seed);
  const times = Math.max(FEWEST_DRAWS, Math.min(draws, Math.floor(MAX_WORK / Math.max(1, count * metrics.length))));
  const samples = metrics.map(() => new Float64Array(times));
  const weights = new Float64Array(count);
  const allowed = rows === undefined ? undefined : new Set(Array.from(rows));
  for (const units of new Set(metrics.map((m) => m.units))) {
    const from = units === undefined ? rows : allowed === undefined ? units : units.filter((row) => allowed.has(row));
    const n = from?.length ?? count;
    for (let draw = 0; draw < times; draw++) {
      weights.fill(0);
      for (let i = 0; i < n; i++) {
        const at = Math.floor(random() * n);
        weights[from === undefined ? at : from[at]!]!++;
      }
      for (const [m, metric] of metrics.entries()) if (metric.units === units) samples[m]![draw] = metric.of(weights);
    }
  }
  return { samples, draws: times };
}

/** Draws where the figure is not defined are left out; NaN where none is left. */
export function percentileInterval(samples: ArrayLike<number>, level: number = 0.95): Interval {
  const sorted = Float64Array.from(samples).filter((v) => !Number.isNaN(v)).sort();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}
