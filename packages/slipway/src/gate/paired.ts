// Two predictors judged on the same rows: how much better the first is in each figure both have, with a 95% interval of the
// difference from a paired bootstrap.

import { bootstrap, percentileInterval, type Metric } from "@slipway/core/stats";
import type { Cell } from "./define-gate-test.ts";

export interface Gain {
  readonly metric: string;
  readonly mine: number;
  readonly theirs: number;
  /** Positive where the first is better, whichever way the metric goes. */
  readonly gain: number;
  readonly low: number;
  readonly high: number;
}

export function gainsOf(mine: readonly Metric[], theirs: readonly Metric[], rows: number, seed: number): Gain[] {
  const pairs = mine.flatMap((m) => theirs.filter((t) => t.name === m.name).map((t) => [m, t] as const));
  const { samples } = bootstrap(pairs.flat(), rows, { seed });
  return pairs.map(([m, t], i) => {
    const sign = m.better === "higher" ? 1 : -1;
    const interval = percentileInterval(samples[2 * i]!.map((value, draw) => sign * (value - samples[2 * i + 1]![draw]!)));
    return { metric: m.name, mine: m.of(null), theirs: t.of(null), gain: sign * (m.of(null) - t.of(null)), ...interval };
  });
}

export const GAIN_COLUMNS = (other: string): string[] => ["metric", "this model", other, "better by", "95% from", "to"];
export function gainCells({ metric, mine, theirs, gain, low, high }: Gain): Cell[] {
  return [metric, mine, theirs, gain, low, high];
}
