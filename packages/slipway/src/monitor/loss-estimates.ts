// How large a regression's errors are likely to be, without labels, from the errors that the package's models of the loss expect
// of such rows (core's profile-scores.ts); labels that come put each way of counting them right.

import { LOSS_OF, type LossKind } from "@slipway/core/package";
import { lossInterval, type Estimate } from "@slipway/core/stats";
import type { StoredWindow } from "./store.ts";
import type { Subject } from "./subject.ts";

export interface KnownLoss {
  readonly kind: LossKind;
  /** Which series counts the expected errors. */
  readonly series: number;
  readonly miss: number;
  /** What labels say that they have to be multiplied by. */
  readonly scale: number;
  readonly calibrated: boolean;
}
interface LabelledNumber {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly predicted: number;
  readonly actual: number;
}

const LEAST_LABELS = 20;

/** The ways of counting that the package knows: errors as labels show them, over those that were expected in the same windows. */
export function lossesOf(subject: Subject, windows: readonly StoredWindow[], labelled: readonly LabelledNumber[], windowMs: number): KnownLoss[] {
  return subject.series.flatMap((s, series): KnownLoss[] => {
    if (!("score" in s) || s.score === "isolation") return [];
    const { score: kind, miss } = s;
    const expected = new Map(windows.map((w) => [w.begins, lossIn([w], series)]));
    let [count, real, said] = [0, 0, 0];
    for (const { at, predicted, actual } of labelled) {
      const error = LOSS_OF[kind](predicted, actual);
      const { rows, sum } = expected.get(Math.floor(at / windowMs) * windowMs) ?? { rows: 0, sum: 0 };
      if (!Number.isFinite(error) || rows === 0) continue;
      count++;
      real += error;
      said += sum / rows;
    }
    return [count >= LEAST_LABELS && said > 0 ? { kind, series, miss, scale: real / said, calibrated: true } : { kind, series, miss, scale: 1, calibrated: false }];
  });
}

/** By scikit-learn's names; undefined where nothing was scored. The interval is that of the mean absolute error. */
export function estimateLosses(windows: readonly StoredWindow[], losses: readonly KnownLoss[]): { readonly estimate: Estimate; readonly estimateInterval: readonly [low: number, high: number] } | undefined {
  const found = new Map(losses.flatMap((loss) => {
    const { rows, sum } = lossIn(windows, loss.series);
    return rows === 0 ? [] : [[loss.kind, { mean: loss.scale * (sum / rows), rows, loss }] as const];
  }));
  const mae = found.get("loss");
  if (mae === undefined) return undefined;
  const [mse, mape, msle] = (["loss_squared", "loss_percentage", "loss_squared_log"] as const).map((kind) => found.get(kind)?.mean);
  return {
    estimate: {
      mae: short(mae.mean), ...(mse === undefined ? {} : { mse: short(mse), rmse: short(Math.sqrt(mse)) }),
      ...(mape === undefined ? {} : { mape: short(mape) }), ...(msle === undefined ? {} : { msle: short(msle), rmsle: short(Math.sqrt(msle)) }),
    },
    estimateInterval: lossInterval(mae.mean, mae.loss.scale * mae.loss.miss, mae.rows).map(short) as unknown as [number, number],
  };
}

function lossIn(windows: readonly StoredWindow[], series: number): { readonly rows: number; readonly sum: number } {
  let [rows, sum] = [0, 0];
  for (const { counter } of windows) {
    const { distribution } = counter.series[series]!;
    rows += distribution.rows - distribution.missing;
    sum += distribution.rows > distribution.missing ? distribution.sum : 0;
  }
  return { rows, sum };
}
function short(n: number): number {
  return Number(n.toPrecision(6));
}
