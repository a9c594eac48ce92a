// What labels say of both versions: of each version's own predictions, and of rows that both answered, one beside the other.

import { evidenceOfDifferences, pairedEvidence, type PairedEvidence, type Trials } from "@slipway/core/stats";
import type { Signature } from "@slipway/core/package";
import type { AnswerPair, AnswerReader } from "./observer.ts";
import type { RolloutPlan } from "./plan.ts";

/** Who knows of labels: the monitor. */
export interface LabelSource {
  /** Of a version's predictions since then, those with a label; undefined where labels say nothing. */
  labelled(model: string, version: string, since: string): Promise<LabelledAnswers | undefined>;
  /** How wrong an answer is: 0 or 1 for classes, the distance for numbers, of a list what its NDCG lacks of 1; NaN where it cannot be told. */
  loss(kind: LabelledAnswers["kind"], answer: string, label: string): number;
  answers(signature: Signature): AnswerReader;
}
export interface LabelledAnswers {
  readonly kind: "classification" | "regression" | "ranking";
  readonly rows: readonly { readonly id: string; readonly answer: string; readonly label: string; readonly receivedAt: string }[];
}

export interface LabelCounts {
  /** Of classes: predictions with a label, and how many it shows to be wrong; of lists what they lack, all together. */
  readonly canary: Trials;
  readonly baseline: Trials;
  readonly kind: LabelledAnswers["kind"] | undefined;
  readonly pairs: readonly LossPair[];
}
export interface LossPair {
  readonly canary: number;
  readonly baseline: number;
  /** When the label came. */
  readonly at: string;
}
/** Beyond how large a difference two errors of numbers count as no further apart, and since when that stands: what it was made from is not judged by it. */
export interface LossScale {
  readonly cap: number;
  readonly since: string;
}

const NONE: Trials = { trials: 0, hits: 0 };
/** Pairs from which the scale of numbers' errors is told. */
const SCALE_PAIRS = 50;
const CAP_TIMES = 8;

/** @param kept what both answered, of all replicas */
export function countLabels({ loss }: Pick<LabelSource, "loss">, canary: LabelledAnswers | undefined, baseline: LabelledAnswers | undefined, kept: readonly AnswerPair[]): LabelCounts {
  const kind = canary?.kind ?? baseline?.kind;
  if (kind === undefined) return { canary: NONE, baseline: NONE, kind, pairs: [] };
  const trials = (of: LabelledAnswers | undefined): Trials => {
    if (kind === "regression" || of === undefined) return NONE;
    const losses = of.rows.map((r) => loss(kind, r.answer, r.label)).filter((l) => Number.isFinite(l));
    return { trials: losses.length, hits: losses.reduce((n, l) => n + l, 0) };
  };
  // Nobody can choose what was not shown: of lists only those that were are judged, each by its own labels.
  if (kind === "ranking") return { canary: trials(canary), baseline: trials(baseline), kind, pairs: [] };
  const labels = new Map([canary, baseline].flatMap((of) => of?.rows.map((r) => [r.id, r] as const) ?? []));
  const pairs = kept.flatMap((p): LossPair[] => {
    const label = labels.get(p.ref);
    if (label === undefined) return [];
    const pair = { canary: loss(kind, p.canary, label.label), baseline: loss(kind, p.baseline, label.label), at: label.receivedAt };
    return Number.isFinite(pair.canary) && Number.isFinite(pair.baseline) ? [pair] : [];
  });
  return { canary: trials(canary), baseline: trials(baseline), kind, pairs };
}

export interface PairedLosses extends PairedEvidence {
  readonly kind: LabelledAnswers["kind"];
  readonly margin: number;
  /** Mean errors of both over all pairs: a share for classes. */
  readonly canary: number;
  readonly baseline: number;
}

/** Errors of both on the same rows. @param scale undefined until it is known @returns undefined where there is nothing to compare yet */
export function comparePairs({ kind, pairs }: Pick<LabelCounts, "kind" | "pairs">, plan: Pick<RolloutPlan, "labelMargin" | "lossMargin" | "loss">, scale: LossScale | null): PairedLosses | undefined {
  if (kind === undefined || kind === "ranking" || pairs.length === 0) return undefined;
  const mean = (of: (p: LossPair) => number): number => pairs.reduce((sum, p) => sum + of(p), 0) / pairs.length;
  const [canary, baseline] = [mean((p) => lossIn(plan, kind, p.canary)), mean((p) => lossIn(plan, kind, p.baseline))];
  if (kind === "classification") {
    const worse = pairs.filter((p) => p.canary > p.baseline).length;
    const better = pairs.filter((p) => p.canary < p.baseline).length;
    return { kind, margin: plan.labelMargin, canary, baseline, ...pairedEvidence({ worse, better, equal: pairs.length - worse - better }, plan.labelMargin) };
  }
  if (scale === null) return { kind, margin: plan.lossMargin, canary, baseline, ...evidenceOfDifferences([], 0) };
  // Worse by more than the margin is what lies above 0.
  const differences = pairs.filter((p) => p.at > scale.since).map((p) => (lossIn(plan, kind, p.canary) - (1 + plan.lossMargin) * lossIn(plan, kind, p.baseline)) / scale.cap);
  return { kind, margin: plan.lossMargin, canary, baseline, ...evidenceOfDifferences(differences.map((d) => Math.max(-1, Math.min(1, d))), 0) };
}

/** The scale of numbers' errors, from the first pairs that came. */
export function scaleOf({ kind, pairs }: Pick<LabelCounts, "kind" | "pairs">, plan: Pick<RolloutPlan, "loss">): LossScale | null {
  if (kind !== "regression" || pairs.length < SCALE_PAIRS) return null;
  const first = pairs.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(0, SCALE_PAIRS);
  const mean = (of: (p: LossPair) => number): number => first.reduce((sum, p) => sum + lossIn(plan, kind, of(p)), 0) / first.length;
  const typical = Math.max(mean((p) => p.baseline), 0) || mean((p) => p.canary);
  return { cap: typical > 0 ? CAP_TIMES * typical : 1, since: first.at(-1)!.at };
}

function lossIn({ loss }: Pick<RolloutPlan, "loss">, kind: LabelledAnswers["kind"], distance: number): number {
  return kind === "regression" && loss === "squared" ? distance * distance : distance;
}
