// A training of a model, from its cause to what became of it.

export type RetrainState =
  /** The program runs. */
  | "training"
  /** An outside service trains. */
  | "waiting"
  | "gate" | "approval" | "rollout"
  | "promoted" | "aborted" | "failed" | "unchanged" | "cancelled";

export interface Retrain {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  /** What began it: drift, metric, estimate, new-labels, age, schedule, or a person's name. */
  readonly cause: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly state: RetrainState;
  /** What it waits for, or why it ended. */
  readonly reason: string;
  /** The version that the alias named when it began. */
  readonly parent: number | null;
  readonly version: number | null;
  /** The request for its release. */
  readonly request: string | null;
  readonly rollout: string | null;
  /** The program's last output. */
  readonly output: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly endedAt: string | null;
}
export interface RetrainEvent {
  readonly seq: number;
  readonly at: string;
  /** At which it arrived. */
  readonly state: RetrainState;
  readonly actor: string;
  readonly text: string;
}
export interface RetrainDetails extends Retrain {
  readonly events: readonly RetrainEvent[];
}
/** A trigger that is met and begins nothing, because the last training came to nothing and nothing has changed. */
export interface HeldTrigger {
  readonly cause: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly reason: string;
  /** The training that came to nothing. */
  readonly after: string;
  readonly since: string;
}
/** How a model is trained anew, as the configuration says, and when. */
export interface RetrainSetup {
  readonly model: string;
  readonly alias: string;
  /** Whether an outside service trains. */
  readonly outside: boolean;
  readonly data: string | null;
  readonly triggers: readonly string[];
  /** No trigger begins one before; null where none rests. */
  readonly restsUntil: string | null;
  readonly held: HeldTrigger | null;
}
export interface RetrainRow {
  readonly id: string;
  readonly model: string;
  readonly alias: string;
  readonly cause: string;
  readonly evidence: string;
  readonly state: RetrainState;
  readonly reason: string;
  readonly parent: number | null;
  readonly version: number | null;
  readonly request: string | null;
  readonly rollout: string | null;
  readonly output: string;
  readonly given: string | null;
  readonly attempts: number;
  readonly worker: string | null;
  readonly lease_until: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly ended_at: string | null;
}
export const RETRAIN_COLUMNS = "id, model, alias, cause, evidence, state, reason, parent, version, request, rollout, output, given, attempts, worker, lease_until, created_at, created_by, ended_at";

export function retrainOf(r: RetrainRow): Retrain {
  return {
    id: r.id, model: r.model, alias: r.alias, cause: r.cause, evidence: JSON.parse(r.evidence) as Record<string, unknown>, state: r.state, reason: r.reason, parent: r.parent, version: r.version, request: r.request,
    rollout: r.rollout, output: r.output, createdAt: r.created_at, createdBy: r.created_by, endedAt: r.ended_at,
  };
}
