// What was counted, in a database: SQLite in memory or in a file, or a Postgres that several replicas share.

import { decodeWindow, encodeWindow, WindowCounter } from "@slipway/core/stats";
import { migrate, openDatabase, type Database } from "../database/index.ts";
import { MONITOR_MIGRATIONS } from "./tables.ts";
import type { KeptPrediction } from "./predictions.ts";
import type { Subject } from "./subject.ts";

export interface StoredWindow {
  readonly begins: number;
  readonly lengthMs: number;
  readonly counter: WindowCounter;
}
export interface ReplicaNote {
  readonly id: string;
  readonly host: string;
  readonly startedAt: number;
  readonly intervalMs: number;
  /** Since it started, and since it wrote last. */
  readonly rows: number;
  readonly lastRows: number;
  /** Rows that it could not count. */
  readonly dropped: number;
}
export interface Replica {
  readonly id: string;
  readonly host: string;
  readonly state: "running" | "stopped" | "lost";
  readonly startedAt: string;
  readonly seenAt: string;
  readonly rows: number;
  readonly dropped: number;
  readonly lost: number;
}

/** A month of ten minutes. */
const MAX_WINDOWS = 5000;
/** A replica that was not heard of for so many intervals is gone. */
const MISSED_INTERVALS = 5;

export class MonitorStore {
  readonly database: Database;
  readonly #own: boolean;

  private constructor(database: Database, own: boolean) {
    this.database = database;
    this.#own = own;
  }
  /** In a database that is open and is closed by its owner. */
  static async over(database: Database): Promise<MonitorStore> {
    await migrate(database, "monitor", MONITOR_MIGRATIONS);
    return new MonitorStore(database, false);
  }
  /** @throws what openDatabase throws */
  static async open(url: string): Promise<MonitorStore> {
    const database = await openDatabase(url);
    try {
      await migrate(database, "monitor", MONITOR_MIGRATIONS);
      return new MonitorStore(database, true);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Everything that a replica has counted in windows that changed, all or nothing. */
  async write(replica: ReplicaNote, written: readonly { readonly subject: Subject; readonly window: { readonly begins: number; readonly counter: WindowCounter }; readonly lengthMs: number }[], predictions: readonly { readonly subject: Subject; readonly kept: readonly KeptPrediction[] }[], now: number): Promise<void> {
    // Encoded before, so that the transaction is short.
    const rows = written.map(({ subject, window, lengthMs }) => ({ subject, begins: iso(window.begins), lengthMs, counts: Buffer.from(encodeWindow(window.counter)).toString("base64") }));
    await this.database.transaction(async (tx) => {
      for (const { subject, begins, lengthMs, counts } of rows) {
        await tx.query("insert into monitor_subjects (model, version, digest, subject, first_at) values ($1, $2, $3, $4, $5) on conflict (model, version, digest) do nothing", [subject.model, subject.version, subject.digest, JSON.stringify(subject), iso(now)]);
        await renew(tx, subject);
        await tx.query(`insert into monitor_windows (model, version, digest, begins, replica, length_ms, counts) values ($1, $2, $3, $4, $5, $6, $7)
          on conflict (model, version, digest, begins, replica) do update set counts = excluded.counts`, [subject.model, subject.version, subject.digest, begins, replica.id, lengthMs, counts]);
      }
      for (const { subject, kept } of predictions) await writePredictions(tx, subject, kept);
      await tx.query(`insert into monitor_replicas (id, host, started_at, seen_at, interval_ms, state, row_count, last_rows, dropped, lost) values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, 0)
        on conflict (id) do update set seen_at = excluded.seen_at, state = 'running', row_count = excluded.row_count, last_rows = excluded.last_rows, dropped = excluded.dropped, lost = 0`, [
        replica.id, replica.host, iso(replica.startedAt), iso(now), replica.intervalMs, replica.rows, replica.lastRows, replica.dropped]);
    });
  }

  /** The replica stops in order: nothing of it is lost. */
  async stopped(id: string, now: number): Promise<void> {
    await this.database.query("update monitor_replicas set state = 'stopped', seen_at = $2 where id = $1", [id, iso(now)]);
  }

  /**
   * Notes replicas that ended without a word, merges the rows of those that are gone, and deletes what is too old.
   * @param keepMs how long windows are kept
   */
  async sweep(now: number, keepMs: number): Promise<void> {
    await this.database.transaction(async (tx) => {
      const silent = await tx.query<{ id: string; seen_at: string; interval_ms: number }>("select id, seen_at, interval_ms from monitor_replicas where state = 'running'");
      for (const { id, seen_at: seen, interval_ms: interval } of silent) {
        if (now - Date.parse(seen) > MISSED_INTERVALS * Number(interval)) await tx.query("update monitor_replicas set state = 'lost', lost = last_rows where id = $1", [id]);
      }
      await mergeGone(tx, now);
      const oldest = iso(now - keepMs);
      await tx.query("delete from monitor_windows where begins < $1", [oldest]);
      await tx.query("delete from monitor_predictions where at < $1", [oldest]);
      await tx.query("delete from monitor_labels where changed_at < $1", [oldest]);
      await tx.query("delete from monitor_alerts where state = 'resolved' and resolved_at < $1", [oldest]);
      await tx.query("delete from monitor_messages where created_at < $1", [oldest]);
      await tx.query("delete from monitor_replicas where state <> 'running' and seen_at < $1", [oldest]);
      await tx.query("delete from monitor_subjects where first_at < $1 and not exists (select 1 from monitor_windows w where w.model = monitor_subjects.model and w.version = monitor_subjects.version and w.digest = monitor_subjects.digest)", [oldest]);
    });
  }

  async replicas(): Promise<Replica[]> {
    const rows = await this.database.query<Record<string, string | number>>("select id, host, state, started_at, seen_at, row_count, dropped, lost from monitor_replicas order by started_at, id");
    return rows.map((r) => ({ id: r["id"] as string, host: r["host"] as string, state: r["state"] as Replica["state"], startedAt: r["started_at"] as string, seenAt: r["seen_at"] as string, rows: Number(r["row_count"]), dropped: Number(r["dropped"]), lost: Number(r["lost"]) }));
  }

  /** What was ever watched and is still kept, the latest first. */
  async subjects(model?: string, version?: string): Promise<Subject[]> {
    const rows = await this.database.query<{ subject: string }>(
      "select subject from monitor_subjects where (cast($1 as text) is null or model = $1) and (cast($2 as text) is null or version = $2) order by first_at desc, model, version", [model ?? null, version ?? null]);
    return rows.map((r) => JSON.parse(r.subject) as Subject);
  }

  /** The windows of a subject that begin from a time on, in order, each the merger of all replicas. */
  async windows(subject: Subject, from: number, to: number = Infinity): Promise<StoredWindow[]> {
    const rows = await this.database.query<{ begins: string; length_ms: number; counts: string }>(
      `select begins, length_ms, counts from monitor_windows where model = $1 and version = $2 and digest = $3 and begins >= $4 and begins < $5 order by begins desc limit ${MAX_WINDOWS}`,
      [subject.model, subject.version, subject.digest, iso(from), Number.isFinite(to) ? iso(to) : "9999"]);
    const references = subject.series.map((s) => s.reference);
    const merged = new Map<string, StoredWindow>();
    for (const row of rows.toReversed()) {
      const counter = decodeWindow(references, Buffer.from(row.counts, "base64"));
      const known = merged.get(row.begins);
      if (known === undefined) merged.set(row.begins, { begins: Date.parse(row.begins), lengthMs: Number(row.length_ms), counter });
      else known.counter.merge(counter);
    }
    return [...merged.values()];
  }

  async close(): Promise<void> {
    if (this.#own) await this.database.close();
  }
}

const MERGED_AT_ONCE = 50;
const GONE_MS = 86_400_000;

/** Rows of replicas that will never write again become one row of nobody's. One that ended without a word may be cut off only, for a while. */
async function mergeGone(tx: Database, now: number): Promise<void> {
  const gone = "replica in (select id from monitor_replicas where state = 'stopped' or (state = 'lost' and seen_at < $1))";
  const windows = await tx.query<{ model: string; version: string; digest: string; begins: string }>(`select distinct model, version, digest, begins from monitor_windows where ${gone} order by begins limit ${MERGED_AT_ONCE}`, [iso(now - GONE_MS)]);
  for (const { model, version, digest, begins } of windows) {
    const key = [iso(now - GONE_MS), model, version, digest, begins];
    const which = `(${gone} or replica = '') and model = $2 and version = $3 and digest = $4 and begins = $5`;
    const [subject] = await tx.query<{ subject: string }>("select subject from monitor_subjects where model = $1 and version = $2 and digest = $3", [model, version, digest]);
    const rows = await tx.query<{ counts: string; length_ms: number }>(`select counts, length_ms from monitor_windows where ${which}`, key);
    if (subject === undefined || rows.length === 0) continue;
    const references = (JSON.parse(subject.subject) as Subject).series.map((s) => s.reference);
    const merged = new WindowCounter(references);
    for (const { counts } of rows) merged.merge(decodeWindow(references, Buffer.from(counts, "base64")));
    await tx.query(`delete from monitor_windows where ${which}`, key);
    await tx.query("insert into monitor_windows (model, version, digest, begins, replica, length_ms, counts) values ($1, $2, $3, $4, '', $5, $6)", [model, version, digest, begins, Number(rows[0]!.length_ms), Buffer.from(encodeWindow(merged)).toString("base64")]);
  }
}

const ROWS_AT_ONCE = 100;

/** Of two predictions with one id the first stays: a client that sends its own ids may send one again. */
async function writePredictions(tx: Database, { model, version, digest }: Subject, kept: readonly KeptPrediction[]): Promise<void> {
  for (let start = 0; start < kept.length; start += ROWS_AT_ONCE) {
    const part = kept.slice(start, start + ROWS_AT_ONCE);
    const places = part.map((_, i) => `($${5 * i + 4}, $1, $2, $3, $${5 * i + 5}, $${5 * i + 6}, $${5 * i + 7}, $${5 * i + 8})`).join(", ");
    await tx.query(`insert into monitor_predictions (id, model, version, digest, at, business_key, answer, scores) values ${places} on conflict (id) do nothing`,
      [model, version, digest, ...part.flatMap((p) => [p.id, iso(p.at), p.key, p.answer, p.scores === null ? null : JSON.stringify(p.scores.map((s) => Number(s.toPrecision(7))))])]);
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A newer Slipway may watch more of the same package, behind what was watched before; and its task may be told otherwise by now. */
async function renew(tx: Database, subject: Subject): Promise<void> {
  const key = [subject.model, subject.version, subject.digest];
  const [known] = await tx.query<{ subject: string }>("select subject from monitor_subjects where model = $1 and version = $2 and digest = $3", key);
  const text = JSON.stringify(subject);
  if (known === undefined || known.subject === text || (JSON.parse(known.subject) as Subject).series.length > subject.series.length) return;
  await tx.query("update monitor_subjects set subject = $4 where model = $1 and version = $2 and digest = $3", [...key, text]);
}
