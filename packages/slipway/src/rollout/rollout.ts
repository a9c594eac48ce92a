// What a rollout is, and its rows.

import type { CanaryVerdict, Finding } from "@slipway/core/stats";
import type { Actor } from "../audit/index.ts";
import { stagesOf, type RolloutPlan, type Stage } from "./plan.ts";

/** `rolled-back`: it was promoted, and the alias was put back later. */
export type RolloutState = "running" | "paused" | "promoted" | "aborted" | "rolled-back";

export interface Rollout {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  /** The version that the alias names, and the one that is to take its place. */
  readonly baseline: number;
  readonly candidate: number;
  readonly plan: RolloutPlan;
  readonly stages: readonly Stage[];
  readonly comment: string;
  readonly state: RolloutState;
  /** Of `stages`. */
  readonly stage: number;
  readonly stageSince: string;
  /** Grows with each change that replicas have to follow. */
  readonly revision: number;
  /** Of the last look: what it says in all, and what each signal says. */
  readonly verdict: CanaryVerdict;
  readonly findings: readonly Finding[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly endedAt: string | null;
  /** Who promoted, stopped or took it back; null where nobody did it by hand. */
  readonly endedBy: string | null;
  /** Why it was aborted, or what it waits for. */
  readonly reason: string;
}
export interface RolloutEvent {
  readonly seq: number;
  readonly at: string;
  readonly kind: "started" | "stage" | "verdict" | "paused" | "resumed" | "promoted" | "aborted" | "rolled-back" | "leader" | "waits";
  readonly stage: number;
  readonly actor: string;
  readonly text: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
/** How it stood at a time, for pictures. */
export interface RolloutSample {
  readonly at: string;
  readonly stage: number;
  /** Per cent of requests. */
  readonly weight: number;
  readonly canary: SampleSide;
  readonly baseline: SampleSide;
}
export interface SampleSide {
  readonly requests: number;
  readonly failures: number;
  /** Seconds. */
  readonly p50: number | null;
  readonly p99: number | null;
}
export interface Replica {
  readonly replica: string;
  readonly seenAt: string;
  readonly revision: number;
  readonly ready: boolean;
  readonly problem: string | null;
  /** Milliseconds from the last change to when it was followed. */
  readonly lagMs: number | null;
}
export interface RolloutDetails extends Rollout {
  readonly leader: string | null;
  readonly replicas: readonly Replica[];
  readonly events: readonly RolloutEvent[];
  readonly samples: readonly RolloutSample[];
}

/** An alias that was put back to the version before. */
export interface Return {
  readonly model: string;
  readonly alias: string;
  readonly from: number;
  readonly to: number;
  /** The rollout that had brought the version; null where it came without one. */
  readonly rollout: string | null;
}

export interface RolloutRow {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  readonly baseline: number;
  readonly candidate: number;
  readonly plan: string;
  readonly comment: string;
  readonly state: RolloutState;
  readonly stage: number;
  readonly stage_since: string;
  readonly revision: number;
  readonly judged: string;
  readonly findings: string;
  readonly verdict: CanaryVerdict;
  readonly bins: string | null;
  readonly leader: string | null;
  readonly lease_until: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly how: Actor["how"];
  readonly ended_at: string | null;
  readonly ended_by: string | null;
  readonly reason: string;
}
export interface ReplicaRow {
  readonly replica: string;
  readonly seen_at: string;
  readonly revision: number;
  readonly ready: number;
  readonly problem: string | null;
  readonly lag_ms: number | null;
  readonly counts: string;
}

export function rolloutOf(row: RolloutRow): Rollout {
  const plan = JSON.parse(row.plan) as RolloutPlan;
  return {
    id: row.id, model: row.model, alias: row.alias, baseline: row.baseline, candidate: row.candidate, plan, stages: stagesOf(plan), comment: row.comment, state: row.state, stage: row.stage,
    stageSince: row.stage_since, revision: row.revision, verdict: row.verdict, findings: JSON.parse(row.findings) as Finding[], createdAt: row.created_at, createdBy: row.created_by, endedAt: row.ended_at, endedBy: row.ended_by, reason: row.reason,
  };
}
/** Who does what nobody does by hand. */
export const MACHINE: Actor = { name: "slipway", roles: [], groups: [], how: "local" };

/** Per cent of requests that the new version answers now. */
export function weightOf({ state, stages, stage }: Pick<Rollout, "state" | "stages" | "stage">): number {
  if (state === "promoted") return 100;
  const at = stages[stage];
  return state === "aborted" || state === "rolled-back" || at?.kind !== "step" ? 0 : at.weight;
}
