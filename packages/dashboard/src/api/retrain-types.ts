// What /api/v1/retrains answers.

export type RetrainState = "training" | "waiting" | "gate" | "approval" | "rollout" | "promoted" | "aborted" | "failed" | "unchanged" | "cancelled";

export interface Retrain {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  readonly cause: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly state: RetrainState;
  readonly reason: string;
  readonly parent: number | null;
  readonly version: number | null;
  readonly request: string | null;
  readonly rollout: string | null;
  readonly output: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly endedAt: string | null;
}
export interface RetrainDetails extends Retrain {
  readonly gate: "none" | "running" | "green" | "red" | "failed";
  readonly events: readonly { readonly seq: number; readonly at: string; readonly state: RetrainState; readonly actor: string; readonly text: string }[];
}
export interface RetrainSetup {
  readonly model: string;
  readonly alias: string;
  readonly outside: boolean;
  readonly data: string | null;
  readonly triggers: readonly string[];
  readonly restsUntil: string | null;
  readonly held: { readonly cause: string; readonly evidence: Readonly<Record<string, unknown>>; readonly reason: string; readonly after: string; readonly since: string } | null;
}
export interface RetrainList {
  readonly retrains: readonly Retrain[];
  readonly models: readonly RetrainSetup[];
}
