// The one replica that decides, for as long as it renews its lease. It looks at what all replicas counted, and moves the
// rollout on, holds it or ends it, in one transaction: a leader that was cut off in the middle has decided nothing, and two
// that think they lead come one after the other.

import { durationBound, durationQuantile, verdictOf, type Finding, type SideCounts, type Trials } from "@slipway/core/stats";
import type { Database } from "../database/index.ts";
import { frozenUntil } from "./freeze.ts";
import { mergeCounts, NO_COUNTS, NO_SIDE, type StageCounts, type WatchedBins } from "./counts.ts";
import { look, type Judged } from "./judge.ts";
import type { LabelCounts } from "./labels.ts";
import { MACHINE, rolloutOf, weightOf, type ReplicaRow, type Rollout, type RolloutRow, type SampleSide } from "./rollout.ts";
import type { Rollouts } from "./rollouts.ts";
import { addEvent, addSample, replicaRows, rowOf, updateRow } from "./rows.ts";

export interface LeaderOptions {
  readonly rollouts: Rollouts;
  /** Of this process. */
  readonly replica: string;
  /** How often `beat` is called. */
  readonly intervalMs: number;
  /** What the golden rows gave here, once they were asked. */
  readonly replayed?: Finding | undefined;
  /** Since the rollout began. */
  readonly labels?: LabelCounts | undefined;
}

/** Swaps that take longer are told, and nothing goes on. */
const LONGEST_SWAP_MS = 1000;
const REHEARSE_AGAIN_MS = 5000;

/** A lease outlives so many beats that did not come. */
export function leaseMs(intervalMs: number): number {
  return Math.max(500, 5 * intervalMs);
}

/** Takes or renews the lease, and decides if it is had. @returns the row as it is now */
export async function lead(tx: Database, id: string, options: LeaderOptions): Promise<RolloutRow> {
  const { rollouts, replica, intervalMs } = options;
  const now = rollouts.now();
  let row = await rowOf(tx, id);
  if (row.state !== "running" && row.state !== "paused") return row;
  const led = row.lease_until !== null && row.lease_until > new Date(now).toISOString();
  if (led && row.leader !== replica) return row;
  if (row.leader !== replica) await addEvent(tx, row, "leader", replica, row.leader === null ? `${replica} leads` : `${replica} leads in the place of ${row.leader}`);
  row = await updateRow(tx, id, { leader: replica, lease_until: new Date(now + leaseMs(intervalMs)).toISOString() });
  return decide(tx, row, options, now);
}

async function decide(tx: Database, row: RolloutRow, { rollouts, intervalMs, replayed, labels }: LeaderOptions, now: number): Promise<RolloutRow> {
  const rollout = rolloutOf(row);
  const { model, alias, baseline, candidate } = rollout;
  const named = await rollouts.aliasVersion(model, alias, tx);
  if (named === candidate) return rollouts.end(tx, row, "promoted", MACHINE, `${alias} was set to ${model}:${candidate} by hand`);
  if (named !== baseline) return rollouts.end(tx, row, "aborted", MACHINE, `${alias} names ${named === null ? "nothing" : `${model}:${named}`} now, no longer ${model}:${baseline}`);

  const agreed = await rollouts.approvals.standing(model, alias, candidate, tx);
  if (agreed.rejected) return rollouts.end(tx, row, "aborted", MACHINE, `the request that ${alias} name ${model}:${candidate} was rejected`);

  const all = await replicaRows(tx, row.id);
  const live = all.filter((r) => now - Date.parse(r.seen_at) < leaseMs(intervalMs));
  const broken = live.find((r) => r.ready < 0);
  if (broken !== undefined) return rollouts.end(tx, row, "aborted", MACHINE, broken.problem ?? "a replica cannot serve it", { replica: broken.replica });
  const counts = mergeCounts(all.map((r) => r.counts));
  await sample(tx, rollout, counts, now);
  const bins = row.bins === null ? undefined : JSON.parse(row.bins) as WatchedBins[];
  const before = JSON.parse(row.judged) as Judged;
  const { judged, findings: found } = look(rollout, before, labels === undefined ? counts : withLabels(rollout, before, counts, labels), bins, now, labels);
  const findings = [...found, ...replicasFinding(rollout, live), ...(rollout.stages[row.stage]?.kind === "replay" ? [replayed ?? WAITS_FOR_REPLAY] : [])];
  const verdict = verdictOf(findings);
  const changed = findingKey(findings) !== findingKey(rollout.findings);
  const looked = await updateRow(tx, row.id, { judged: JSON.stringify(judged), findings: JSON.stringify(findings), verdict });
  if (changed) await addEvent(tx, looked, "verdict", MACHINE.name, `${verdict}: ${textOf(findings, verdict)}`, { verdict, findings });

  if (verdict === "abort") return rollouts.end(tx, looked, "aborted", MACHINE, textOf(findings, "abort"), { findings });
  if (verdict === "hold") {
    const late = live.some((r) => r.revision === row.revision && (r.lag_ms ?? 0) > LONGEST_SWAP_MS);
    if (rollout.stages[row.stage]?.kind === "rehearsal" && late && now - Date.parse(row.stage_since) > REHEARSE_AGAIN_MS) {
      return updateRow(tx, row.id, { stage_since: new Date(now).toISOString(), revision: row.revision + 1 });
    }
    return looked;
  }
  if (row.state === "paused") return looked;
  if (!agreed.verdict.met && !agreed.cameBefore) return rollouts.waits(tx, looked, `what was agreed no longer holds: ${agreed.verdict.missing.map((m) => m.text).join("; ")}`);
  const frozen = frozenUntil(rollout.plan, now);
  if (frozen !== undefined) return rollouts.waits(tx, looked, `frozen until ${frozen.toISOString().slice(0, 16).replace("T", " ")} UTC`);
  return rollouts.next(tx, looked, MACHINE, textOf(findings, "promote"), { findings });
}

const WAITS_FOR_REPLAY: Finding = { signal: "replay", verdict: "hold", text: "the golden rows are not asked yet", figures: {} };

/** Whether every replica does what is wanted; at the rehearsal, how fast. */
function replicasFinding(rollout: Rollout, live: readonly ReplicaRow[]): Finding[] {
  const behind = live.filter((r) => r.ready !== 1 || r.revision !== rollout.revision);
  const problem = live.find((r) => r.problem !== null)?.problem ?? undefined;
  const lag = Math.max(0, ...live.map((r) => r.lag_ms ?? 0));
  const rehearsal = rollout.stages[rollout.stage]?.kind === "rehearsal";
  const slow = rehearsal && lag > LONGEST_SWAP_MS;
  if (behind.length === 0 && !slow && !rehearsal) return [];
  const text = problem ?? (behind.length > 0 ? `${behind.length} of ${live.length} replicas are not there yet` : `going back takes ${lag} ms on ${live.length} replica${live.length === 1 ? "" : "s"}`);
  return [{ signal: "replicas", verdict: behind.length > 0 || slow ? "hold" : "promote", text, figures: { replicas: live.length, behind: behind.length, lagMs: lag } }];
}

function findingKey(findings: readonly Finding[]): string {
  return findings.map((f) => `${f.signal} ${f.verdict}`).join(", ");
}
/** What the findings with this verdict say. */
function textOf(findings: readonly Finding[], verdict: Finding["verdict"]): string {
  return findings.filter((f) => f.verdict === verdict).map((f) => f.text).join("; ");
}

/** Labels that came since the last step belong to this one: they may be for predictions of an earlier one. */
function withLabels({ stages, stage }: Rollout, { canary }: Judged, counts: readonly StageCounts[], { canary: fresh, baseline: old }: LabelCounts): readonly StageCounts[] {
  if (stages[stage]?.kind !== "step") return counts;
  const step = stages.filter((s, i) => s.kind === "step" && i < stage).length;
  const rest = (all: Trials, side: "canary" | "baseline"): Trials => canary.seen.reduce((left, s, i) => (i === step ? left : { trials: Math.max(0, left.trials - s[side].labels.trials), hits: Math.max(0, left.hits - s[side].labels.hits) }), all);
  const here = counts[stage] ?? NO_COUNTS;
  const joined = [...counts];
  joined[stage] = { ...here, canary: { ...here.canary, labels: rest(fresh, "canary") }, baseline: { ...here.baseline, labels: rest(old, "baseline") } };
  return joined;
}

async function sample(tx: Database, rollout: Rollout, counts: readonly StageCounts[], now: number): Promise<void> {
  const [last] = await tx.query<{ at: string }>("select at from rollout_samples where rollout = $1 order by seq desc limit 1", [rollout.id]);
  // The longer it goes on, the fewer points a minute.
  const age = now - Date.parse(rollout.createdAt);
  if (last !== undefined && now - Date.parse(last.at) < Math.max(1000, age / 200) && last.at > rollout.stageSince) return;
  const here = counts[rollout.stage];
  await addSample(tx, rollout.id, { at: new Date(now).toISOString(), stage: rollout.stage, weight: weightOf(rollout), canary: sideSample(here?.canary ?? NO_SIDE), baseline: sideSample(here?.baseline ?? NO_SIDE) });
}
function sideSample({ requests, failures, seconds }: SideCounts): SampleSide {
  const at = (share: number): number | null => {
    const bucket = durationQuantile(seconds, share);
    return bucket === undefined ? null : durationBound(bucket);
  };
  return { requests, failures, p50: at(0.5), p99: at(0.99) };
}

