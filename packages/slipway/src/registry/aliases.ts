// Aliases: names that move from version to version by compare-and-swap, and the history of their moves.

import type { Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { record, type RegistryContext } from "./context.ts";
import { registryError } from "./errors.ts";
import { touchModel } from "./offer.ts";
import { checkAlias } from "./reference.ts";
import type { Alias, AliasMove } from "./types.ts";

export interface MoveOptions {
  readonly actor: Actor;
  /** What the alias must name now, null for nothing; whatever it names where this is left out. */
  readonly expected?: number | null | undefined;
  /** A transaction that the move is part of; one of its own by default. */
  readonly tx?: Database | undefined;
}

interface AliasRow {
  readonly version: number;
  readonly revision: number;
  readonly updated_at: string;
  readonly updated_by: string;
}

/** Lets the alias name the version. @throws registry-alias-name, registry-not-found, registry-version-removed, registry-alias-moved, and what the guard throws */
export async function moveAlias(context: RegistryContext, model: string, alias: string, version: number, { actor, expected, tx: around = context.database }: MoveOptions): Promise<Alias> {
  checkAlias(alias);
  return around.transaction(async (tx) => {
    const [target] = await tx.query<{ digest: string; state: string }>("select digest, state from versions where model = $1 and version = $2", [model, version]);
    if (target === undefined) throw registryError("registry-not-found", `there is no version ${model}:${version}`, { hint: `slipway registry versions ${model} lists them.` });
    if (target.state !== "available") throw registryError("registry-version-removed", `${model}:${version} was removed; no alias can name it`);
    const current = await currentAlias(tx, model, alias);
    compare(model, alias, current?.version ?? null, expected);
    if (current?.version === version) return { model, alias, version, revision: current.revision, updatedAt: current.updated_at, updatedBy: current.updated_by };
    const from = current?.version ?? null;
    await context.guard?.({ model, alias, from, to: version, digest: target.digest, actor }, tx);
    const { revision, at } = await remember(tx, model, alias, version, from, actor);
    await tx.query(`insert into aliases (model, alias, version, revision, updated_at, updated_by) values ($1, $2, $3, $4, $5, $6)
      on conflict (model, alias) do update set version = excluded.version, revision = excluded.revision, updated_at = excluded.updated_at, updated_by = excluded.updated_by`, [model, alias, version, revision, at, actor.name]);
    await record(context, tx, { actor, action: "alias.moved", model, version, detail: { alias, from, to: version, digest: target.digest, revision } });
    return { model, alias, version, revision, updatedAt: at, updatedBy: actor.name };
  });
}

/** @throws registry-not-found, registry-alias-moved, and what the guard throws */
export async function dropAlias(context: RegistryContext, model: string, alias: string, { actor, expected, tx: around = context.database }: MoveOptions): Promise<void> {
  checkAlias(alias);
  await around.transaction(async (tx) => {
    const current = await currentAlias(tx, model, alias);
    compare(model, alias, current?.version ?? null, expected);
    if (current === undefined) throw registryError("registry-not-found", `${model} has no alias ${alias}`);
    await context.guard?.({ model, alias, from: current.version, to: null, digest: null, actor }, tx);
    const { revision } = await remember(tx, model, alias, null, current.version, actor);
    await tx.query("delete from aliases where model = $1 and alias = $2", [model, alias]);
    await record(context, tx, { actor, action: "alias.removed", model, version: current.version, detail: { alias, from: current.version, revision } });
  });
}

export async function aliasesOf(database: Database, model: string): Promise<Alias[]> {
  const rows = await database.query<AliasRow & { alias: string }>("select alias, version, revision, updated_at, updated_by from aliases where model = $1 order by alias", [model]);
  return rows.map((r) => ({ model, alias: r.alias, version: r.version, revision: r.revision, updatedAt: r.updated_at, updatedBy: r.updated_by }));
}

/** The latest move first, at most `limit`. */
export async function movesOf(database: Database, model: string, alias: string, limit = 100): Promise<AliasMove[]> {
  const rows = await database.query<{ revision: number; version: number | null; previous: number | null; at: string; by_whom: string }>(
    "select revision, version, previous, at, by_whom from alias_history where model = $1 and alias = $2 order by revision desc limit $3", [model, alias, limit]);
  return rows.map((r) => ({ model, alias, revision: r.revision, version: r.version, previous: r.previous, at: r.at, by: r.by_whom }));
}

async function currentAlias(tx: Database, model: string, alias: string): Promise<AliasRow | undefined> {
  return (await tx.query<AliasRow>("select version, revision, updated_at, updated_by from aliases where model = $1 and alias = $2", [model, alias]))[0];
}

function compare(model: string, alias: string, found: number | null, expected: number | null | undefined): void {
  if (expected === undefined || expected === found) return;
  const named = (version: number | null): string => (version === null ? "nothing" : `version ${version}`);
  throw registryError("registry-alias-moved", `${model}@${alias} names ${named(found)}, not ${named(expected)}`, { data: { model, alias, expected, found }, hint: "Look at it again, then decide again." });
}

/** The history's next row; revisions go on where an alias was removed and comes back. */
async function remember(tx: Database, model: string, alias: string, version: number | null, previous: number | null, actor: Actor): Promise<{ revision: number; at: string }> {
  const at = new Date().toISOString();
  const [row] = await tx.query<{ revision: number }>(`insert into alias_history (model, alias, revision, version, previous, at, by_whom)
    values ($1, $2, (select coalesce(max(revision), 0) + 1 from alias_history where model = $1 and alias = $2), $3, $4, $5, $6) returning revision`, [model, alias, version, previous, at, actor.name]);
  await touchModel(tx, model, at);
  return { revision: row!.revision, at };
}
