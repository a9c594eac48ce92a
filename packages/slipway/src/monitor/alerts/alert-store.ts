// Alerts and messages in the store. Messages are written with the states that they tell of, in one transaction, and are
// delivered afterwards: a crash in between loses none.

import { createHash, randomUUID } from "node:crypto";
import type { Database } from "../../database/index.ts";
import { iso } from "../store.ts";
import type { Alert, Matter, Message } from "./alert.ts";

type Row = Readonly<Record<string, string | null>>;
const COLUMNS = "id, rule, kind, severity, model, version, subject, summary, since, next, picture, state, first_at, last_at, resolved_at";

/**
 * Whether this process evaluates now: one of those that share the store does.
 * @param holdMs until another one may take over
 */
export async function takeLease(database: Database, name: string, owner: string, now: number, holdMs: number): Promise<boolean> {
  const rows = await database.query<{ owner: string }>(
    "insert into monitor_leases (name, owner, until) values ($1, $2, $3) on conflict (name) do update set owner = excluded.owner, until = excluded.until where monitor_leases.owner = excluded.owner or monitor_leases.until <= $4 returning owner",
    [name, owner, iso(now + holdMs), iso(now)]);
  return rows.length > 0;
}

/** Takes in everything that is the matter now. @returns what is to be told, a message a model */
export async function settle(database: Database, matters: readonly Matter[], sinks: readonly string[], link: (model: string) => string | null, now: number): Promise<Message[]> {
  const time = iso(now);
  return database.transaction(async (tx) => {
    const known = new Map((await tx.query<Row & { told_at: string | null }>(`select ${COLUMNS}, told_at from monitor_alerts`)).map((r) => [r["id"]!, r]));
    const firing: Alert[] = [];
    const seen = new Set<string>();
    for (const m of matters) {
      const id = createHash("sha256").update(JSON.stringify([m.rule, m.model, m.version, m.subject])).digest("hex").slice(0, 32);
      if (seen.has(id)) continue;
      seen.add(id);
      const before = known.get(id);
      const tellAgain = before === undefined || before["told_at"] == null || now - Date.parse(before["told_at"]) >= m.cooldownMs;
      const first = before?.["state"] === "firing" ? before["first_at"]! : time;
      const alert: Alert = { id, rule: m.rule, on: m.on, severity: m.severity, model: m.model, version: m.version, subject: m.subject, summary: m.summary, since: m.since, next: m.next, picture: m.picture, state: "firing", firstAt: first, lastAt: time, resolvedAt: null };
      await tx.query(`insert into monitor_alerts (${COLUMNS}, told_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'firing', $12, $13, null, $14)
        on conflict (id) do update set severity = excluded.severity, summary = excluded.summary, since = excluded.since, next = excluded.next, picture = excluded.picture, state = 'firing', first_at = excluded.first_at, last_at = excluded.last_at, resolved_at = null, told_at = excluded.told_at`,
      [id, m.rule, m.on, m.severity, m.model, m.version, m.subject, m.summary, m.since, m.next, m.picture, first, time, tellAgain ? time : before["told_at"]!]);
      if (tellAgain) firing.push(alert);
    }
    const over = [...known.values()].filter((r) => r["state"] === "firing" && !seen.has(r["id"]!));
    for (const r of over) await tx.query("update monitor_alerts set state = 'resolved', resolved_at = $2 where id = $1", [r["id"]!, time]);
    const resolved = over.map((r): Alert => ({ ...alertOf(r), state: "resolved", resolvedAt: time }));
    const messages = [...new Set([...firing, ...resolved].map((a) => a.model))].map((model): Message => ({ id: `alert_${randomUUID()}`, model, link: link(model), firing: firing.filter((a) => a.model === model), resolved: resolved.filter((a) => a.model === model) }));
    for (const message of messages) for (const sink of sinks) await tx.query("insert into monitor_messages (id, sink, body, attempts, next_at, created_at, error) values ($1, $2, $3, 0, $4, $4, null)", [message.id, sink, JSON.stringify(message), time]);
    return messages;
  });
}

export async function listAlerts(database: Database, model?: string): Promise<Alert[]> {
  const rows = await database.query<Row>(`select ${COLUMNS} from monitor_alerts where (cast($1 as text) is null or model = $1) order by state, last_at desc, id limit 500`, [model ?? null]);
  return rows.map(alertOf);
}

export interface WaitingMessage {
  readonly sink: string;
  readonly message: Message;
  readonly attempts: number;
}
export async function dueMessages(database: Database, now: number): Promise<WaitingMessage[]> {
  const rows = await database.query<{ sink: string; body: string; attempts: number }>("select sink, body, attempts from monitor_messages where next_at is not null and next_at <= $1 order by created_at, id limit 50", [iso(now)]);
  return rows.map((r) => ({ sink: r.sink, message: JSON.parse(r.body) as Message, attempts: Number(r.attempts) }));
}
/** `next`: when it is tried again; null: never, as it is delivered or given up. */
export async function noteDelivery(database: Database, { sink, message: { id }, attempts }: WaitingMessage, error: string | null, next: number | null): Promise<void> {
  if (error === null) await database.query("delete from monitor_messages where id = $1 and sink = $2", [id, sink]);
  else await database.query("update monitor_messages set attempts = $3, error = $4, next_at = $5 where id = $1 and sink = $2", [id, sink, attempts + 1, error.slice(0, 500), next === null ? null : iso(next)]);
}
/** Of messages that could not be delivered yet, or never: how many, and why the last one. */
export async function undelivered(database: Database): Promise<readonly { readonly sink: string; readonly messages: number; readonly error: string | null }[]> {
  const rows = await database.query<{ sink: string; n: number; error: string | null }>("select sink, count(*) as n, max(error) as error from monitor_messages where attempts > 0 group by sink order by sink");
  return rows.map((r) => ({ sink: r.sink, messages: Number(r.n), error: r.error }));
}

function alertOf(r: Row): Alert {
  return {
    id: r["id"]!, rule: r["rule"]!, on: r["kind"] as Alert["on"], severity: r["severity"] as Alert["severity"], model: r["model"]!, version: r["version"]!, subject: r["subject"]!, summary: r["summary"]!, since: r["since"] ?? null,
    next: r["next"]!, picture: r["picture"] ?? null, state: r["state"] as Alert["state"], firstAt: r["first_at"]!, lastAt: r["last_at"]!, resolvedAt: r["resolved_at"] ?? null,
  };
}
