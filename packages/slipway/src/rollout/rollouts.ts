// Rollouts and what people do to them. Every act is one transaction with its event and its row of the audit log; the alias
// moves in the transaction that ends the rollout, past the same guard as any other move.

import { beginJudging } from "./judge.ts";
import type { Approvals } from "../approvals/index.ts";
import type { Actor } from "../audit/index.ts";
import type { RolloutSettings } from "../config/index.ts";
import { migrate, newId, type Database } from "../database/index.ts";
import { checkAlias, type Registry } from "../registry/index.ts";
import { rolloutError } from "./errors.ts";
import { readPlan, stageName, stagesOf } from "./plan.ts";
import { putBack, wayBack, type Going } from "./returns.ts";
import { MACHINE, rolloutOf, type Return, type Rollout, type RolloutDetails, type RolloutRow } from "./rollout.ts";
import { addEvent, aliasVersion, dropPairs, eventsOf, insertRow, note, openRows, replicaOf, replicaRows, rowOf, rowsOf, samplesOf, updateRow } from "./rows.ts";
import { ROLLOUT_MIGRATIONS } from "./tables.ts";

export interface RolloutOptions {
  readonly registry: Registry;
  readonly approvals: Pick<Approvals, "allow" | "standing">;
  readonly settings?: Partial<RolloutSettings> | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}
export interface StartRollout {
  readonly model: string;
  /** The version that is to take over. */
  readonly version: number;
  readonly alias: string;
  /** Settings of this rollout alone, as under `rollout` of the configuration. */
  readonly plan?: unknown;
  readonly comment?: string | undefined;
  readonly actor: Actor;
}

const MAX_TEXT = 2000;

export class Rollouts {
  readonly database: Database;
  readonly registry: Registry;
  readonly approvals: RolloutOptions["approvals"];
  readonly settings: Partial<RolloutSettings>;
  readonly now: () => number;
  readonly #returned = new Set<() => void>();

  private constructor({ registry, approvals, settings = {}, now = Date.now }: RolloutOptions) {
    this.database = registry.database;
    this.registry = registry;
    this.approvals = approvals;
    this.settings = settings;
    this.now = now;
  }
  /** The registry's own tables are there already. @throws config-*, rollout-plan for settings that no rollout could follow */
  static async open(options: RolloutOptions): Promise<Rollouts> {
    readPlan(options.settings ?? {});
    await migrate(options.registry.database, "rollouts", ROLLOUT_MIGRATIONS);
    return new Rollouts(options);
  }

  /** @throws registry-not-found, registry-version-removed, rollout-open, rollout-baseline, rollout-plan, config-*, policy-unmet */
  async start({ model, version, alias, plan: asked, comment = "", actor }: StartRollout): Promise<Rollout> {
    checkAlias(alias);
    const plan = readPlan(this.settings, asked);
    const stages = stagesOf(plan);
    await this.registry.version(`${model}:${version}`);
    return this.database.transaction(async (tx) => {
      const [open] = await tx.query<{ id: string }>("select id from rollouts where model = $1 and state in ('running', 'paused')", [model]);
      if (open !== undefined) throw rolloutError("rollout-open", `a rollout of ${model} goes on already`, { data: { rollout: open.id }, hint: `slipway rollout status ${model} shows it.` });
      const baseline = await this.aliasVersion(model, alias, tx);
      if (baseline === null || baseline === version) {
        throw rolloutError("rollout-baseline", baseline === null ? `${model}@${alias} names no version, so there is nothing to compare ${model}:${version} with` : `${model}@${alias} names version ${version} already`, {
          hint: baseline === null ? `Set the first one: slipway registry alias ${model}:${version} ${alias}` : undefined });
      }
      // What has to be agreed is agreed before the first request, and is asked again when the alias moves.
      await this.approvals.allow(model, alias, version, tx);
      const at = this.#iso();
      const row: RolloutRow = {
        id: newId(), model, alias, baseline, candidate: version, plan: JSON.stringify(plan), comment: comment.slice(0, MAX_TEXT), state: "running", stage: 0, stage_since: at, revision: 1,
        judged: JSON.stringify(beginJudging(stages)), findings: "[]", verdict: "hold", bins: null, leader: null, lease_until: null, created_at: at, created_by: actor.name, how: actor.how, ended_at: null, ended_by: null, reason: "",
      };
      await insertRow(tx, row);
      for (const number of [baseline, version]) await this.registry.hold(model, number, holder(row.id), tx);
      await note(tx, row, "started", "rollout.started", actor, `${model}:${version} is to take over ${alias} from ${model}:${baseline}`, comment === "" ? {} : { comment: row.comment });
      return rolloutOf(row);
    });
  }

  /** @throws rollout-unknown */
  async get(id: string): Promise<RolloutDetails> {
    const row = await rowOf(this.database, id);
    const [replicas, events, samples] = await Promise.all([replicaRows(this.database, id), eventsOf(this.database, id), samplesOf(this.database, id)]);
    return { ...rolloutOf(row), leader: row.leader, replicas: replicas.map(replicaOf), events, samples };
  }
  /** The latest first. */
  async list({ model, limit = 50 }: { readonly model?: string | undefined; readonly limit?: number | undefined } = {}): Promise<Rollout[]> {
    return (await rowsOf(this.database, model, Math.min(Math.max(limit, 1), 200))).map(rolloutOf);
  }
  /** Those that go on. */
  async open(): Promise<RolloutRow[]> {
    return openRows(this.database);
  }

  /** Versions to keep loaded though no alias names them: what is tried, and what can be gone back to. */
  async aside(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const rows = await this.database.query<{ model: string; baseline: number; candidate: number; state: string; ended_at: string | null; plan: string }>(
      "select model, baseline, candidate, state, ended_at, plan from rollouts where state in ('running', 'paused') or (state = 'promoted' and ended_at > $1) order by id", [new Date(this.now() - MAX_KEEP_MS).toISOString()]);
    const found = new Map<string, Set<string>>();
    for (const { model, baseline, candidate, state, ended_at, plan } of rows) {
      if (state === "promoted" && Date.parse(ended_at!) + (JSON.parse(plan) as RolloutSettings).keep <= this.now()) continue;
      const versions = found.get(model) ?? new Set();
      for (const version of state === "promoted" ? [baseline] : [baseline, candidate]) versions.add(String(version));
      found.set(model, versions);
    }
    return found;
  }

  /** Nothing goes forward until it is resumed; what is bad is aborted all the same. @throws rollout-unknown, rollout-over */
  pause(id: string, actor: Actor): Promise<Rollout> {
    return this.#act(id, async (tx, row) => {
      if (row.state === "paused") return row;
      const paused = await updateRow(tx, id, { state: "paused" });
      await note(tx, paused, "paused", "rollout.paused", actor, "paused");
      return paused;
    });
  }
  /** The time of the step begins anew. @throws rollout-unknown, rollout-over */
  resume(id: string, actor: Actor): Promise<Rollout> {
    return this.#act(id, async (tx, row) => {
      if (row.state === "running") return row;
      const resumed = await updateRow(tx, id, { state: "running", stage_since: this.#iso() });
      await note(tx, resumed, "resumed", "rollout.resumed", actor, "resumed");
      return resumed;
    });
  }
  /** At once, whatever it waits for: everything goes back to the old version. @throws rollout-unknown, rollout-over */
  abort(id: string, actor: Actor, reason = "aborted by hand"): Promise<Rollout> {
    return this.#act(id, (tx, row) => this.end(tx, row, "aborted", actor, reason.slice(0, MAX_TEXT)));
  }
  /** On to the next stage without its verdict. @throws rollout-unknown, rollout-over, policy-unmet, registry-alias-moved */
  advance(id: string, actor: Actor): Promise<Rollout> {
    return this.#act(id, (tx, row) => this.next(tx, row, actor, "by hand", {}));
  }
  /** To the end without further verdicts; not past the alias's policy. @throws rollout-unknown, rollout-over, policy-unmet, registry-alias-moved */
  promote(id: string, actor: Actor): Promise<Rollout> {
    return this.#act(id, (tx, row) => this.finish(tx, row, actor, "promoted by hand", {}));
  }

  /** What going back would do now. @throws rollout-no-way-back, rollout-open */
  async wayBack(model: string, alias: string): Promise<Omit<Return, "rollout">> {
    return wayBack(this.database, model, alias);
  }
  /** The alias names the version before again, as its policy allows. @throws rollout-reason, rollout-no-way-back, rollout-open, policy-unmet, registry-alias-moved, registry-version-removed */
  async rollback(given: Going): Promise<Return> {
    const done = await this.database.transaction((tx) => putBack(tx, this.registry, { ...given, at: this.#iso() }));
    for (const tell of this.#returned) tell();
    return done;
  }
  /** Told of a return that was made through this object. */
  onReturn(tell: () => void): () => void {
    this.#returned.add(tell);
    return () => void this.#returned.delete(tell);
  }
  /** The latest return, for who follows; undefined where there was none. */
  async latestReturn(): Promise<string | undefined> {
    return (await this.database.query<{ id: string }>("select id from rollout_returns order by id desc limit 1"))[0]?.id;
  }

  /** One stage on, or the end. */
  async next(tx: Database, row: RolloutRow, actor: Actor, why: string, evidence: object): Promise<RolloutRow> {
    const { stages } = rolloutOf(row);
    const stage = row.stage + 1;
    if (stage >= stages.length) return this.finish(tx, row, actor, why, evidence);
    const moved = await updateRow(tx, row.id, { stage, stage_since: this.#iso(), revision: row.revision + 1, verdict: "hold", findings: "[]", reason: "" });
    await note(tx, moved, "stage", "rollout.advanced", actor, `${stageName(stages, row.stage)} is passed: ${why}; now ${stageName(stages, stage)}`, evidence);
    return moved;
  }
  /** The alias names the new version from now on. @throws policy-unmet, registry-alias-moved */
  async finish(tx: Database, row: RolloutRow, actor: Actor, why: string, evidence: object): Promise<RolloutRow> {
    await this.registry.setAlias(row.model, row.alias, row.candidate, { actor: actor === MACHINE ? { ...MACHINE, name: row.created_by, how: row.how } : actor, expected: row.baseline, tx });
    return this.end(tx, row, "promoted", actor, why, evidence);
  }
  async end(tx: Database, row: RolloutRow, state: "promoted" | "aborted", actor: Actor, reason: string, evidence: object = {}): Promise<RolloutRow> {
    const ended = await updateRow(tx, row.id, { state, reason, ended_at: this.#iso(), ended_by: actor === MACHINE ? null : actor.name, revision: row.revision + 1 });
    for (const number of [row.baseline, row.candidate]) await this.registry.release(row.model, number, holder(row.id), tx);
    await dropPairs(tx, row.id);
    await note(tx, ended, state, `rollout.${state}`, actor, reason, evidence);
    return ended;
  }
  /** What it waits for; told once. */
  async waits(tx: Database, row: RolloutRow, reason: string): Promise<RolloutRow> {
    if (row.reason === reason) return row;
    await addEvent(tx, row, "waits", MACHINE.name, reason);
    return updateRow(tx, row.id, { reason });
  }

  aliasVersion(model: string, alias: string, tx: Database): Promise<number | null> {
    return aliasVersion(tx, model, alias);
  }

  #act(id: string, work: (tx: Database, row: RolloutRow) => Promise<RolloutRow>): Promise<Rollout> {
    return this.database.transaction(async (tx) => {
      const row = await rowOf(tx, id);
      if (row.state !== "running" && row.state !== "paused") throw rolloutError("rollout-over", `the rollout of ${row.model}:${row.candidate} was ${row.state}: ${row.reason}`);
      return rolloutOf(await work(tx, row));
    });
  }
  #iso(): string {
    return new Date(this.now()).toISOString();
  }
}

/** The longest that `keep` can be. */
const MAX_KEEP_MS = 2_678_400_000;

function holder(id: string): string {
  return `rollout ${id}`;
}
