// Judges a canary beside the version that it is to replace, while both answer: failures, slow answers, and labels that
// came. Pure: the state is what was looked at so far, and goes from one look to the next.
//
// Abort needs evidence that chance gives with at most `alpha` over the whole course, however often one looks
// (sequential-rates.ts, paired.ts), or a run of failures as long. Promote needs enough requests and figures that are within the
// margins. Everything else holds: too few requests, silence, figures beyond the margin that may still be chance.
//
// How long an answer takes hangs on the machine as much as on the model. It is compared with what the baseline needs in the
// same seconds; where the canary gets every request there is no such thing, and only pairs count: both asked the same
// request side by side, in an order that chance says, so that what slows the machine slows both.

import { durationBound, durationBucket, durationQuantile, durationsAbove } from "./duration-counts.ts";
import { addPaired, NO_PAIRED, pairedEvidence, type PairedCounts } from "./paired.ts";
import { beginRateTest, evidenceOf, watchRates, type RateTest, type Trials } from "./sequential-rates.ts";

/** What one side did in one step, counted from its beginning. */
export interface SideCounts {
  readonly requests: number;
  readonly failures: number;
  /** The longest run of failures of its own (no fault of the request). */
  readonly streak: number;
  /** By bucket of duration-counts.ts. */
  readonly seconds: readonly number[];
  /** Labels that came for its predictions, and how many (or what part) show them wrong. */
  readonly labels: Trials;
}
export interface CanaryCounts {
  readonly canary: SideCounts;
  readonly baseline: SideCounts;
  /** Requests that both were asked side by side: worse where the canary took longer by the ratio and the slack, better where the baseline did. */
  readonly times?: PairedCounts | undefined;
}
export interface CanaryState {
  readonly errors: RateTest;
  readonly slow: RateTest;
  readonly labels: RateTest;
  /** Whether labels show that its predictions are no worse; left out of what was looked at before there was such a test. */
  readonly fine?: RateTest;
  /** By step. */
  readonly seen: readonly CanaryCounts[];
}
export interface CanaryLimits {
  /** The chance of aborting a canary that keeps every margin. */
  readonly alpha: number;
  /** How much larger the part of failures may be. */
  readonly errorMargin: number;
  /** Slow is what takes longer than the baseline's 99th percentile times this ... */
  readonly latencyRatio: number;
  /** ... and at least so much longer, in seconds. */
  readonly latencySlack: number;
  /** How much larger the part of slow answers may be. */
  readonly slowMargin: number;
  /** How much larger the part of wrong predictions may be. */
  readonly labelMargin: number;
  /** What labels tell a part of, where it is not predictions that are wrong. */
  readonly labelWords?: string | undefined;
}

export type CanaryVerdict = "promote" | "hold" | "abort";
export interface Finding {
  readonly signal: "failing-run" | "errors" | "latency" | "paired-latency" | "labels" | "paired-labels" | "requests" | "time" | "disagreement" | "difference" | "distribution" | "replay" | "replicas";
  readonly verdict: CanaryVerdict;
  readonly text: string;
  readonly figures: Readonly<Record<string, number | null>>;
}

/** Signals that share alpha: errors, slow answers and times of pairs, of the canary and of the shadow; labels, and those of pairs; disagreement. */
export const CANARY_SIGNALS = 9;
const SHORTEST_RUN = 10;
const NOTHING: SideCounts = { requests: 0, failures: 0, streak: 0, seconds: [], labels: { trials: 0, hits: 0 } };
const EMPTY: CanaryCounts = { canary: NOTHING, baseline: NOTHING };

export function beginCanary(steps: number): CanaryState {
  return { errors: beginRateTest(steps), slow: beginRateTest(steps), labels: beginRateTest(steps), fine: beginRateTest(steps), seen: [] };
}

/** Looks at the counts of a step as they are now. @param alone whether the canary gets every request of this step */
export function lookAtCanary(state: CanaryState, step: number, counts: CanaryCounts, limits: CanaryLimits, alone = false): CanaryState {
  const before = state.seen[step] ?? EMPTY;
  const past = sumOf(state.seen.map((s) => s.baseline));
  const fresh = { canary: minus(counts.canary, before.canary), baseline: minus(counts.baseline, before.baseline) };
  const errors = (side: SideCounts): Trials => ({ trials: side.requests, hits: side.failures });
  const bucket = slowBucket(past.seconds, limits);
  // Alone it has nothing beside it: the machine may be busier than it was.
  const slow = (side: SideCounts): Trials => ({ trials: total(side.seconds), hits: durationsAbove(side.seconds, bucket ?? 0) });
  const watch = (test: RateTest, of: (side: SideCounts) => Trials, margin: number): RateTest => {
    const other = of(fresh.baseline);
    // What the baseline did before stands for it where it does nothing any more, with room for chance.
    return watchRates(test, step, of(fresh.canary), alone && past.requests > 0 ? upperRate(of(past)) + margin : other, margin, of(past));
  };
  const now = alone ? { ...counts, canary: { ...counts.canary, seconds: [] } } : counts;
  const seen = Array.from({ length: Math.max(state.seen.length, step + 1) }, (_, i) => (i === step ? now : (state.seen[i] ?? EMPTY)));
  return {
    errors: watch(state.errors, errors, limits.errorMargin), slow: bucket === undefined || alone ? state.slow : watch(state.slow, slow, limits.slowMargin),
    labels: watch(state.labels, (side) => side.labels, limits.labelMargin),
    fine: alone ? (state.fine ?? beginRateTest(step + 1)) : watch(state.fine ?? beginRateTest(step + 1), ({ labels }) => ({ trials: labels.trials, hits: labels.trials - labels.hits }), -limits.labelMargin), seen,
  };
}

/** What the signals say now. @param step the one that goes on; what promotes is its figures and those before it together */
export function findingsOf(state: CanaryState, step: number, need: number, limits: CanaryLimits): Finding[] {
  const canary = sumOf(state.seen.map((s) => s.canary));
  const baseline = sumOf(state.seen.map((s) => s.baseline));
  const here = state.seen[step]?.canary.requests ?? 0;
  const enough = CANARY_SIGNALS / limits.alpha;
  const findings: Finding[] = [];
  findings.push({ signal: "requests", verdict: here >= need ? "promote" : "hold", text: `${here.toLocaleString("en")} of at least ${need.toLocaleString("en")} requests`, figures: { requests: here, need } });
  const rate = baseline.requests === 0 ? 0 : baseline.failures / baseline.requests;
  if (canary.streak >= SHORTEST_RUN && canary.requests * Math.min(1, rate + limits.errorMargin) ** canary.streak <= limits.alpha) {
    findings.push({ signal: "failing-run", verdict: "abort", text: `${canary.streak} requests in a row failed`, figures: { run: canary.streak, baselineRate: rate } });
  }
  const compare = (signal: Finding["signal"], test: RateTest, mine: Trials, other: Trials, margin: number, what: string, more: Finding["figures"] = {}): void => {
    if (mine.trials === 0) return;
    const [p, q] = [mine.hits / mine.trials, other.trials === 0 ? 0 : other.hits / other.trials];
    const evidence = evidenceOf(test);
    const verdict = evidence >= enough ? "abort" : p > q + margin ? "hold" : "promote";
    findings.push({ signal, verdict, text: `${percent(p)} ${what}, the baseline's ${percent(q)}`, figures: { canary: p, baseline: q, margin, trials: mine.trials, baselineTrials: other.trials, evidence, enough, ...more } });
  };
  compare("errors", state.errors, { trials: canary.requests, hits: canary.failures }, { trials: baseline.requests, hits: baseline.failures }, limits.errorMargin, "of requests failed");
  const bucket = slowBucket(baseline.seconds, limits);
  if (bucket !== undefined) {
    const bound = durationBound(bucket);
    const p99 = (counts: readonly number[]): number | null => {
      const at = durationQuantile(counts, 0.99);
      return at === undefined ? null : finite(durationBound(at));
    };
    compare("latency", state.slow, { trials: total(canary.seconds), hits: durationsAbove(canary.seconds, bucket) }, { trials: total(baseline.seconds), hits: durationsAbove(baseline.seconds, bucket) },
      limits.slowMargin, `took longer than ${milliseconds(bound)}`, { bound: finite(bound), p99: p99(canary.seconds), baselineP99: p99(baseline.seconds) });
  }
  const times = state.seen.reduce((sum, s) => addPaired(sum, s.times ?? NO_PAIRED), NO_PAIRED);
  const paired = pairedEvidence(times, limits.slowMargin);
  if (paired.pairs > 0) {
    findings.push({
      signal: "paired-latency", verdict: paired.worse >= enough ? "abort" : paired.mean > limits.slowMargin ? "hold" : "promote",
      text: `asked side by side, it was the slower one in ${percent(times.worse / paired.pairs)} of ${paired.pairs.toLocaleString("en")}, the baseline in ${percent(times.better / paired.pairs)}`,
      figures: { ...times, margin: limits.slowMargin, mean: paired.mean, evidence: finite(paired.worse), enough } });
  }
  compare("labels", state.labels, canary.labels, baseline.labels, limits.labelMargin, limits.labelWords ?? "of predictions with a label were wrong");
  return findings;
}

/** Abort where anything says so, promote where everything does. */
export function verdictOf(findings: readonly Finding[]): CanaryVerdict {
  if (findings.some((f) => f.verdict === "abort")) return "abort";
  return findings.length > 0 && findings.every((f) => f.verdict === "promote") ? "promote" : "hold";
}

/** Above it an answer is slow; undefined while the baseline's 99th percentile cannot be told. */
function slowBucket(baseline: readonly number[], { latencyRatio, latencySlack }: CanaryLimits): number | undefined {
  if (total(baseline) < 100) return undefined;
  const at = durationBound(durationQuantile(baseline, 0.99)!);
  return durationBucket(Math.max(at * latencyRatio, at + latencySlack));
}

/** Three standard errors and three hits above what was seen. */
function upperRate({ trials, hits }: Trials): number {
  const rate = (hits + 3) / (trials + 3);
  return Math.min(1, rate + 3 * Math.sqrt((rate * (1 - rate)) / trials));
}

function sumOf(sides: readonly SideCounts[]): SideCounts {
  return sides.reduce((a, b) => addSides(a, b), NOTHING);
}
/** What two replicas, or two steps, counted. */
export function addSides(a: SideCounts, b: SideCounts): SideCounts {
  return {
    requests: a.requests + b.requests, failures: a.failures + b.failures, streak: Math.max(a.streak, b.streak), seconds: each(a.seconds, b.seconds, 1),
    labels: { trials: a.labels.trials + b.labels.trials, hits: a.labels.hits + b.labels.hits },
  };
}
function minus(a: SideCounts, b: SideCounts): SideCounts {
  const less = (x: number, y: number): number => Math.max(0, x - y);
  return {
    requests: less(a.requests, b.requests), failures: less(a.failures, b.failures), streak: a.streak, seconds: each(a.seconds, b.seconds, -1),
    labels: { trials: less(a.labels.trials, b.labels.trials), hits: less(a.labels.hits, b.labels.hits) },
  };
}
function each(a: readonly number[], b: readonly number[], sign: 1 | -1): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => Math.max(0, (a[i] ?? 0) + sign * (b[i] ?? 0)));
}
function total(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
/** JSON has no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
function percent(rate: number): string {
  return `${(rate * 100).toFixed(rate < 0.1 ? 2 : 1)} %`;
}
function milliseconds(seconds: number): string {
  return Number.isFinite(seconds) ? `${Number((seconds * 1000).toPrecision(3))} ms` : "a minute";
}
