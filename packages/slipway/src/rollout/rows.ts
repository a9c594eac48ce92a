// Reading and writing rows of rollouts.

import { appendAudit, type Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { rolloutError } from "./errors.ts";
import type { AnswerPair } from "./observer.ts";
import { stageName } from "./plan.ts";
import { rolloutOf, type Replica, type ReplicaRow, type Rollout, type RolloutEvent, type RolloutRow, type RolloutSample } from "./rollout.ts";

const COLUMNS = "id, model, alias, baseline, candidate, plan, comment, state, stage, stage_since, revision, judged, findings, verdict, bins, leader, lease_until, created_at, created_by, how, ended_at, ended_by, reason";
const REPLICA_COLUMNS = "replica, seen_at, revision, ready, problem, lag_ms, counts";
/** Enough to tell a story; what comes after is only verdicts that go to and fro. */
const MAX_VERDICTS = 300;
const MAX_SAMPLES = 400;

/** @throws rollout-unknown */
export async function rowOf(database: Database, id: string): Promise<RolloutRow> {
  const [row] = await database.query<RolloutRow>(`select ${COLUMNS} from rollouts where id = $1`, [id]);
  if (row === undefined) throw rolloutError("rollout-unknown", `there is no rollout ${JSON.stringify(id.slice(0, 100))}`);
  return row;
}
export async function openRows(database: Database): Promise<RolloutRow[]> {
  return database.query<RolloutRow>(`select ${COLUMNS} from rollouts where state in ('running', 'paused') order by id`);
}
export async function aliasVersion(tx: Database, model: string, alias: string): Promise<number | null> {
  return (await tx.query<{ version: number }>("select version from aliases where model = $1 and alias = $2", [model, alias]))[0]?.version ?? null;
}
/** The latest first. */
export async function rowsOf(database: Database, model: string | undefined, limit: number): Promise<RolloutRow[]> {
  return database.query<RolloutRow>(`select ${COLUMNS} from rollouts ${model === undefined ? "" : "where model = $2"} order by id desc limit $1`, [limit, ...(model === undefined ? [] : [model])]);
}
export async function insertRow(tx: Database, row: RolloutRow): Promise<void> {
  const values = COLUMNS.split(", ").map((name) => row[name as keyof RolloutRow]);
  await tx.query(`insert into rollouts (${COLUMNS}) values (${values.map((_, i) => `$${i + 1}`).join(", ")})`, values);
}
export async function updateRow(tx: Database, id: string, changes: Partial<RolloutRow>): Promise<RolloutRow> {
  const entries = Object.entries(changes);
  const [row] = await tx.query<RolloutRow>(`update rollouts set ${entries.map(([name], i) => `${name} = $${i + 2}`).join(", ")} where id = $1 returning ${COLUMNS}`, [id, ...entries.map(([, value]) => value)]);
  return row!;
}

export async function replicaRows(database: Database, id: string): Promise<ReplicaRow[]> {
  return database.query<ReplicaRow>(`select ${REPLICA_COLUMNS} from rollout_replicas where rollout = $1 order by replica`, [id]);
}
export async function writeReplica(tx: Database, id: string, r: ReplicaRow): Promise<void> {
  await tx.query(`insert into rollout_replicas (rollout, ${REPLICA_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (rollout, replica) do update set seen_at = excluded.seen_at, revision = excluded.revision, ready = excluded.ready, problem = excluded.problem, lag_ms = excluded.lag_ms, counts = excluded.counts`, [
    id, r.replica, r.seen_at, r.revision, r.ready, r.problem, r.lag_ms, r.counts]);
}
export function replicaOf(r: ReplicaRow): Replica {
  return { replica: r.replica, seenAt: r.seen_at, revision: r.revision, ready: r.ready === 1, problem: r.problem, lagMs: r.lag_ms };
}

/** Enough to judge by. */
const MAX_PAIRS = 40_000;
const PAIRS_AT_ONCE = 100;

export async function addPairs(tx: Database, id: string, pairs: readonly AnswerPair[]): Promise<void> {
  if (pairs.length === 0) return;
  const [{ n }] = (await tx.query<{ n: number }>("select count(*) as n from rollout_pairs where rollout = $1", [id])) as [{ n: number }];
  const kept = pairs.slice(0, Math.max(0, MAX_PAIRS - Number(n)));
  for (let at = 0; at < kept.length; at += PAIRS_AT_ONCE) {
    const some = kept.slice(at, at + PAIRS_AT_ONCE);
    await tx.query(`insert into rollout_pairs (rollout, ref, canary, baseline) values ${some.map((_, i) => `($1, $${3 * i + 2}, $${3 * i + 3}, $${3 * i + 4})`).join(", ")} on conflict (rollout, ref) do nothing`, [id, ...some.flatMap((p) => [p.ref, p.canary, p.baseline])]);
  }
}
export async function pairsOf(database: Database, id: string): Promise<AnswerPair[]> {
  return database.query<AnswerPair>("select ref, canary, baseline from rollout_pairs where rollout = $1", [id]);
}
/** Once it is decided, what both answered is nobody's business any more. */
export async function dropPairs(tx: Database, id: string): Promise<void> {
  await tx.query("delete from rollout_pairs where rollout = $1", [id]);
}

/** What happened, kept with the rollout. */
export async function addEvent(tx: Database, rollout: Pick<RolloutRow, "id" | "stage">, kind: RolloutEvent["kind"], actor: string, text: string, detail: object = {}, at: string = new Date().toISOString()): Promise<void> {
  const [{ last }] = (await tx.query<{ last: number }>("select coalesce(max(seq), 0) as last from rollout_events where rollout = $1", [rollout.id])) as [{ last: number }];
  if (kind === "verdict" && last >= MAX_VERDICTS) return;
  await tx.query("insert into rollout_events (rollout, seq, at, kind, stage, actor, text, detail) values ($1, $2, $3, $4, $5, $6, $7, $8)", [rollout.id, last + 1, at, kind, rollout.stage, actor, text, JSON.stringify(detail)]);
}
export async function eventsOf(database: Database, id: string): Promise<RolloutEvent[]> {
  const rows = await database.query<Omit<RolloutEvent, "detail"> & { detail: string }>("select seq, at, kind, stage, actor, text, detail from rollout_events where rollout = $1 order by seq", [id]);
  return rows.map((r) => ({ ...r, detail: JSON.parse(r.detail) as Record<string, unknown> }));
}

/** Keeps a picture's point. Where there are too many, every second one goes: old ones become sparse. */
export async function addSample(tx: Database, id: string, sample: RolloutSample): Promise<void> {
  const [{ last, n }] = (await tx.query<{ last: number; n: number }>("select coalesce(max(seq), 0) as last, count(*) as n from rollout_samples where rollout = $1", [id])) as [{ last: number; n: number }];
  if (Number(n) >= MAX_SAMPLES) {
    await tx.query("delete from rollout_samples where rollout = $1 and seq in (select seq from (select seq, row_number() over (order by seq) as place from rollout_samples where rollout = $1) as r where place % 2 = 0)", [id]);
  }
  await tx.query("insert into rollout_samples (rollout, seq, at, figures) values ($1, $2, $3, $4)", [id, last + 1, sample.at, JSON.stringify(sample)]);
}
export async function samplesOf(database: Database, id: string): Promise<RolloutSample[]> {
  return (await database.query<{ figures: string }>("select figures from rollout_samples where rollout = $1 order by seq", [id])).map((r) => JSON.parse(r.figures) as RolloutSample);
}

/** The audit log's row of an act, which webhooks tell, and the rollout's own event. */
export async function note(tx: Database, row: RolloutRow, kind: RolloutEvent["kind"], action: string, actor: Actor, text: string, detail: object = {}): Promise<void> {
  const rollout: Rollout = rolloutOf(row);
  await addEvent(tx, row, kind, actor.name, text, detail);
  await appendAudit(tx, { actor, action, model: row.model, version: row.candidate, detail: { rollout: row.id, alias: row.alias, baseline: row.baseline, stage: stageName(rollout.stages, row.stage), text, ...detail } });
}
