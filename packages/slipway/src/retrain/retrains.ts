// Trainings as they are kept: beginning one, handing a version in, ending it. One of a model is open at a time; every step
// has its row of the audit log, which webhooks tell.

import { appendAudit, type Actor } from "../audit/index.ts";
import { migrate, newId, type Database } from "../database/index.ts";
import type { Registry } from "../registry/index.ts";
import { retrainError } from "./errors.ts";
import type { Given } from "./given.ts";
import { RETRAIN_COLUMNS, retrainOf, type HeldTrigger, type Retrain, type RetrainDetails, type RetrainEvent, type RetrainRow, type RetrainState } from "./retrain.ts";
import { RETRAIN_MIGRATIONS } from "./tables.ts";

/** Who trains where nobody does by hand. */
export const TRAINER: Actor = { name: "slipway retrain", roles: ["developer"], groups: [], how: "local" };

export class Retrains {
  readonly database: Database;
  readonly #registry: Registry;
  readonly #now: () => number;

  private constructor(registry: Registry, now: () => number) {
    this.database = registry.database;
    this.#registry = registry;
    this.#now = now;
  }
  static async open(registry: Registry, now: () => number = Date.now): Promise<Retrains> {
    await migrate(registry.database, "retrains", RETRAIN_MIGRATIONS);
    return new Retrains(registry, now);
  }

  /** @param outside whether somebody else trains @throws retrain-open */
  begin({ model, alias, cause, evidence = {}, given, outside, actor }: { readonly model: string; readonly alias: string; readonly cause: string; readonly evidence?: object; readonly given?: Given | undefined; readonly outside: boolean; readonly actor: Actor }): Promise<Retrain> {
    return this.database.transaction(async (tx) => {
      const [open] = await tx.query<{ id: string }>("select id from retrains where model = $1 and ended_at is null", [model]);
      if (open !== undefined) throw retrainError("retrain-open", `${model} is being trained anew already`, { data: { retrain: open.id } });
      const [named] = await tx.query<{ version: number }>("select version from aliases where model = $1 and alias = $2", [model, alias]);
      const [row] = await tx.query<RetrainRow>(`insert into retrains (id, model, alias, cause, evidence, state, reason, parent, output, given, attempts, created_at, created_by) values ($1, $2, $3, $4, $5, $6, '', $7, '', $8, 0, $9, $10) returning ${RETRAIN_COLUMNS}`, [
        newId(), model, alias, cause, JSON.stringify(evidence), outside ? "waiting" : "training", named?.version ?? null, given === undefined ? null : JSON.stringify(given), this.iso(), actor.name]);
      await this.#event(tx, row!, actor, `begun: ${cause}`);
      await appendAudit(tx, { actor, action: "retrain.started", model, version: named?.version, detail: { retrain: row!.id, alias, cause, evidence, outside } });
      return retrainOf(row!);
    });
  }
  /** A version that was trained outside. @throws retrain-unknown, retrain-over, registry-not-found */
  async handIn(id: string, version: number, actor: Actor): Promise<Retrain> {
    const { model } = await this.get(id);
    await this.#registry.version(`${model}:${version}`);
    return this.change(id, actor, "retrain.offered", (row) => {
      if (row.state !== "waiting") throw retrainError("retrain-over", `the training is at ${row.state}: ${row.reason}`);
      return { state: "gate", version };
    });
  }
  /** A rollout that goes on is not ended by it. @throws retrain-unknown, retrain-over */
  cancel(id: string, actor: Actor): Promise<Retrain> {
    return this.change(id, actor, "retrain.cancelled", () => ({ state: "cancelled", reason: "cancelled by hand", ended_at: this.iso() }));
  }

  /** With what happened. @throws retrain-unknown */
  async details(id: string): Promise<RetrainDetails> {
    const row = await this.row(this.database, id);
    return { ...retrainOf(row), events: await this.database.query<RetrainEvent>("select seq, at, state, actor, text from retrain_events where retrain = $1 order by seq", [id]) };
  }
  /** @throws retrain-unknown */
  async get(id: string): Promise<Retrain> {
    return retrainOf(await this.row(this.database, id));
  }
  /** The latest first. */
  async list({ model, limit = 50 }: { readonly model?: string | undefined; readonly limit?: number | undefined } = {}): Promise<Retrain[]> {
    return (await this.database.query<RetrainRow>(`select ${RETRAIN_COLUMNS} from retrains ${model === undefined ? "" : "where model = $2"} order by id desc limit $1`, [Math.min(Math.max(limit, 1), 200), ...(model === undefined ? [] : [model])])).map(retrainOf);
  }
  async open(): Promise<RetrainRow[]> {
    return this.database.query<RetrainRow>(`select ${RETRAIN_COLUMNS} from retrains where ended_at is null order by id`);
  }
  /** When the last training of a model began, else when it was first known here that it is to be trained. */
  async since(model: string): Promise<{ readonly at: string; readonly trained: boolean }> {
    const [last] = await this.database.query<{ created_at: string }>("select created_at from retrains where model = $1 order by id desc limit 1", [model]);
    if (last !== undefined) return { at: last.created_at, trained: true };
    await this.database.query("insert into retrain_models (model, since) values ($1, $2) on conflict (model) do nothing", [model, this.iso()]);
    return { at: (await this.database.query<{ since: string }>("select since from retrain_models where model = $1", [model]))[0]!.since, trained: false };
  }

  /** Takes a training on for a while, or goes on with it. Undefined where another process has it, or it ended. */
  async lease(id: string, worker: string, ms: number): Promise<RetrainRow | undefined> {
    const [row] = await this.database.query<RetrainRow>(`update retrains set worker = $2, lease_until = $3 where id = $1 and ended_at is null and (worker is null or worker = $2 or lease_until < $4) returning ${RETRAIN_COLUMNS}`, [
      id, worker, new Date(this.#now() + ms).toISOString(), this.iso()]);
    return row;
  }
  /** Whether a process has it, or had it until just now. @throws retrain-unknown */
  async leased(id: string): Promise<boolean> {
    const row = await this.row(this.database, id);
    return row.lease_until !== null && row.lease_until >= this.iso();
  }
  /** A change with its row of the audit log; nothing where it ended meanwhile. @throws retrain-over */
  change(id: string, actor: Actor, action: string | undefined, changes: (row: RetrainRow) => Partial<RetrainRow>): Promise<Retrain> {
    return this.database.transaction(async (tx) => {
      const row = await this.row(tx, id);
      if (row.ended_at !== null) throw retrainError("retrain-over", `the training of ${row.model} has ended: ${row.state}`);
      const entries = Object.entries(changes(row));
      const [changed] = await tx.query<RetrainRow>(`update retrains set ${entries.map(([name], i) => `${name} = $${i + 2}`).join(", ")} where id = $1 returning ${RETRAIN_COLUMNS}`, [id, ...entries.map(([, value]) => value ?? null)]);
      const { model, version, parent, state, reason, cause } = changed!;
      if (state !== row.state || (reason !== "" && reason !== row.reason)) await this.#event(tx, changed!, actor, reason);
      if (action !== undefined) await appendAudit(tx, { actor, action, model, version: version ?? parent ?? undefined, detail: { retrain: id, cause, state, ...(reason === "" ? {} : { reason }), ...(changed!.rollout === null ? {} : { rollout: changed!.rollout }) } });
      return retrainOf(changed!);
    });
  }
  end(id: string, state: Extract<RetrainState, "promoted" | "aborted" | "failed" | "unchanged">, reason: string, more: Partial<RetrainRow> = {}): Promise<Retrain> {
    return this.change(id, TRAINER, `retrain.${state}`, () => ({ ...more, state, reason: reason.slice(0, 2000), ended_at: this.iso() }));
  }

  /** What the program has printed so far. */
  async tell(id: string, output: string): Promise<void> {
    await this.database.query("update retrains set output = $2 where id = $1 and ended_at is null", [id, output]);
  }
  /** The latest training of a model. */
  async last(model: string): Promise<RetrainRow | undefined> {
    return (await this.database.query<RetrainRow>(`select ${RETRAIN_COLUMNS} from retrains where model = $1 order by id desc limit 1`, [model]))[0];
  }

  /** A trigger that is met and begins nothing; null where there is none. */
  async held(model: string): Promise<HeldTrigger | null> {
    const [row] = await this.database.query<{ held: string | null }>("select held from retrain_models where model = $1", [model]);
    return row?.held == null ? null : JSON.parse(row.held) as HeldTrigger;
  }
  async hold(model: string, held: Omit<HeldTrigger, "since"> | null): Promise<void> {
    const before = await this.held(model);
    if (held === null ? before === null : before?.cause === held.cause && before.after === held.after && before.reason === held.reason) return;
    const since = before !== null && before.after === held?.after ? before.since : this.iso();
    await this.database.query("insert into retrain_models (model, since, held) values ($1, $2, $3) on conflict (model) do update set held = excluded.held", [model, this.iso(), held === null ? null : JSON.stringify({ ...held, since })]);
  }

  async #event(tx: Database, row: RetrainRow, actor: Actor, text: string): Promise<void> {
    await tx.query("insert into retrain_events (retrain, seq, at, state, actor, text) values ($1, (select coalesce(max(seq), 0) + 1 from retrain_events where retrain = $1), $2, $3, $4, $5)", [row.id, this.iso(), row.state, actor.name, text]);
  }
  async row(database: Database, id: string): Promise<RetrainRow> {
    const [row] = await database.query<RetrainRow>(`select ${RETRAIN_COLUMNS} from retrains where id = $1`, [id]);
    if (row === undefined) throw retrainError("retrain-unknown", `there is no training ${JSON.stringify(id.slice(0, 100))}`);
    return row;
  }
  iso(): string {
    return new Date(this.#now()).toISOString();
  }
}
