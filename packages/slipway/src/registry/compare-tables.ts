// The tables against the audit log, which tells how they came to be.

import { canonicalJson, everyEntry, foreignProblems, type AuditEntry } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import type { Companion, Problem } from "./types.ts";

/** What a log tells. */
export interface Told {
  readonly versions: Map<string, { readonly digest: string; readonly author: string; state: "available" | "deleted" }>;
  readonly aliases: Map<string, number>;
  readonly attachments: Map<string, { readonly digest: string; readonly manifestDigest: string; readonly of: string; readonly summary: string }>;
}
/** Rows of the tables, or of an export. */
export interface ComparedRows {
  readonly versions: readonly { readonly model: string; readonly version: number; readonly digest: string; readonly state: string; readonly author: string }[];
  readonly aliases: readonly { readonly model: string; readonly alias: string; readonly version: number }[];
  readonly attachments: readonly { readonly id: string; readonly model: string; readonly version: number; readonly digest: string; readonly manifestDigest: string; readonly summary: unknown }[];
}

/** In a transaction, so that what others do meanwhile is in all of it or in none. */
export async function compareTables(tx: Database, companions: readonly Companion[]): Promise<Problem[]> {
  const told = nothingTold();
  for await (const entry of everyEntry(tx)) tell(told, entry);
  const attachments = await tx.query<ComparedRows["attachments"][number] & { summary: string }>('select id, model, version, digest, manifest_digest as "manifestDigest", summary from attachments order by id');
  const problems = compareRows(told, {
    versions: await tx.query('select model, version, digest, state, created_by as "author" from versions order by model, version'),
    aliases: await tx.query("select model, alias, version from aliases order by model, alias"),
    attachments: attachments.map((a) => ({ ...a, summary: parsed(a.summary) })),
  });
  problems.push(...(await foreignProblems(tx)));
  for (const companion of companions) problems.push(...(await companion.compare(tx)));
  return problems;
}

export function compareRows(told: Told, rows: ComparedRows): Problem[] {
  const problems: Problem[] = [];
  const add = (where: string, message: string): void => void problems.push({ where, message });
  const states = new Map(rows.versions.map((v) => [`${v.model}:${v.version}`, v.state]));
  for (const v of rows.versions) {
    const where = `${v.model}:${v.version}`;
    const known = told.versions.get(where);
    if (known === undefined) add(where, "the audit log does not know it");
    else if (known.digest !== v.digest) add(where, `its row says ${v.digest}, the audit log ${known.digest}`);
    else if (known.author !== v.author) add(where, `its row says that ${v.author} offered it, the audit log ${known.author}`);
    else if (known.state !== v.state) add(where, `its row says that it is ${v.state}, the audit log ${known.state}`);
  }
  for (const where of told.versions.keys()) if (!states.has(where)) add(where, "the audit log knows it, and it is not there");

  const aliases = new Map(told.aliases);
  for (const a of rows.aliases) {
    const where = `${a.model}@${a.alias}`;
    if (states.get(`${a.model}:${a.version}`) !== "available") add(where, `it names version ${a.version}, which is not there`);
    const known = aliases.get(where);
    if (known !== a.version) add(where, `it names version ${a.version}, and the audit log says ${known ?? "that there is no such alias"}`);
    aliases.delete(where);
  }
  for (const [where, version] of aliases) add(where, `the audit log says that it names version ${version}, and it is not there`);

  const attachments = new Map(told.attachments);
  for (const a of rows.attachments) {
    const where = `${a.model}:${a.version}, attachment ${a.id}`;
    const known = attachments.get(a.id);
    if (known === undefined) add(where, "the audit log does not know it");
    else if (known.digest !== a.digest || known.manifestDigest !== a.manifestDigest || known.of !== `${a.model}:${a.version}` || known.summary !== canonicalJson(a.summary)) add(where, "its row and the audit log differ");
    attachments.delete(a.id);
  }
  for (const [id, { of }] of attachments) add(`${of}, attachment ${id}`, "the audit log knows it, and it is not there");
  return problems;
}

export function nothingTold(): Told {
  return { versions: new Map(), aliases: new Map(), attachments: new Map() };
}

export function tell({ versions, aliases, attachments }: Told, { action, actor, model, version, detail }: AuditEntry): void {
  const where = `${model}:${version}`;
  const text = (key: string): string => (typeof detail[key] === "string" ? detail[key] : "");
  switch (action) {
    case "version.offered":
      versions.set(where, { digest: text("digest"), author: actor, state: "available" });
      break;
    case "version.imported":
      // Earlier versions of Slipway made whoever imported the author.
      versions.set(where, { digest: text("digest"), author: text("author") === "" ? actor : text("author"), state: "available" });
      break;
    case "version.restored": case "version.removed":
      versions.set(where, { digest: text("digest"), author: versions.get(where)?.author ?? "", state: action === "version.restored" ? "available" : "deleted" });
      break;
    case "alias.moved":
      aliases.set(`${model}@${text("alias")}`, version ?? 0);
      break;
    case "alias.removed":
      aliases.delete(`${model}@${text("alias")}`);
      break;
    case "attachment.added":
      attachments.set(text("attachment"), { digest: text("digest"), manifestDigest: text("manifestDigest"), of: where, summary: canonicalJson(detail["summary"] ?? {}) });
      break;
    default:
  }
}

/** Text that somebody made unreadable is not what the log tells. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
