// A list of items as a user has it: CSV with a header line or JSON records, one item a row, in the order of the model's items.
// `id` is its id; the rest is what a page shows of it, and what an item tower takes.

import type { RecommendedItem, Scalar } from "@slipway/core/package";
import { readCheckRows } from "../check-rows.ts";
import { recommendFileError } from "./errors.ts";

export interface ItemRows {
  readonly items: readonly RecommendedItem[];
  /** As they stand in the file. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const PLAIN_NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/;

/** @param popularity the column that says how popular an item is @throws recommend-file */
export function readItems(text: string, file: string, popularity: string | undefined): ItemRows {
  const rows = readCheckRows(text.replace(/^\ufeff/, ""));
  if (rows.length === 0) throw recommendFileError("recommend-file", `${file} has no items`);
  const items = rows.map((row, i): RecommendedItem => {
    const where = `${file}, item ${i + 1}`;
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw recommendFileError("recommend-file", "an item is no object", { where });
    const { id, ...others } = row as Readonly<Record<string, unknown>>;
    if ((typeof id !== "string" && typeof id !== "number") || String(id) === "") throw recommendFileError("recommend-file", `an item without an id: its columns are ${Object.keys(row).slice(0, 10).join(", ")}`, { where, hint: "Call the column id." });
    const metadata = Object.fromEntries(Object.entries(others).map(([key, value]) => [key, plainValue(value, `${where}, ${key}`)]));
    if (popularity === undefined) return { id: String(id), metadata };
    const told = Number(row[popularity] ?? Number.NaN);
    if (!Number.isFinite(told)) throw recommendFileError("recommend-file", `${JSON.stringify(popularity)} is ${JSON.stringify(row[popularity] ?? null)}, where a number is expected`, { where });
    return { id: String(id), popularity: told, metadata };
  });
  return { items, rows };
}

/** Fields of CSV are texts; what is plainly a number is one. */
function plainValue(value: unknown, where: string): Scalar | null {
  if (typeof value === "string") return PLAIN_NUMBER.test(value) && String(Number(value)) === value ? Number(value) : value;
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  throw recommendFileError("recommend-file", "a field is neither text nor number", { where });
}

/** One id a line, in the order of the model's rows. @throws recommend-file */
export function readIds(text: string, file: string): string[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const ids = lines[0] === "id" || lines[0] === "user" ? lines.slice(1) : lines;
  if (ids.length === 0 || ids.includes("") || new Set(ids).size < ids.length) throw recommendFileError("recommend-file", `${file}: ${ids.length === 0 ? "there are no ids" : ids.includes("") ? "a line is empty" : "an id is there twice"}`, { hint: "One id a line, in the order of the users' factors." });
  return ids;
}
