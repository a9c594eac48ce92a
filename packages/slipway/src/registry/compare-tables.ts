// The tables against the audit log, which tells how they came to be.

import { everyEntry, foreignProblems, type AuditEntry } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import type { Companion, Problem } from "./types.ts";

interface Expected {
  readonly versions: Map<string, { readonly digest: string; readonly author: string; state: "available" | "deleted" }>;
  readonly aliases: Map<string, number>;
  readonly attachments: Map<string, { readonly digest: string; readonly manifestDigest: string; readonly of: string }>;
}

/** In a transaction, so that what others do meanwhile is in all of it or in none. */
export async function compareTables(tx: Database, companions: readonly Companion[]): Promise<Problem[]> {
  const expected: Expected = { versions: new Map(), aliases: new Map(), attachments: new Map() };
  for await (const entry of everyEntry(tx)) apply(expected, entry);
  const problems: Problem[] = [];
  const add = (where: string, message: string): void => void problems.push({ where, message });

  const versions = await tx.query<{ model: string; version: number; digest: string; state: string; created_by: string }>("select model, version, digest, state, created_by from versions order by model, version");
  const states = new Map(versions.map((v) => [`${v.model}:${v.version}`, v.state]));
  for (const v of versions) {
    const where = `${v.model}:${v.version}`;
    const told = expected.versions.get(where);
    if (told === undefined) add(where, "the audit log does not know it");
    else if (told.digest !== v.digest) add(where, `its row says ${v.digest}, the audit log ${told.digest}`);
    else if (told.author !== v.created_by) add(where, `its row says that ${v.created_by} offered it, the audit log ${told.author}`);
    else if (told.state !== v.state) add(where, `its row says that it is ${v.state}, the audit log ${told.state}`);
  }
  for (const where of expected.versions.keys()) if (!states.has(where)) add(where, "the audit log knows it, and it is not there");

  for (const a of await tx.query<{ model: string; alias: string; version: number }>("select model, alias, version from aliases order by model, alias")) {
    const where = `${a.model}@${a.alias}`;
    if (states.get(`${a.model}:${a.version}`) !== "available") add(where, `it names version ${a.version}, which is not there`);
    const told = expected.aliases.get(where);
    if (told !== a.version) add(where, `it names version ${a.version}, and the audit log says ${told ?? "that there is no such alias"}`);
    expected.aliases.delete(where);
  }
  for (const [where, version] of expected.aliases) add(where, `the audit log says that it names version ${version}, and it is not there`);

  const attachments = await tx.query<{ id: string; model: string; version: number; digest: string; manifest_digest: string }>("select id, model, version, digest, manifest_digest from attachments order by id");
  for (const a of attachments) {
    const where = `${a.model}:${a.version}, attachment ${a.id}`;
    const known = expected.attachments.get(a.id);
    if (known === undefined) add(where, "the audit log does not know it");
    else if (known.digest !== a.digest || known.manifestDigest !== a.manifest_digest || known.of !== `${a.model}:${a.version}`) add(where, "its row and the audit log differ");
    expected.attachments.delete(a.id);
  }
  for (const [id, { of }] of expected.attachments) add(`${of}, attachment ${id}`, "the audit log knows it, and it is not there");
  problems.push(...(await foreignProblems(tx)));
  for (const companion of companions) problems.push(...(await companion.compare(tx)));
  return problems;
}

function apply({ versions, aliases, attachments }: Expected, { action, actor, model, version, detail }: AuditEntry): void {
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
      attachments.set(text("attachment"), { digest: text("digest"), manifestDigest: text("manifestDigest"), of: where });
      break;
    default:
  }
}
