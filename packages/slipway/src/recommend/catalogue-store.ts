// Catalogues in a database, SQLite or the Postgres that several replicas share. A version counts the changes of a model's
// catalogue: a replica that knows version 7 asks for what came after it.

import { migrate, openDatabase, type Database } from "../database/index.ts";
import { CATALOGUE_MIGRATIONS } from "./tables.ts";
import { recommendError } from "./errors.ts";
import type { ItemState } from "./change.ts";

export interface StoredChange {
  readonly states: ReadonlyMap<string, ItemState>;
  readonly cold: readonly string[] | undefined;
  readonly ifVersion: number | undefined;
  readonly by: string;
}
export interface News {
  readonly version: number;
  readonly cold: readonly string[];
  readonly changedAt: string;
  readonly changedBy: string;
  /** Items that changed. */
  readonly items: ReadonlyMap<string, ItemState>;
}

export const MAX_ITEMS = 1_000_000;
/** So many times as many rows as items: what was taken out has to be known, or it would be back. */
const REMEMBERED = 4;
const GONE: ItemState = { removed: true };
const REMOVED = JSON.stringify(GONE);

export class CatalogueStore {
  readonly #database: Database;
  readonly #own: boolean;
  readonly #maxItems: number;

  private constructor(database: Database, own: boolean, maxItems: number) {
    this.#maxItems = maxItems;
    this.#database = database;
    this.#own = own;
  }
  /** In a database that is open and is closed by its owner. */
  static async over(database: Database, maxItems: number = MAX_ITEMS): Promise<CatalogueStore> {
    await migrate(database, "catalogues", CATALOGUE_MIGRATIONS);
    return new CatalogueStore(database, false, maxItems);
  }
  /** @throws what openDatabase throws */
  static async open(url: string, maxItems: number = MAX_ITEMS): Promise<CatalogueStore> {
    const database = await openDatabase(url);
    try {
      await migrate(database, "catalogues", CATALOGUE_MIGRATIONS);
      return new CatalogueStore(database, true, maxItems);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** What changed after `version`; undefined: nothing. */
  async newer(model: string, version: number): Promise<News | undefined> {
    const [row] = await this.#database.query<{ version: number; cold: string; changed_at: string; changed_by: string }>("select version, cold, changed_at, changed_by from catalogues where model = $1", [model]);
    if (row === undefined || row.version <= version) return undefined;
    // Rows of a later change may be among them: they are taken again with that one.
    const items = await this.#database.query<{ id: string; state: string }>("select id, state from catalogue_items where model = $1 and version > $2", [model, version]);
    return { version: row.version, cold: JSON.parse(row.cold) as string[], changedAt: row.changed_at, changedBy: row.changed_by, items: new Map(items.map((i) => [i.id, JSON.parse(i.state) as ItemState])) };
  }

  /** All of it or nothing; gives the new version. @throws catalogue-version, catalogue-full */
  async change(model: string, { states, cold, ifVersion, by }: StoredChange): Promise<number> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<{ version: number; cold: string }>("select version, cold from catalogues where model = $1", [model]);
      const before = row?.version ?? 0;
      if (ifVersion !== undefined && ifVersion !== before) throw recommendError("catalogue-version", `the catalogue of ${model} is at version ${before}, not ${ifVersion}`, { data: { version: before } });
      const version = before + 1;
      const list = cold === undefined ? (row?.cold ?? "[]") : JSON.stringify(cold);
      await tx.query(`insert into catalogues (model, version, cold, changed_at, changed_by) values ($1, $2, $3, $4, $5)
        on conflict (model) do update set version = excluded.version, cold = excluded.cold, changed_at = excluded.changed_at, changed_by = excluded.changed_by`, [model, version, list, new Date().toISOString(), by]);
      for (const [id, state] of states) {
        const [known] = await tx.query<{ state: string }>("select state from catalogue_items where model = $1 and id = $2", [model, id]);
        const merged = state.removed === true ? GONE : { ...(known === undefined ? {} : (JSON.parse(known.state) as ItemState)), ...state };
        await tx.query(`insert into catalogue_items (model, id, version, state) values ($1, $2, $3, $4)
          on conflict (model, id) do update set version = excluded.version, state = excluded.state`, [model, id, version, JSON.stringify(merged)]);
      }
      const [held] = await tx.query<{ items: number | string; rows: number | string }>("select count(*) as rows, sum(case when state = $2 then 0 else 1 end) as items from catalogue_items where model = $1", [model, REMOVED]);
      const [items, rows] = [Number(held?.items ?? 0), Number(held?.rows ?? 0)];
      if (items > this.#maxItems || rows > REMEMBERED * this.#maxItems) throw recommendError("catalogue-full", items > this.#maxItems ? `the catalogue of ${model} would hold ${items} items beside those of its package; ${this.#maxItems} are allowed` : `the catalogue of ${model} would remember ${rows} items, those that were taken out included; ${REMEMBERED * this.#maxItems} are allowed`, { hint: "Take items out, raise recommend.maxItems, or pack the model anew with its items.", data: { items, most: this.#maxItems } });
      return version;
    });
  }

  async close(): Promise<void> {
    if (this.#own) await this.#database.close();
  }
}
