// An export into an empty registry: every row as it was.

import { restoreAudit, restoreForeign, type AuditEntry, type ForeignEntry } from "../../audit/index.ts";
import type { Database } from "../../database/index.ts";
import { insertAttachment } from "../attachments.ts";
import { insertVersion, type PackageFacts } from "../offer.ts";
import type { Companion } from "../types.ts";
import { fail, type Tables } from "./tables-json.ts";

/** No model and no act: a registry in which nothing ever happened. */
export async function isEmpty(database: Database): Promise<boolean> {
  return (await database.query("select name from models limit 1")).length === 0 && (await database.query("select seq from audit limit 1")).length === 0;
}

export async function restore(tx: Database, tables: Tables, entries: readonly AuditEntry[], history: readonly ForeignEntry[], packages: ReadonlyMap<string, PackageFacts>, companions: readonly Companion[]): Promise<Record<string, number>> {
  for (const m of tables.models) await tx.query("insert into models (name, description, created_at, created_by, updated_at) values ($1, $2, $3, $4, $5)", [m.name, m.description, m.createdAt, m.createdBy, m.updatedAt]);
  for (const v of tables.versions) await insertVersion(tx, { ...v, pkg: packages.get(v.digest) });
  for (const a of tables.aliases) await tx.query("insert into aliases (model, alias, version, revision, updated_at, updated_by) values ($1, $2, $3, $4, $5, $6)", [a.model, a.alias, a.version, a.revision, a.updatedAt, a.updatedBy]);
  for (const m of tables.moves) await tx.query("insert into alias_history (model, alias, revision, version, previous, at, by_whom) values ($1, $2, $3, $4, $5, $6, $7)", [m.model, m.alias, m.revision, m.version, m.previous, m.at, m.by]);
  for (const a of tables.attachments) await insertAttachment(tx, a);
  await restoreAudit(tx, entries);
  for (const entry of history) await restoreForeign(tx, entry);
  const restored: Record<string, number> = {};
  for (const companion of companions) if (Object.hasOwn(tables.companions, companion.name)) restored[companion.name] = await companion.restore(tx, tables.companions[companion.name], fail);
  return restored;
}
