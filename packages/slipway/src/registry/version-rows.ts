// Rows of the table of versions, with their aliases and what is attached to them.

import type { Database, Value } from "../database/index.ts";
import { registryError } from "./errors.ts";
import { LATEST, parseReference } from "./reference.ts";
import type { Imported, Version } from "./types.ts";

export interface VersionRow {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly package_version: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly size: number;
  readonly description: string;
  readonly authors: string;
  readonly format: string;
  readonly root_class: string;
  readonly producer: string;
  readonly source_name: string;
  readonly source_digest: string;
  readonly parent_version: number | null;
  readonly training_data: string | null;
  readonly commit_id: string | null;
  readonly signature: string;
  readonly card: string;
  readonly search: string;
  readonly state: "available" | "deleted";
  readonly imported_at: string | null;
  readonly imported_by: string | null;
}

export const VERSION_COLUMNS = "model, version, digest, package_version, created_at, created_by, size, description, authors, format, root_class, producer, source_name, source_digest, parent_version, training_data, commit_id, signature, card, search, state, imported_at, imported_by";

/** Without the two large ones, for lists. */
const LIST_COLUMNS = VERSION_COLUMNS.replace("signature, card, search", "'' as signature, '' as card, '' as search");

/** The row that a reference names, removed versions included when they are named by number or digest. @throws registry-not-found */
export async function findVersion(database: Database, reference: string): Promise<VersionRow> {
  const { model, version, alias, digest } = parseReference(reference);
  const select = `select ${VERSION_COLUMNS} from versions where model = $1 and`;
  const [row] = version !== undefined ? await database.query<VersionRow>(`${select} version = $2`, [model, version])
    : digest !== undefined ? await database.query<VersionRow>(`${select} digest = $2`, [model, digest])
    : alias === LATEST ? await database.query<VersionRow>(`${select} state = 'available' order by version desc limit 1`, [model])
    : await database.query<VersionRow>(`${select} version = (select version from aliases where model = $1 and alias = $2)`, [model, alias!]);
  if (row !== undefined) return row;
  throw await notFound(database, reference, model, alias);
}

async function notFound(database: Database, reference: string, model: string, alias: string | undefined): Promise<Error> {
  const known = await database.query<{ name: string }>("select name from models where name = $1", [model]);
  if (known.length === 0) return registryError("registry-not-found", `the registry has no model ${JSON.stringify(model)}`, { hint: "slipway registry list shows the models." });
  const aliases = await database.query<{ alias: string }>("select alias from aliases where model = $1 order by alias limit 20", [model]);
  return registryError("registry-not-found", `there is no version ${reference}`, {
    hint: alias === undefined || alias === LATEST ? `slipway registry versions ${model} lists them.` : aliases.length === 0 ? `${model} has no alias yet.` : `${model} has the aliases ${aliases.map((a) => a.alias).join(", ")}.` });
}

export interface VersionQuery {
  /** Versions below this number: the next page. */
  readonly before?: number | undefined;
  /** 1 to 1000; 200 by default. */
  readonly limit?: number | undefined;
  /** Also those that were removed. */
  readonly removed?: boolean | undefined;
}

/** A model's versions, the newest first. */
export async function versionsOf(database: Database, model: string, { before, limit = 200, removed = true }: VersionQuery = {}): Promise<Version[]> {
  const parameters: Value[] = [model, Math.min(Math.max(limit, 1), 1000)];
  if (before !== undefined) parameters.push(before);
  const rows = await database.query<VersionRow>(`select ${LIST_COLUMNS} from versions where model = $1${removed ? "" : " and state = 'available'"}${before === undefined ? "" : " and version < $3"} order by version desc limit $2`, parameters);
  return complete(database, rows);
}

/** Versions in whose description, authors, libraries, source, digest or lineage every word occurs; the newest first. */
export async function searchVersions(database: Database, text: string, limit = 100): Promise<Version[]> {
  const { where, parameters } = wordsIn("search", text, 1);
  const rows = await database.query<VersionRow>(`select ${LIST_COLUMNS} from versions where state = 'available' and ${where} order by created_at desc, model, version desc limit $1`, [Math.min(Math.max(limit, 1), 1000), ...parameters]);
  return complete(database, rows);
}

/** A condition that every word of a text (at most ten) occurs in a column. */
export function wordsIn(column: string, text: string, before: number): { readonly where: string; readonly parameters: string[] } {
  const words = text.toLowerCase().split(/\s+/).filter((w) => w !== "").slice(0, 10);
  const parameters = words.map((word) => `%${word.slice(0, 200).replace(/[\\%_]/g, (c) => `\\${c}`)}%`);
  return { where: words.length === 0 ? "1 = 1" : words.map((_, i) => `${column} like $${before + i + 1} escape '\\'`).join(" and "), parameters };
}

/** With aliases, the gate's last word and whether there is a signature: two queries however many versions. */
export async function complete(database: Database, rows: readonly VersionRow[]): Promise<Version[]> {
  if (rows.length === 0) return [];
  const models = [...new Set(rows.map((r) => r.model))];
  const marks = models.map((_, i) => `$${i + 1}`).join(", ");
  const aliases = await database.query<{ model: string; alias: string; version: number }>(`select model, alias, version from aliases where model in (${marks}) order by alias`, models);
  const low = Math.min(...rows.map((r) => r.version));
  const high = Math.max(...rows.map((r) => r.version));
  const attached = await database.query<{ model: string; version: number; kind: string; created_at: string; summary: string }>(
    `select model, version, kind, created_at, summary from attachments where model in (${marks}) and version >= $${models.length + 1} and version <= $${models.length + 2} and kind in ('gate-report', 'signature') order by created_at, id`,
    [...models, low, high]);
  return rows.map((row) => {
    const mine = attached.filter((a) => a.model === row.model && a.version === row.version);
    const gate = mine.findLast((a) => a.kind === "gate-report");
    return {
      model: row.model, version: row.version, digest: row.digest, packageVersion: row.package_version, state: row.state, createdAt: row.created_at, createdBy: row.created_by,
      size: row.size, description: row.description, authors: JSON.parse(row.authors) as string[], format: row.format, rootClass: row.root_class,
      producer: JSON.parse(row.producer) as Record<string, string>, sourceName: row.source_name, sourceDigest: row.source_digest, parent: row.parent_version,
      trainingData: row.training_data, commit: row.commit_id, imported: importedOf(row),
      aliases: aliases.filter((a) => a.model === row.model && a.version === row.version).map((a) => a.alias),
      gate: gate === undefined ? { state: "none", at: null } : { state: (JSON.parse(gate.summary) as { passed?: unknown }).passed === true ? "green" : "red", at: gate.created_at },
      signed: mine.some((a) => a.kind === "signature"),
    };
  });
}

export function importedOf(row: { readonly imported_at: string | null; readonly imported_by: string | null }): Imported | null {
  return row.imported_at === null || row.imported_by === null ? null : { by: row.imported_by, at: row.imported_at };
}
