// What the counts of a stage say: the findings of every signal, and the state that goes on to the next look. Pure.

import { beginCanary, beginRateTest, CANARY_SIGNALS, driftBetween, evidenceOf, findingsOf, lookAtCanary, verdictOf, watchRates, type CanaryLimits, type CanaryState, type CanaryVerdict, type Finding, type RateTest, type Trials } from "@slipway/core/stats";
import { NO_COUNTS, type StageCounts, type WatchedBins } from "./counts.ts";
import type { Rollout } from "./rollout.ts";
import type { RolloutPlan, Stage } from "./plan.ts";

export interface Judged {
  readonly shadow: CanaryState;
  readonly canary: CanaryState;
  readonly disagreement: RateTest;
  readonly compared: Trials;
  /** The stage whose distributions were found good. */
  readonly distributed: number | null;
}
export interface Look {
  readonly judged: Judged;
  readonly findings: readonly Finding[];
  readonly verdict: CanaryVerdict;
}

export function beginJudging(stages: readonly Stage[]): Judged {
  return { shadow: beginCanary(1), canary: beginCanary(stages.filter((s) => s.kind === "step").length), disagreement: beginRateTest(1), compared: { trials: 0, hits: 0 }, distributed: null };
}

/** @param counts of all replicas, by stage @param now milliseconds since 1970 */
export function look(rollout: Rollout, judged: Judged, counts: readonly StageCounts[], bins: readonly WatchedBins[] | undefined, now: number): Look {
  const { plan, stages, stage } = rollout;
  const at = stages[stage];
  const here = counts[stage] ?? NO_COUNTS;
  if (at?.kind !== "shadow" && at?.kind !== "step") return { judged, findings: [], verdict: "hold" };
  const seen = at.kind === "shadow" ? lookAtShadow(plan, judged, here, at.requests) : lookAtStep(rollout, judged, here, at, now);
  if (seen.verdict !== "promote" || judged.distributed === stage) return seen;
  // Looked at once a stage, when everything else lets it go on: the bound of the PSI is for one look.
  const findings = [...seen.findings, ...distributions(plan, here, bins)];
  return { judged: { ...seen.judged, distributed: stage }, findings, verdict: verdictOf(findings) };
}

function lookAtStep({ plan, stages, stage, stageSince }: Rollout, judged: Judged, here: StageCounts, at: Stage & { readonly kind: "step" }, now: number): Look {
  const step = stages.filter((s, i) => s.kind === "step" && i < stage).length;
  const canary = lookAtCanary(judged.canary, step, here, limitsOf(plan), at.weight === 100);
  const spent = now - Date.parse(stageSince);
  const findings: Finding[] = [
    { signal: "time", verdict: spent >= at.bakeMs ? "promote" : "hold", text: `${Math.round(spent / 1000)} of at least ${Math.round(at.bakeMs / 1000)} seconds`, figures: { spent: spent / 1000, need: at.bakeMs / 1000 } },
    ...findingsOf(canary, step, at.requests, limitsOf(plan)),
  ];
  return { judged: { ...judged, canary }, findings, verdict: verdictOf(findings) };
}

function lookAtShadow(plan: RolloutPlan, judged: Judged, here: StageCounts, need: number): Look {
  const shadow = lookAtCanary(judged.shadow, 0, here, limitsOf(plan));
  const compared = { trials: here.pairs.compared, hits: here.pairs.unequal };
  const fresh = { trials: Math.max(0, compared.trials - judged.compared.trials), hits: Math.max(0, compared.hits - judged.compared.hits) };
  const disagreement = watchRates(judged.disagreement, 0, fresh, plan.shadow.maxDisagreement, 0);
  const findings = findingsOf(shadow, 0, need, limitsOf(plan));
  if (compared.trials > 0) {
    const share = compared.hits / compared.trials;
    const evidence = evidenceOf(disagreement);
    const enough = CANARY_SIGNALS / plan.alpha;
    findings.push({
      signal: "disagreement", verdict: evidence >= enough ? "abort" : share > plan.shadow.maxDisagreement ? "hold" : "promote",
      text: `${(share * 100).toFixed(1)} % of labels differ from the baseline's`, figures: { share, max: plan.shadow.maxDisagreement, trials: compared.trials, evidence, enough } });
  }
  if (verdictOf(findings) === "promote") findings.push(...difference(plan, here));
  return { judged: { ...judged, shadow, disagreement, compared }, findings, verdict: verdictOf(findings) };
}

/** Looked at once there are enough requests: it has no chance of its own to go wrong by. */
function difference({ shadow }: RolloutPlan, { pairs }: StageCounts): Finding[] {
  if (pairs.numbers === 0) return [];
  const mean = pairs.givenSum / pairs.numbers;
  const deviation = Math.sqrt(Math.max(0, pairs.givenSquares / pairs.numbers - mean * mean));
  const apart = Math.sqrt(pairs.squares / pairs.numbers);
  const relative = apart === 0 ? 0 : apart / (deviation || 1);
  return [{
    signal: "difference", verdict: relative > shadow.maxDifference ? "abort" : "promote", text: `numbers are ${relative.toPrecision(2)} standard deviations from the baseline's`,
    figures: { relative, max: shadow.maxDifference, rootMeanSquare: apart, deviation, numbers: pairs.numbers } }];
}

function distributions({ maxPsi }: RolloutPlan, { predictions }: StageCounts, bins: readonly WatchedBins[] | undefined): Finding[] {
  return (bins ?? []).flatMap(({ output, shape }, i): Finding[] => {
    const [canary, baseline] = [predictions.canary[i], predictions.baseline[i]];
    if (canary === undefined || baseline === undefined) return [];
    const { psi, bound, verdict } = driftBetween({ ...baseline, shape }, { ...canary, shape });
    if (verdict === "unknown") return [];
    return [{
      signal: "distribution", verdict: verdict === "drifted" && psi > maxPsi ? "abort" : "promote", text: `${output}: its distribution is ${psi.toPrecision(2)} from the baseline's (PSI)`,
      figures: { psi, bound: Math.max(bound, maxPsi), rows: canary.rows, baselineRows: baseline.rows } }];
  });
}

function limitsOf({ alpha, errorMargin, latencyRatio, latencySlack, slowMargin, labelMargin }: RolloutPlan): CanaryLimits {
  return { alpha, errorMargin, latencyRatio, latencySlack: latencySlack / 1000, slowMargin, labelMargin };
}
