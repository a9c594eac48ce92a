// What the counts of a stage say: the findings of every signal, and the state that goes on to the next look. Pure.

import { beginCanary, beginRateTest, CANARY_SIGNALS, driftBetween, evidenceOf, findingsOf, lookAtCanary, verdictOf, watchRates, type CanaryLimits, type CanaryState, type CanaryVerdict, type Finding, type RateTest, type Trials } from "@slipway/core/stats";
import { NO_COUNTS, type PairCounts, type StageCounts, type WatchedBins } from "./counts.ts";
import { comparePairs, scaleOf, type LabelCounts, type LossScale } from "./labels.ts";
import type { Rollout } from "./rollout.ts";
import type { RolloutPlan, Stage } from "./plan.ts";

export interface Judged {
  readonly shadow: CanaryState;
  readonly canary: CanaryState;
  readonly disagreement: RateTest;
  readonly compared: Trials;
  /** The stage whose distributions were found good. */
  readonly distributed: number | null;
  /** Whether it answers otherwise than the baseline beyond the bounds, where that is expected of it: only labels let it go on. */
  readonly changed?: boolean;
  readonly scale?: LossScale | null;
}
export interface Look {
  readonly judged: Judged;
  readonly findings: readonly Finding[];
  readonly verdict: CanaryVerdict;
}
type Labels = Pick<LabelCounts, "kind" | "pairs"> | undefined;

/** Of a version that is to answer otherwise: the chance that one which is worse by more than the margin goes on is 1 / this. */
const PROOF = 20;

export function beginJudging(stages: readonly Stage[]): Judged {
  return { shadow: beginCanary(1), canary: beginCanary(stages.filter((s) => s.kind === "step").length), disagreement: beginRateTest(1), compared: { trials: 0, hits: 0 }, distributed: null, changed: false, scale: null };
}

/** @param counts of all replicas, by stage @param now milliseconds since 1970 @param labels of rows that both answered */
export function look(rollout: Rollout, before: Judged, counts: readonly StageCounts[], bins: readonly WatchedBins[] | undefined, now: number, labels?: Labels): Look {
  const { plan, stages, stage } = rollout;
  const at = stages[stage];
  const here = counts[stage] ?? NO_COUNTS;
  if (at?.kind !== "shadow" && at?.kind !== "step") return { judged: before, findings: [], verdict: "hold" };
  const judged = { ...before, scale: before.scale ?? (labels === undefined ? null : scaleOf(labels, plan)) };
  const lists = labels?.kind === "ranking";
  let seen = at.kind === "shadow" ? lookAtShadow(plan, judged, here, at.requests) : lookAtStep(rollout, judged, here, at, now, lists);
  // Looked at once a stage, when everything else lets it go on: the bound of the PSI is for one look.
  if (verdictOf(seen.findings) === "promote" && judged.distributed !== stage) {
    const found = distributions(plan, here, bins);
    seen = { judged: { ...seen.judged, distributed: stage, changed: seen.judged.changed === true || found.changed }, findings: [...seen.findings, ...found.findings] };
  }
  const findings = [...seen.findings, ...(lists ? listFindings(seen.judged, at.kind === "shadow") : labelFindings(plan, seen.judged, labels))];
  return { judged: seen.judged, findings, verdict: verdictOf(findings) };
}

type Seen = Pick<Look, "judged" | "findings">;

function lookAtStep({ plan, stages, stage, stageSince }: Rollout, judged: Judged, here: StageCounts, at: Stage & { readonly kind: "step" }, now: number, lists: boolean): Seen {
  const step = stages.filter((s, i) => s.kind === "step" && i < stage).length;
  const canary = lookAtCanary(judged.canary, step, here, limitsOf(plan), at.weight === 100);
  const spent = now - Date.parse(stageSince);
  const findings: Finding[] = [
    { signal: "time", verdict: spent >= at.bakeMs ? "promote" : "hold", text: `${Math.round(spent / 1000)} of at least ${Math.round(at.bakeMs / 1000)} seconds`, figures: { spent: spent / 1000, need: at.bakeMs / 1000 } },
    ...findingsOf(canary, step, at.requests, { ...limitsOf(plan), ...(lists ? { labelWords: LACKS } : {}) }),
  ];
  const next = { ...judged, canary };
  return plan.expectChange && here.pairs.compared + here.pairs.numbers > 0 ? informed(plan, next, here, at.requests, findings) : { judged: next, findings };
}

function lookAtShadow(plan: RolloutPlan, judged: Judged, here: StageCounts, need: number): Seen {
  const shadow = lookAtCanary(judged.shadow, 0, here, limitsOf(plan));
  const findings = findingsOf(shadow, 0, need, limitsOf(plan));
  if (plan.expectChange) return informed(plan, { ...judged, shadow }, here, need, findings);
  const compared = { trials: here.pairs.compared, hits: here.pairs.unequal };
  const fresh = { trials: Math.max(0, compared.trials - judged.compared.trials), hits: Math.max(0, compared.hits - judged.compared.hits) };
  const disagreement = watchRates(judged.disagreement, 0, fresh, plan.shadow.maxDisagreement, 0);
  if (compared.trials > 0) {
    const share = compared.hits / compared.trials;
    const evidence = evidenceOf(disagreement);
    const enough = CANARY_SIGNALS / plan.alpha;
    findings.push({
      signal: "disagreement", verdict: evidence >= enough ? "abort" : share > plan.shadow.maxDisagreement ? "hold" : "promote",
      text: disagreementText(share), figures: { share, max: plan.shadow.maxDisagreement, trials: compared.trials, evidence, enough } });
  }
  if (verdictOf(findings) === "promote") findings.push(...difference(plan, here, (beyond) => (beyond ? "abort" : "promote")));
  return { judged: { ...judged, shadow, disagreement, compared }, findings };
}

/** Of a version that is to answer otherwise: how much it does is told, and remembered once enough is seen. */
function informed(plan: RolloutPlan, judged: Judged, here: StageCounts, need: number, findings: readonly Finding[]): Seen {
  const { compared, unequal } = here.pairs;
  const share = compared === 0 ? 0 : unequal / compared;
  const told: Finding[] = [
    ...(compared === 0 ? [] : [{ signal: "disagreement" as const, verdict: "promote" as const, text: `${disagreementText(share)}${share > plan.shadow.maxDisagreement ? EXPECTED : ""}`, figures: { share, max: plan.shadow.maxDisagreement, trials: compared } }]),
    ...difference(plan, here, () => "promote"),
  ];
  const beyond = share > plan.shadow.maxDisagreement || told.some((f) => f.signal === "difference" && f.figures["relative"]! > plan.shadow.maxDifference);
  const enough = Math.max(compared, findings.find((f) => f.signal === "requests")?.figures["requests"] ?? 0) >= need;
  return { judged: { ...judged, changed: judged.changed === true || (beyond && enough) }, findings: [...findings, ...told] };
}

const EXPECTED = ", as is expected of it";
function disagreementText(share: number): string {
  return `${(share * 100).toFixed(1)} % of labels differ from the baseline's`;
}

/** Looked at once there are enough requests: it has no chance of its own to go wrong by. */
function difference({ shadow }: RolloutPlan, { pairs }: { readonly pairs: PairCounts }, verdict: (beyond: boolean) => CanaryVerdict): Finding[] {
  if (pairs.numbers === 0) return [];
  const mean = pairs.givenSum / pairs.numbers;
  const deviation = Math.sqrt(Math.max(0, pairs.givenSquares / pairs.numbers - mean * mean));
  const apart = Math.sqrt(pairs.squares / pairs.numbers);
  const relative = apart === 0 ? 0 : apart / (deviation || 1);
  const beyond = relative > shadow.maxDifference;
  return [{
    signal: "difference", verdict: verdict(beyond), text: `numbers are ${relative.toPrecision(2)} standard deviations from the baseline's${beyond && verdict(true) === "promote" ? EXPECTED : ""}`,
    figures: { relative, max: shadow.maxDifference, rootMeanSquare: apart, deviation, numbers: pairs.numbers } }];
}

function distributions({ maxPsi, expectChange }: RolloutPlan, { predictions }: StageCounts, bins: readonly WatchedBins[] | undefined): { readonly findings: readonly Finding[]; readonly changed: boolean } {
  let changed = false;
  const findings = (bins ?? []).flatMap(({ output, shape }, i): Finding[] => {
    const [canary, baseline] = [predictions.canary[i], predictions.baseline[i]];
    if (canary === undefined || baseline === undefined) return [];
    const { psi, bound, verdict } = driftBetween({ ...baseline, shape }, { ...canary, shape });
    if (verdict === "unknown") return [];
    const beyond = verdict === "drifted" && psi > maxPsi;
    changed ||= beyond && expectChange;
    return [{
      signal: "distribution", verdict: beyond && !expectChange ? "abort" : "promote", text: `${output}: its distribution is ${psi.toPrecision(2)} from the baseline's (PSI)${beyond && expectChange ? EXPECTED : ""}`,
      figures: { psi, bound: Math.max(bound, maxPsi), rows: canary.rows, baselineRows: baseline.rows } }];
  });
  return { findings, changed };
}

const LACKS = "is what lists lack of the best order, by what was chosen of them (1 - NDCG)";

/** Of lists that are to be others: each version's own, beside each other; a shadow's are shown to nobody. */
function listFindings({ changed = false, canary }: Judged, shadow: boolean): Finding[] {
  if (!changed) return [];
  if (shadow) return [{ signal: "labels", verdict: "promote", text: "its lists are others than the baseline's: they are judged once they are shown", figures: {} }];
  const proof = canary.fine === undefined ? 1 : evidenceOf(canary.fine);
  const fine = proof >= PROOF;
  return [{
    signal: "labels", verdict: fine ? "promote" : "hold", text: fine ? "labels show that its lists are no worse" : "its lists are others than the baseline's: waits for labels that show that they are no worse",
    figures: { evidenceThatFine: finite(proof), proof: PROOF } }];
}

/** What labels say of rows that both answered. */
function labelFindings(plan: RolloutPlan, { changed = false, scale = null }: Judged, labels: Labels): Finding[] {
  const found = labels === undefined ? undefined : comparePairs(labels, plan, scale);
  if (found === undefined) {
    if (!changed) return [];
    return [{ signal: "paired-labels", verdict: "hold", text: "it answers otherwise than the baseline: waits for labels, which alone can tell whether that is better", figures: { pairs: 0 } }];
  }
  const { kind, pairs, mean, margin, worse, fine, canary, baseline } = found;
  const enough = CANARY_SIGNALS / plan.alpha;
  const verdict: CanaryVerdict = worse >= enough ? "abort" : changed ? (fine >= PROOF ? "promote" : "hold") : pairs > 0 && mean > (kind === "classification" ? margin : 0) ? "hold" : "promote";
  const all = labels!.pairs.length.toLocaleString("en");
  const said = kind === "classification"
    ? `of the same ${all} predictions with a label ${(canary * 100).toFixed(1)} % were wrong, the baseline's ${(baseline * 100).toFixed(1)} %`
    : `on the same ${all} rows with a label its mean ${plan.loss} error is ${canary.toPrecision(3)}, the baseline's ${baseline.toPrecision(3)}`;
  return [{
    signal: "paired-labels", verdict, text: verdict === "hold" && changed ? `${said}: not enough yet to be sure that it is no worse` : said,
    figures: { pairs, canary, baseline, margin, mean, evidence: finite(worse), enough, evidenceThatFine: finite(fine), proof: PROOF } }];
}

function limitsOf({ alpha, errorMargin, latencyRatio, latencySlack, slowMargin, labelMargin }: RolloutPlan): CanaryLimits {
  return { alpha, errorMargin, latencyRatio, latencySlack: latencySlack / 1000, slowMargin, labelMargin };
}
/** JSON has no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
