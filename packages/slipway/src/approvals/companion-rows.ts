// Rows of requests, decisions, comments and public keys as an export has them.

import { JsonObject, type Fail } from "@slipway/core/package";
import type { Database, Value } from "../database/index.ts";

/** Tables in the order in which their rows need each other, with their columns. `?` may be null, `#` is a number. */
const TABLES: Readonly<Record<Table, readonly string[]>> = {
  person_keys: ["id", "owner?", "person", "label", "pem", "created_at", "created_by", "removed_at?", "removed_by?", "imported_at?", "imported_by?"],
  requests: ["id", "model", "version#", "digest", "alias", "state", "requested_by", "comment", "from_version#?", "created_at", "expires_at", "closed_at?", "closed_by?", "imported_at?", "imported_by?", "origin_version#?"],
  decisions: ["id", "request", "person", "owner", "decision", "group_name?", "comment?", "envelope", "key_id", "created_at", "imported_at?", "imported_by?"],
  comments: ["id", "request", "author", "body", "created_at", "imported_at?", "imported_by?"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
const MAX_ROWS = 1_000_000;
/** As they are written here: texts that are compared. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MAX_NUMBER = 2_147_483_647;

export const NAME = "approvals";
export type Table = "person_keys" | "requests" | "decisions" | "comments";
export type Row = Readonly<Record<string, Value>>;
export type Rows = Readonly<Record<Table, readonly Row[]>>;
export const TABLE_NAMES: readonly Table[] = Object.keys(TABLES) as Table[];

/** Of some models with the keys that their decisions were signed with, or all. */
export async function allRows(tx: Database, models?: readonly string[]): Promise<Rows> {
  const read = (table: Table): Promise<Row[]> => tx.query<Row>(`select ${TABLES[table].map(nameOf).join(", ")} from ${table} order by id`);
  const requests = (await read("requests")).filter((r) => models === undefined || models.includes(String(r["model"])));
  const ids = new Set(requests.map((r) => r["id"]));
  const ofThese = (rows: readonly Row[]): readonly Row[] => (models === undefined ? rows : rows.filter((r) => ids.has(r["request"])));
  const decisions = ofThese(await read("decisions"));
  const signers = new Set(decisions.map((d) => d["key_id"]));
  const keys = (await read("person_keys")).filter((k) => models === undefined || signers.has(k["id"]));
  return { person_keys: keys, requests, decisions, comments: ofThese(await read("comments")) };
}

/** @throws what `fail` makes */
export function readRows(given: unknown, fail: Fail): Rows {
  const tables = new JsonObject(given, NAME, fail);
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, tables.array(table, MAX_ROWS, (value, where) => {
    const row = new JsonObject(value, where, fail);
    return Object.fromEntries(TABLES[table].map((column): [string, Value] => {
      const name = nameOf(column);
      // Exports of earlier versions do not have every one.
      if (column.endsWith("?") && (row.get(name) ?? null) === null) return [name, null];
      if (column.includes("#")) return [name, row.count(name, MAX_NUMBER)];
      const text = row.string(name);
      if (name.endsWith("_at") && !TIME.test(text)) throw fail("expected a time such as 2026-01-31T12:00:00.000Z", row.at(name));
      return [name, text];
    }));
  })])) as unknown as Rows;
}

export async function insertRow(tx: Database, table: Table, row: Row): Promise<void> {
  const columns = TABLES[table].map(nameOf);
  await tx.query(`insert into ${table} (${columns.join(", ")}) values (${columns.map((_, i) => `$${i + 1}`).join(", ")})`, columns.map((name) => row[name] ?? null));
}

function nameOf(column: string): string {
  return column.replace(/[#?]+$/, "");
}
