// An export into a registry that has things already. What comes keeps who made it and when, as what policies say of an
// author is about them, and is marked with who brought it here.

import { takeForeign, type Actor, type AuditEntry } from "../../audit/index.ts";
import type { Database } from "../../database/index.ts";
import { insertAttachment } from "../attachments.ts";
import { record, type RegistryContext } from "../context.ts";
import { insertVersion, touchModel, type PackageFacts } from "../offer.ts";
import { fail, type Tables } from "./tables-json.ts";

export interface Merged {
  readonly versions: number;
  readonly attachments: number;
  readonly renumbered: { readonly model: string; readonly from: number; readonly to: number }[];
  /** "churn:3" of the export -> its number here. */
  readonly numbers: Map<string, number>;
  /** Rows of companions that are new here. */
  readonly companions: Readonly<Record<string, number>>;
  /** Entries of the other log that are new here. */
  readonly history: number;
  readonly left: readonly string[];
}
export interface Merging {
  readonly tables: Tables;
  readonly packages: ReadonlyMap<string, PackageFacts>;
  /** Of the other log, and of logs that came to it. */
  readonly entries: readonly AuditEntry[];
  /** Of the export. */
  readonly digest: string;
}

export async function merge(context: RegistryContext, tx: Database, { tables, packages, entries, digest }: Merging, actor: Actor): Promise<Merged> {
  const numbers = new Map<string, number>();
  const renumbered: Merged["renumbered"] = [];
  let versions = 0;
  let attachments = 0;
  const now = new Date().toISOString();
  for (const m of tables.models) {
    await tx.query("insert into models (name, description, created_at, created_by, updated_at) values ($1, $2, $3, $4, $5) on conflict (name) do nothing", [m.name, m.description, m.createdAt, m.createdBy, now]);
  }
  for (const v of tables.versions.filter((row) => row.state === "available").sort((a, b) => a.version - b.version)) {
    const [old] = await tx.query<{ version: number; state: string }>("select version, state from versions where model = $1 and digest = $2", [v.model, v.digest]);
    let number = old?.version;
    if (old?.state === "deleted") {
      await tx.query("update versions set state = 'available' where model = $1 and version = $2", [v.model, old.version]);
      await record(context, tx, { actor, action: "version.restored", model: v.model, version: old.version, detail: { digest: v.digest, export: digest } });
      versions++;
    }
    if (number === undefined) {
      const taken = await tx.query("select version from versions where model = $1 and version = $2", [v.model, v.version]);
      number = taken.length === 0 ? v.version : (await highest(tx, v.model)) + 1;
      const parent = v.parent === null ? null : numbers.get(`${v.model}:${v.parent}`) ?? null;
      await insertVersion(tx, { ...v, version: number, parent, imported: { by: actor.name, at: now }, pkg: packages.get(v.digest) });
      await touchModel(tx, v.model, now);
      await record(context, tx, {
        actor, action: "version.imported", model: v.model, version: number,
        detail: { digest: v.digest, packageVersion: v.packageVersion, source: v.sourceDigest, parent, trainingData: v.trainingData, commit: v.commit, author: v.createdBy, export: digest, origin: { version: v.version, createdAt: v.createdAt, createdBy: v.createdBy } },
      });
      versions++;
    }
    numbers.set(`${v.model}:${v.version}`, number);
    if (number !== v.version) renumbered.push({ model: v.model, from: v.version, to: number });
  }
  for (const a of tables.attachments) {
    const number = numbers.get(`${a.model}:${a.version}`);
    if (number === undefined || (await tx.query("select id from attachments where id = $1", [a.id])).length > 0) continue;
    await insertAttachment(tx, { ...a, version: number, imported: { by: actor.name, at: now } });
    await record(context, tx, { actor, action: "attachment.added", model: a.model, version: number, detail: { attachment: a.id, kind: a.kind, digest: a.digest, manifestDigest: a.manifestDigest, summary: a.summary, export: digest, origin: { createdAt: a.createdAt, createdBy: a.createdBy } } });
    attachments++;
  }
  const companions: Record<string, number> = {};
  const left: string[] = [];
  for (const companion of context.companions) {
    if (!Object.hasOwn(tables.companions, companion.name)) continue;
    const report = await companion.merge(tx, tables.companions[companion.name], {
      actor, at: now, export: digest, numberOf: (model, version) => numbers.get(`${model}:${version}`), record: (event) => record(context, tx, event),
    }, fail);
    companions[companion.name] = report.taken;
    left.push(...report.left);
  }
  const history = await takeForeign(tx, entries, { export: digest, importedAt: now, importedBy: actor.name });
  await record(context, tx, { actor, action: "registry.merged", detail: { export: digest, versions, attachments, companions, history } });
  return { versions, attachments, renumbered, numbers, companions, history: history.entries, left };
}

async function highest(tx: Database, model: string): Promise<number> {
  return (await tx.query<{ last: number }>("select coalesce(max(version), 0) as last from versions where model = $1", [model]))[0]!.last;
}
