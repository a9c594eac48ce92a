// A webhook: where events of the audit log go, and which of them.

import type { Value } from "../database/index.ts";
import { webhookError } from "./errors.ts";

export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** `alias.moved`, `request.*` or `*`. */
  readonly events: readonly string[];
  /** Names, or prefixes with *; null for all, and for events of no model. */
  readonly models: readonly string[] | null;
  readonly description: string;
  readonly state: "active" | "disabled";
  /** Why it is disabled. */
  readonly note: string;
  /** The number of the last audit entry that is done with. */
  readonly position: number;
  /** Calls that failed in a row, since when, and when the next one is. Times: ISO 8601, UTC. */
  readonly failures: number;
  readonly failingSince: string | null;
  readonly nextAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
}
export interface Attempt {
  readonly time: string;
  /** Of the answer; null where there was none. */
  readonly status: number | null;
  /** The error's code, and the beginning of the answer. */
  readonly error: string | null;
  readonly excerpt: string;
  readonly ms: number;
  readonly manual: boolean;
}
export interface Delivery {
  readonly id: string;
  readonly webhook: string;
  /** The audit entry. */
  readonly seq: number;
  readonly event: string;
  /** `skipped`: given up by an administrator. */
  readonly state: "pending" | "delivered" | "skipped";
  readonly attempts: number;
  /** The latest twenty. */
  readonly history: readonly Attempt[];
  readonly createdAt: string;
  readonly deliveredAt: string | null;
}

export const WEBHOOK_COLUMNS = "id, url, events, models, description, state, note, position, failures, failing_since, next_at, created_at, created_by";
export const DELIVERY_COLUMNS = "id, webhook, seq, event, state, attempts, history, created_at, delivered_at";

export function webhookOf(r: Readonly<Record<string, Value>>): Webhook {
  return {
    id: r["id"] as string, url: r["url"] as string, events: JSON.parse(r["events"] as string) as string[], models: r["models"] === null ? null : JSON.parse(r["models"] as string) as string[],
    description: r["description"] as string, state: r["state"] as Webhook["state"], note: r["note"] as string, position: Number(r["position"]), failures: Number(r["failures"]),
    failingSince: r["failing_since"] as string | null, nextAt: r["next_at"] as string | null, createdAt: r["created_at"] as string, createdBy: r["created_by"] as string,
  };
}
export function deliveryOf(r: Readonly<Record<string, Value>>): Delivery {
  return {
    id: r["id"] as string, webhook: r["webhook"] as string, seq: Number(r["seq"]), event: r["event"] as string, state: r["state"] as Delivery["state"], attempts: Number(r["attempts"]),
    history: JSON.parse(r["history"] as string) as Attempt[], createdAt: r["created_at"] as string, deliveredAt: r["delivered_at"] as string | null,
  };
}

const EVENT = /^(?:\*|[a-z][a-z-]{0,40}\.(?:[a-z][a-z-]{0,40}\.)?(?:\*|[a-z][a-z-]{0,40}))$/;
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\*?$|^\*$/;
const MOST = 50;

/** @throws webhook-invalid */
export function readEvents(value: unknown): readonly string[] {
  if (value === undefined) return ["*"];
  return list(value, "events", EVENT, "an event such as alias.moved, request.* or *");
}
/** @throws webhook-invalid */
export function readModels(value: unknown): readonly string[] | null {
  return value == null ? null : list(value, "models", MODEL, "a model's name, or a prefix with *");
}
function list(value: unknown, where: string, pattern: RegExp, what: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST) throw webhookError("webhook-invalid", `${where} is a list of 1 to ${MOST} texts`, { where });
  const wrong = value.find((v) => typeof v !== "string" || !pattern.test(v));
  if (wrong !== undefined) throw webhookError("webhook-invalid", `${where} holds ${JSON.stringify(wrong)?.slice(0, 100)}, which is not ${what}`, { where });
  return value as string[];
}

export function concerns({ events, models }: Pick<Webhook, "events" | "models">, entry: { readonly action: string; readonly model: string | null }): boolean {
  const fits = (pattern: string, name: string): boolean => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name);
  return events.some((e) => fits(e, entry.action)) && (models === null || (entry.model !== null && models.some((m) => fits(m, entry.model!))));
}
