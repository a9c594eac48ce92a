// What /api/v1/rollouts answers.

export type Verdict = "promote" | "hold" | "abort";
export type RolloutState = "running" | "paused" | "promoted" | "aborted";
export type Stage = { readonly kind: "replay" | "rehearsal" } | { readonly kind: "shadow"; readonly requests: number } | { readonly kind: "step"; readonly weight: number; readonly bakeMs: number; readonly requests: number };

export interface Finding {
  readonly signal: string;
  readonly verdict: Verdict;
  readonly text: string;
}
export interface Rollout {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  readonly baseline: number;
  readonly candidate: number;
  readonly stages: readonly Stage[];
  readonly stage: number;
  readonly stageSince: string;
  readonly comment: string;
  readonly state: RolloutState;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly endedAt: string | null;
  readonly reason: string;
}
export interface SampleSide {
  readonly requests: number;
  readonly failures: number;
  readonly p50: number | null;
  readonly p99: number | null;
}
export interface RolloutDetails extends Rollout {
  readonly leader: string | null;
  readonly replicas: readonly { readonly replica: string; readonly ready: boolean; readonly problem: string | null; readonly lagMs: number | null }[];
  readonly events: readonly { readonly seq: number; readonly at: string; readonly kind: string; readonly actor: string; readonly text: string }[];
  readonly samples: readonly { readonly at: string; readonly stage: number; readonly weight: number; readonly canary: SampleSide; readonly baseline: SampleSide }[];
}
