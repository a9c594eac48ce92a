// Writing and reading the audit log.

import type { Database, Value } from "../database/index.ts";
import { hashEntry, NO_HASH, type AuditEntry, type AuditEvent } from "./entry.ts";

interface Row {
  readonly seq: number;
  readonly time: string;
  readonly actor: string;
  readonly how: string;
  readonly action: string;
  readonly model: string | null;
  readonly version: number | null;
  readonly detail: string;
  readonly previous_hash: string;
  readonly hash: string;
}

const COLUMNS = "seq, time, actor, how, action, model, version, detail, previous_hash, hash";
const PAGE = 500;

/** Appends in the transaction of what it tells: either both are kept or neither. */
export async function appendAudit(tx: Database, event: AuditEvent): Promise<AuditEntry> {
  const last = (await tx.query<{ seq: number; hash: string }>("select seq, hash from audit order by seq desc limit 1"))[0];
  const draft = {
    seq: (last?.seq ?? 0) + 1, time: new Date().toISOString(), actor: event.actor.name, how: event.actor.how, action: event.action,
    model: event.model ?? null, version: event.version ?? null,
    // As it will be read again: without what JSON leaves out.
    detail: JSON.parse(JSON.stringify(event.detail ?? {})) as Record<string, unknown>,
    previousHash: last?.hash ?? NO_HASH,
  };
  const entry: AuditEntry = { ...draft, hash: hashEntry(draft) };
  await insert(tx, entry);
  return entry;
}

/** Whether a database, any that this program has opened, has a log. */
export async function hasAudit(database: Database): Promise<boolean> {
  return (await database.query("select number from slipway_migrations where room = 'audit' limit 1")).length > 0;
}

/** Writes a log that was verified into an empty one, as it was. */
export async function restoreAudit(tx: Database, entries: readonly AuditEntry[]): Promise<void> {
  for (const entry of entries) await insert(tx, entry);
}

async function insert(tx: Database, entry: AuditEntry): Promise<void> {
  await tx.query(`insert into audit (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, [
    entry.seq, entry.time, entry.actor, entry.how, entry.action, entry.model, entry.version, JSON.stringify(entry.detail), entry.previousHash, entry.hash]);
}

export interface AuditQuery {
  /** Entries after this number. */
  readonly after?: number | undefined;
  /** At most this many, 1 to 1000; 100 by default. */
  readonly limit?: number | undefined;
  readonly model?: string | undefined;
  readonly actor?: string | undefined;
  /** Entries below this number. */
  readonly before?: number | undefined;
  /** The newest first. */
  readonly newest?: boolean | undefined;
}

/** Entries in their order; the newest first where that is asked for. */
export async function listAudit(database: Database, { after = 0, before, newest = false, limit = 100, model, actor }: AuditQuery = {}): Promise<AuditEntry[]> {
  return (await rowsAfter(database, after, Math.min(Math.max(limit, 1), 1000), { model, actor, before, newest })).map(entryOf);
}

/** The latest entries, the last first. */
export async function latestAudit(database: Database, limit: number): Promise<AuditEntry[]> {
  return (await database.query<Row>(`select ${COLUMNS} from audit order by seq desc limit $1`, [limit])).map(entryOf);
}

/** Every entry after a number, a page at a time. */
export async function* everyEntry(database: Database, after = 0): AsyncGenerator<AuditEntry> {
  for (let last = after; ;) {
    const rows = await rowsAfter(database, last, PAGE);
    for (const row of rows) yield entryOf(row);
    if (rows.length < PAGE) return;
    last = rows.at(-1)!.seq;
  }
}

async function rowsAfter(database: Database, after: number, limit: number, { model, actor, before, newest = false }: Pick<AuditQuery, "model" | "actor" | "before" | "newest"> = {}): Promise<Row[]> {
  const parameters: Value[] = [after, limit];
  let where = "seq > $1";
  for (const [condition, value] of [["model =", model], ["actor =", actor], ["seq <", before]] as const) {
    if (value === undefined) continue;
    parameters.push(value);
    where += ` and ${condition} $${parameters.length}`;
  }
  return database.query<Row>(`select ${COLUMNS} from audit where ${where} order by seq${newest ? " desc" : ""} limit $2`, parameters);
}

function entryOf({ previous_hash: previousHash, detail, ...row }: Row): AuditEntry {
  return { seq: row.seq, time: row.time, actor: row.actor, how: row.how, action: row.action, model: row.model, version: row.version, detail: parsedDetail(detail), previousHash, hash: row.hash };
}

/** Text that somebody made unreadable still gives an entry, whose hash then does not fit. */
export function parsedDetail(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { unreadable: text };
  }
}
