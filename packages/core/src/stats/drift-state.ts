// From windows to a state that somebody may be woken for. A window's column has drifted where its index passes its bound
// (drift.ts) and it may be believed among all the columns that were looked at (Benjamini and Hochberg). A column is in drift
// when k of the last n windows say so; one window alone is a warning. Too little data is a state of its own, never "ok".

import type { Distribution } from "./distribution.ts";
import { believable, driftBetween, type Drift } from "./drift.ts";

export type DriftState = "ok" | "warning" | "drift" | "not-enough-data";

export interface ColumnJudgement extends Drift {
  /** Also where it is like the same hour of former days: what comes and goes with the time of day is no drift. */
  readonly seasonal: boolean;
}

export interface DriftRule {
  /** So many of the last `of` windows. */
  readonly windows: number;
  readonly of: number;
  /** False discoveries that are allowed among those columns that are said to have drifted. */
  readonly rate: number;
}
export const DRIFT_RULE: DriftRule = { windows: 2, of: 3, rate: 0.01 };

/**
 * Every column of one window, in the references' order.
 * @param seasons counts of the same hour of former days or weeks, where there are any
 */
export function judgeWindow(references: readonly Distribution[], current: readonly Distribution[], rule: DriftRule = DRIFT_RULE, seasons?: readonly Distribution[]): ColumnJudgement[] {
  const drifts = references.map((reference, i) => driftBetween(reference, current[i]!));
  const judged = drifts.flatMap((d, i) => (d.verdict === "unknown" ? [] : [i]));
  const believed = new Set(judged.filter((_, k) => believable(judged.map((i) => drifts[i]!.p), rule.rate)[k]));
  return drifts.map((drift, i): ColumnJudgement => {
    if (drift.verdict !== "drifted") return { ...drift, seasonal: false };
    if (!believed.has(i)) return { ...drift, verdict: "same", seasonal: false };
    const season = seasons?.[i];
    const seasonal = season !== undefined && driftBetween(season, current[i]!).verdict === "same";
    return { ...drift, verdict: seasonal ? "same" : "drifted", seasonal };
  });
}

/** @param verdicts of one column, the latest last */
export function stateOf(verdicts: readonly Drift["verdict"][], rule: DriftRule = DRIFT_RULE): DriftState {
  const known = verdicts.filter((v) => v !== "unknown").slice(-rule.of);
  if (known.length === 0 || verdicts.at(-1) === "unknown") {
    // What was known stays known while too few rows come to say otherwise.
    return known.filter((v) => v === "drifted").length >= rule.windows ? "drift" : "not-enough-data";
  }
  const drifted = known.filter((v) => v === "drifted").length;
  return drifted >= rule.windows ? "drift" : known.at(-1) === "drifted" ? "warning" : "ok";
}

/**
 * A model's state, of those of its columns. A column that weighs less than a twentieth of the heaviest one warns only.
 * @param weights how much a column matters to the model; alike where none are given
 */
export function worstOf(states: readonly DriftState[], weights: readonly number[] = []): DriftState {
  const most = Math.max(0, ...states.map((_, i) => weights[i] ?? 1));
  let worst: DriftState = states.length > 0 && states.every((s) => s === "not-enough-data") ? "not-enough-data" : "ok";
  states.forEach((state, i) => {
    if (state === "drift" && (weights[i] ?? 1) >= most / 20) worst = "drift";
    else if ((state === "drift" || state === "warning") && worst !== "drift") worst = "warning";
  });
  return states.length === 0 ? "not-enough-data" : worst;
}
