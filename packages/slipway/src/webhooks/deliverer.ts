// Delivers the audit log's entries to webhooks: each webhook has its position in the log, which moves on when a call was
// answered with 2xx. So every event arrives at least once and, for one webhook, in order; a receiver tells a repetition by
// `webhook-id`. Of several processes over one database, the one that holds a webhook's lease calls it; a lease that its
// holder did not give back (it was killed) is over after a while, and what was on its way then is sent again.

import { randomUUID } from "node:crypto";
import { SlipwayError } from "@slipway/core/base";
import { appendAudit, listAudit, type Actor, type AuditEntry } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { backoffMs } from "./backoff.ts";
import { sendWebhook } from "./send.ts";
import { signWebhook } from "./sign.ts";
import { concerns, DELIVERY_COLUMNS, deliveryOf, WEBHOOK_COLUMNS, webhookOf, type Attempt, type Delivery, type Webhook } from "./webhook.ts";
import type { Webhooks } from "./webhooks.ts";

export interface DelivererOptions {
  readonly webhooks: Webhooks;
  /** Longest time for one call; 10 s by default. */
  readonly timeoutMs?: number;
  /** A webhook whose calls fail for so long is disabled; three days by default. */
  readonly disableAfterMs?: number;
  /** How often to look for new entries; 1 s by default. */
  readonly pollMs?: number;
  /** Told of what cannot be told otherwise: a database that is away. */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Beyond the time for a call: for writing what came of it, and for clocks that differ. */
const LEASE_SLACK_MS = 20_000;
const PAGE = 50;
/** Of one webhook, before the others have their turn. */
const MAX_CALLS = 50;
const AT_ONCE = 8;
const HISTORY = 20;
const MAX_BODY = 64 * 1024;
const KEEP_MS = 30 * 86_400_000;
const SYSTEM: Actor = { name: "slipway", roles: [], groups: [], how: "local" };

interface Answered extends Attempt {
  /** When the receiver wants the next call. */
  readonly retryAfterMs?: number | undefined;
}

export class Deliverer {
  readonly owner: string = randomUUID();
  readonly #webhooks: Webhooks;
  readonly #database: Database;
  readonly #options: Required<Omit<DelivererOptions, "webhooks">>;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> | undefined;

  constructor({ webhooks, timeoutMs = 10_000, disableAfterMs = 3 * 86_400_000, pollMs = 1000, onError = () => undefined, now = Date.now }: DelivererOptions) {
    this.#webhooks = webhooks;
    this.#database = webhooks.database;
    this.#options = { timeoutMs, disableAfterMs, pollMs, onError, now };
  }

  /** Delivers until `stop`. */
  start(): void {
    const again = (): void => {
      if (this.#ending.signal.aborted) return;
      this.#timer = setTimeout(() => {
        this.#running = this.tick().catch(this.#options.onError).finally(again);
      }, this.#options.pollMs);
      this.#timer.unref();
    };
    again();
  }

  /** Breaks off calls that are on their way: they are made again. */
  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Makes every call that is due. @returns how many were made */
  async tick(): Promise<number> {
    const now = this.#iso();
    const due = await this.#database.query<{ id: string }>(
      "select id from webhooks where state = 'active' and (next_at is null or next_at <= $1) and (lease_until is null or lease_until <= $1) and position < (select coalesce(max(seq), 0) from audit) order by id", [now]);
    let made = 0;
    for (let i = 0; i < due.length; i += AT_ONCE) {
      // All of them are waited for, so that none goes on after this process closed the database.
      for (const served of await Promise.allSettled(due.slice(i, i + AT_ONCE).map(({ id }) => this.#serve(id)))) {
        if (served.status === "rejected") throw served.reason;
        made += served.value;
      }
    }
    return made;
  }

  /** Makes a call again that was made before; one that waits is made at once by the next tick. @throws webhook-unknown */
  async redeliver(webhookId: string, deliveryId: string, actor: Actor): Promise<Delivery> {
    const webhook = await this.#webhooks.get(webhookId);
    const delivery = await this.#webhooks.delivery(webhookId, deliveryId);
    await this.#database.transaction(async (tx) => {
      await appendAudit(tx, { actor, action: "webhook.redelivered", detail: { webhook: webhookId, delivery: deliveryId, seq: delivery.seq } });
      if (delivery.state === "pending") await tx.query("update webhooks set next_at = null where id = $1", [webhookId]);
    });
    if (delivery.state === "pending") return delivery;
    const { retryAfterMs: _, ...attempt } = await this.#call(webhook, await this.#webhooks.entryOf(delivery), true);
    return this.#database.transaction((tx) => this.#note(tx, webhookId, { seq: delivery.seq, action: delivery.event }, attempt, attempt.error === null ? "delivered" : delivery.state));
  }

  async #serve(id: string): Promise<number> {
    const lease = await this.#lease(id);
    if (lease === undefined) return 0;
    let made = 0;
    try {
      let { position } = lease;
      for (;;) {
        const entries = await listAudit(this.#database, { after: position, limit: PAGE });
        for (const entry of entries) {
          if (concerns(lease, entry)) {
            if (made >= MAX_CALLS || this.#ending.signal.aborted) return made;
            // What was passed over is done with before a call that may fail.
            if (!(await this.#renew(id, entry.seq - 1))) return made;
            const attempt = await this.#call(lease, entry, false);
            // Broken off by the end of this process: as if it had not been made.
            if (this.#ending.signal.aborted && attempt.error !== null) return made;
            made++;
            if (!(await this.#settle(lease, entry, attempt))) return made;
          }
          position = entry.seq;
        }
        if (!(await this.#renew(id, position)) || entries.length < PAGE) return made;
      }
    } finally {
      await this.#database.query("update webhooks set lease_owner = null, lease_until = null where id = $1 and lease_owner = $2", [id, this.owner]);
    }
  }

  async #lease(id: string): Promise<Webhook | undefined> {
    const [row] = await this.#database.query<Record<string, string | number | null>>(
      `update webhooks set lease_owner = $2, lease_until = $3 where id = $1 and state = 'active' and (lease_until is null or lease_until <= $4) returning ${WEBHOOK_COLUMNS}`, [id, this.owner, this.#until(), this.#iso()]);
    return row === undefined ? undefined : webhookOf(row);
  }

  /** Moves the position and the lease on. False where the lease was lost. */
  async #renew(id: string, position: number): Promise<boolean> {
    return (await this.#database.query("update webhooks set lease_until = $3, position = $4 where id = $1 and lease_owner = $2 and state = 'active' returning id", [id, this.owner, this.#until(), position])).length > 0;
  }

  async #call(webhook: Webhook, entry: AuditEntry, manual: boolean): Promise<Answered> {
    const body = bodyOf(entry);
    const began = performance.now();
    const time = this.#iso();
    const done = (status: number | null, error: string | null, excerpt: string): Attempt => ({ time, status, error, excerpt, ms: Math.round(performance.now() - began), manual });
    try {
      const now = this.#options.now();
      const headers = signWebhook(await this.#webhooks.secretsOf(webhook.id, now), `msg_${webhook.id}_${entry.seq}`, Math.floor(now / 1000), body);
      const { status, excerpt, retryAfterMs } = await sendWebhook({ url: webhook.url, headers: { ...headers }, body, timeoutMs: this.#options.timeoutMs, destinations: this.#webhooks.destinations, signal: this.#ending.signal });
      return status >= 200 && status < 300 ? done(status, null, excerpt) : { ...done(status, `status ${status}`, excerpt), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (error) {
      return done(null, error instanceof SlipwayError ? `${error.code}: ${error.message}` : String(error), "");
    }
  }

  /** Keeps what came of a call. Whether the next one may follow. */
  #settle(webhook: Webhook, entry: AuditEntry, attempt: Answered): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<{ failures: number; failing_since: string | null }>("select failures, failing_since from webhooks where id = $1 and lease_owner = $2 and state = 'active'", [webhook.id, this.owner]);
      if (row === undefined) return false;
      const { retryAfterMs, ...kept } = attempt;
      if (attempt.error === null) {
        await this.#note(tx, webhook.id, entry, kept, "delivered");
        await tx.query("update webhooks set position = $2, failures = 0, failing_since = null, next_at = null, lease_until = $3 where id = $1", [webhook.id, entry.seq, this.#until()]);
        await tx.query("delete from deliveries where webhook = $1 and created_at < $2", [webhook.id, new Date(this.#options.now() - KEEP_MS).toISOString()]);
        return true;
      }
      await this.#note(tx, webhook.id, entry, kept, "pending");
      const now = this.#options.now();
      const failures = Number(row.failures) + 1;
      const since = row.failing_since ?? this.#iso();
      const gone = attempt.status === 410;
      if (gone || now - Date.parse(since) >= this.#options.disableAfterMs) {
        const note = gone ? "the receiver answered 410 Gone" : `every call has failed since ${since}: ${attempt.error.slice(0, 300)}`;
        await tx.query("update webhooks set state = 'disabled', note = $2, failures = $3, failing_since = $4, next_at = null where id = $1", [webhook.id, note, failures, since]);
        await appendAudit(tx, { actor: SYSTEM, action: "webhook.disabled", detail: { webhook: webhook.id, origin: new URL(webhook.url).origin, note } });
      } else {
        await tx.query("update webhooks set failures = $2, failing_since = $3, next_at = $4 where id = $1", [webhook.id, failures, since, new Date(now + Math.max(backoffMs(failures), retryAfterMs ?? 0)).toISOString()]);
      }
      return false;
    });
  }

  async #note(tx: Database, webhook: string, entry: Pick<AuditEntry, "seq" | "action">, attempt: Attempt, state: Delivery["state"]): Promise<Delivery> {
    const [row] = await tx.query(`select ${DELIVERY_COLUMNS} from deliveries where webhook = $1 and seq = $2`, [webhook, entry.seq]);
    const before = row === undefined ? undefined : deliveryOf(row);
    const history = [...(before?.history ?? []), { ...attempt, error: attempt.error?.slice(0, 500) ?? null }].slice(-HISTORY);
    const deliveredAt = attempt.error === null ? attempt.time : (before?.deliveredAt ?? null);
    const [kept] = await tx.query(`insert into deliveries (${DELIVERY_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict (webhook, seq) do update set state = excluded.state, attempts = excluded.attempts, history = excluded.history, delivered_at = excluded.delivered_at returning ${DELIVERY_COLUMNS}`, [
      before?.id ?? randomUUID(), webhook, entry.seq, entry.action, state, (before?.attempts ?? 0) + 1, JSON.stringify(history), before?.createdAt ?? attempt.time, deliveredAt]);
    return deliveryOf(kept!);
  }

  #iso(): string {
    return new Date(this.#options.now()).toISOString();
  }
  #until(): string {
    return new Date(this.#options.now() + this.#options.timeoutMs + LEASE_SLACK_MS).toISOString();
  }
}

/** `{ type, timestamp, data }` as the specification recommends. A detail that is too long is left out, and said to be. */
function bodyOf(entry: AuditEntry): string {
  const { seq, time, actor, action, model, version, detail } = entry;
  const body = JSON.stringify({ type: action, timestamp: time, data: { seq, actor, model, version, detail } });
  return body.length <= MAX_BODY ? body : JSON.stringify({ type: action, timestamp: time, data: { seq, actor, model, version, detail: {}, truncated: true } });
}
