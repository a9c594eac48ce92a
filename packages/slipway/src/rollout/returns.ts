// After a promotion: the alias back to the version that it named before, past the same guard as any other move.

import { appendAudit, type Actor } from "../audit/index.ts";
import { newId, type Database } from "../database/index.ts";
import { checkAlias, type Registry } from "../registry/index.ts";
import { rolloutError } from "./errors.ts";
import type { Return } from "./rollout.ts";
import { addEvent, aliasVersion, updateRow } from "./rows.ts";
import { versionBefore } from "./way-back.ts";

const MAX_REASON = 2000;

/** @throws rollout-no-way-back, rollout-open */
export async function wayBack(tx: Database, model: string, alias: string): Promise<Omit<Return, "rollout">> {
  checkAlias(alias);
  const [open] = await tx.query<{ id: string }>("select id from rollouts where model = $1 and state in ('running', 'paused')", [model]);
  if (open !== undefined) throw rolloutError("rollout-open", `a rollout of ${model} goes on`, { data: { rollout: open.id }, hint: `slipway rollout abort ${model} gives everything to the old version again.` });
  const from = await aliasVersion(tx, model, alias);
  const to = versionBefore(await tx.query<{ version: number | null }>("select version from alias_history where model = $1 and alias = $2 order by revision", [model, alias]));
  if (from === null || to === undefined) throw rolloutError("rollout-no-way-back", from === null ? `${model}@${alias} names no version` : `${model}@${alias} named no version before ${model}:${from}`, { hint: `slipway registry alias ${model}:N ${alias} names another one.` });
  return { model, alias, from, to };
}

export interface Going {
  readonly model: string;
  readonly alias: string;
  readonly reason: string;
  /** The version that the alias is thought to name. */
  readonly expected?: number | undefined;
  readonly actor: Actor;
}

/** @throws rollout-reason, rollout-no-way-back, rollout-open, policy-unmet, registry-alias-moved, registry-version-removed */
export async function putBack(tx: Database, registry: Registry, { model, alias, reason, expected, actor, at }: Going & { readonly at: string }): Promise<Return> {
  const why = reason.trim().slice(0, MAX_REASON);
  if (why === "") throw rolloutError("rollout-reason", `why is ${model}@${alias} to go back?`, { hint: 'slipway rollout rollback MODEL --reason "orders fell by half"' });
  const { from, to } = await wayBack(tx, model, alias);
  await registry.setAlias(model, alias, to, { actor, expected: expected ?? from, tx });
  const [row] = await tx.query<{ id: string }>("select id from rollouts where model = $1 and alias = $2 and candidate = $3 and state = 'promoted' order by id desc limit 1", [model, alias, from]);
  const rollout = row?.id ?? null;
  await tx.query("insert into rollout_returns (id, model, alias, from_version, to_version, rollout, at, actor, reason) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", [newId(), model, alias, from, to, rollout, at, actor.name, why]);
  if (row !== undefined) {
    const taken = await updateRow(tx, row.id, { state: "rolled-back", reason: why, ended_by: actor.name });
    await addEvent(tx, taken, "rolled-back", actor.name, `${alias} is ${model}:${to} again: ${why}`);
  }
  await appendAudit(tx, { actor, action: "rollout.rolled-back", model, version: to, detail: { alias, from, to, rollout, reason: why } });
  return { model, alias, from, to, rollout };
}
