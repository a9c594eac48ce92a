// Models, with what lists show of them.

import type { Database } from "../database/index.ts";
import { registryError } from "./errors.ts";
import type { ModelSummary } from "./types.ts";
import { wordsIn } from "./version-rows.ts";

export interface ModelQuery {
  /** Words that must all occur in a model's name or description or in what `searchVersions` looks at. */
  readonly text?: string | undefined;
  /** 1 to 500; 100 by default. */
  readonly limit?: number | undefined;
  /** Models after this name: the next page. */
  readonly after?: string | undefined;
}

interface Row {
  readonly name: string;
  readonly description: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly updated_at: string;
  readonly latest: number | null;
  readonly versions: number;
}

const SELECT = `select m.name, m.description, m.created_at, m.created_by, m.updated_at,
  (select max(version) from versions v where v.model = m.name and v.state = 'available') as latest,
  (select count(*) from versions v where v.model = m.name and v.state = 'available') as versions from models m`;

/** In the order of their names. */
export async function listModels(database: Database, { text = "", limit = 100, after = "" }: ModelQuery = {}): Promise<ModelSummary[]> {
  const { where, parameters } = wordsIn("v.search", text, 2);
  const search = parameters.length === 0 ? "" : ` and exists (select 1 from versions v where v.model = m.name and ${where})`;
  return withAliases(database, await database.query<Row>(`${SELECT} where m.name > $1${search} order by m.name limit $2`, [after, Math.min(Math.max(limit, 1), 500), ...parameters]));
}

/** @throws registry-not-found */
export async function findModel(database: Database, name: string): Promise<ModelSummary> {
  const [found] = await withAliases(database, await database.query<Row>(`${SELECT} where m.name = $1`, [name]));
  if (found === undefined) throw registryError("registry-not-found", `the registry has no model ${JSON.stringify(name.slice(0, 150))}`, { hint: "slipway registry list shows the models." });
  return found;
}

async function withAliases(database: Database, rows: readonly Row[]): Promise<ModelSummary[]> {
  if (rows.length === 0) return [];
  const aliases = await database.query<{ model: string; alias: string; version: number }>(
    `select model, alias, version from aliases where model in (${rows.map((_, i) => `$${i + 1}`).join(", ")}) order by alias`, rows.map((r) => r.name));
  return rows.map((r) => ({
    name: r.name, description: r.description, createdAt: r.created_at, createdBy: r.created_by, updatedAt: r.updated_at, latest: r.latest, versions: r.versions,
    aliases: Object.fromEntries(aliases.filter((a) => a.model === r.name).map((a) => [a.alias, a.version])),
  }));
}
