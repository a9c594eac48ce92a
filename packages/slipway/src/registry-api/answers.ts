// What /api/v1 answers, as types: the routes are held to them, and the dashboard imports them, so that a page which reads
// what is no longer given does not compile.

import type { Decision, PersonKey, Policy, ReleaseRequest, RequestDetails } from "../approvals/index.ts";
import type { AuditEntry, ForeignEntry } from "../audit/index.ts";
import type { GateReport } from "../gate/index.ts";
import type { Alias, Attachment, ModelSummary, Version, VersionDetails } from "../registry/index.ts";
import type { Retrain, RetrainDetails, RetrainSetup } from "../retrain/index.ts";
import type { Return, Rollout, RolloutDetails } from "../rollout/index.ts";
import type { RunDetails, Schedule, ScheduleRun } from "../schedules/index.ts";
import type { Action, KeyRecord } from "../server/index.ts";
import type { Delivery, Webhook } from "../webhooks/index.ts";
import type { GateRun } from "./gate-runs.ts";

export type { AuditEntry, Attachment, Decision, GateReport, GateRun, ModelSummary, PersonKey, ReleaseRequest, RequestDetails, Retrain, RetrainSetup, Return, Rollout, RolloutDetails, RunDetails, ScheduleRun, Version, Webhook };
export type AliasInfo = Alias;
export type AskedPolicy = Omit<Policy, "name">;

export interface Me {
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** What the person's roles allow. */
  readonly can: readonly Action[];
  /** Of a key for some models only. */
  readonly models?: readonly string[];
}
export interface ModelDetail extends Omit<ModelSummary, "aliases"> {
  readonly aliases: readonly Alias[];
  /** Of each alias that has one. */
  readonly policies: Readonly<Record<string, AskedPolicy>>;
}
export interface VersionDetail extends Omit<VersionDetails, "card"> {
  readonly requests: readonly ReleaseRequest[];
}
export interface Card {
  readonly text: string;
  /** What `PUT` must be given as `expected`. */
  readonly revision: string;
}
/** With who brought it here. */
export type ForeignAuditEntry = AuditEntry & Omit<ForeignEntry, "entry">;
export interface ApiKey extends Required<Pick<KeyRecord, "id" | "name" | "roles">> {
  readonly groups: readonly string[];
  /** Null for all. */
  readonly models: readonly string[] | null;
  readonly created: string;
  readonly expires: string | null;
  readonly revoked: string | null;
  readonly state: "valid" | "expired" | "revoked";
}
export interface ShownDelivery extends Delivery {
  /** Of the last attempt. */
  readonly status: number | null;
  readonly error: string | null;
  readonly nextAt: string | null;
}
export interface ListedSchedule extends Schedule {
  readonly last: ScheduleRun | null;
}
export interface ShownRetrain extends RetrainDetails {
  readonly gate: GateRun["state"];
}
export interface RetrainList {
  readonly retrains: readonly Retrain[];
  /** How each model is trained, as the configuration says. */
  readonly models: readonly RetrainSetup[];
}
