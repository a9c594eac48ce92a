// From windows to a state that somebody may be woken for. A window's column has drifted where its index passes its bound
// (drift.ts) and it may be believed among all the columns that were looked at (Benjamini and Hochberg). A column is in drift
// when k of the last n windows say so; one window alone is a warning, unless chance would give it so rarely over all columns
// that there is nothing to wait for. Too little data is a state of its own, never "ok".

import type { Distribution } from "./distribution.ts";
import { believable, driftBetween, type Drift } from "./drift.ts";

export type DriftState = "ok" | "warning" | "drift" | "not-enough-data";

export interface ColumnJudgement extends Drift {
  /** Also where it is like the same hour of former days: what comes and goes with the time of day is no drift. */
  readonly seasonal: boolean;
  /** It has drifted, from former days too, and chance gives as much in any column less often than the rule's `atOnce`: it counts as `windows` of them. */
  readonly sure: boolean;
}

export interface DriftRule {
  /** So many of the last `of` windows. */
  readonly windows: number;
  readonly of: number;
  /** False discoveries that are allowed among those columns that are said to have drifted. */
  readonly rate: number;
  /** The chance, over all columns of a window together (Bonferroni), below which one window is enough; 0: never. */
  readonly atOnce: number;
}
export const DRIFT_RULE: DriftRule = { windows: 2, of: 3, rate: 0.01, atOnce: 1e-4 };

/**
 * Every column of one window, in the references' order.
 * @param seasons counts of the same hour of former days or weeks, where there are any
 */
export function judgeWindow(references: readonly Distribution[], current: readonly Distribution[], rule: DriftRule = DRIFT_RULE, seasons?: readonly Distribution[]): ColumnJudgement[] {
  const drifts = references.map((reference, i) => driftBetween(reference, current[i]!));
  const judged = drifts.flatMap((d, i) => (d.verdict === "unknown" ? [] : [i]));
  const believed = new Set(judged.filter((_, k) => believable(judged.map((i) => drifts[i]!.p), rule.rate)[k]));
  return drifts.map((drift, i): ColumnJudgement => {
    if (drift.verdict !== "drifted") return { ...drift, seasonal: false, sure: false };
    if (!believed.has(i)) return { ...drift, verdict: "same", seasonal: false, sure: false };
    const season = seasons?.[i] === undefined ? undefined : driftBetween(seasons[i], current[i]!);
    const seasonal = season?.verdict === "same";
    const p = season === undefined || season.verdict === "unknown" ? drift.p : Math.max(drift.p, season.p);
    return { ...drift, verdict: seasonal ? "same" : "drifted", seasonal, sure: !seasonal && p * judged.length <= rule.atOnce };
  });
}

/** @param judged of one column, the latest last */
export function stateOf(judged: readonly Pick<ColumnJudgement, "verdict" | "sure">[], rule: DriftRule = DRIFT_RULE): DriftState {
  const known = judged.filter((j) => j.verdict !== "unknown").slice(-rule.of);
  const drifted = known.reduce((n, j) => n + (j.verdict !== "drifted" ? 0 : j.sure ? rule.windows : 1), 0);
  if (drifted >= rule.windows) return "drift";
  // What was known stays known while too few rows come to say otherwise.
  if (known.length === 0 || judged.at(-1)!.verdict === "unknown") return "not-enough-data";
  return known.at(-1)!.verdict === "drifted" ? "warning" : "ok";
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
