// Databases as inputs and outputs: postgres://USER@HOST/NAME?table=scores, sqlite:PATH?table=scores, duckdb:PATH.

import { createHash } from "node:crypto";
import { shownUrl } from "../../database/index.ts";
import { batchError } from "../errors.ts";

export interface SqlAddress {
  readonly kind: "postgres" | "sqlite" | "duckdb";
  /** An address without `table`, or a file's path. */
  readonly database: string;
  /** SCHEMA.TABLE or TABLE. */
  readonly table: string | undefined;
  /** Without a password. */
  readonly shown: string;
}

export function isSqlAddress(text: string): boolean {
  return /^(?:postgres(?:ql)?:\/\/|sqlite:|duckdb:)/.test(text);
}

/** @throws SlipwayError batch-source-address */
export function parseSqlAddress(address: string): SqlAddress {
  const kind = address.startsWith("postgres") ? "postgres" : address.startsWith("sqlite:") ? "sqlite" : "duckdb";
  const at = address.indexOf("?");
  const query = new URLSearchParams(at < 0 ? "" : address.slice(at + 1));
  const table = query.get("table") ?? undefined;
  query.delete("table");
  const base = at < 0 ? address : address.slice(0, at);
  if (table !== undefined && (table === "" || table.length > 200 || table.split(".").some((part) => part === "") || table.split(".").length > 2)) throw batchError("batch-source-address", `?table= names a table, or SCHEMA.TABLE; found ${JSON.stringify(table.slice(0, 100))}`);
  if (kind !== "postgres" && query.size > 0) throw batchError("batch-source-address", `${kind}: takes ?table= alone`, { hint: `It is ${kind}:PATH?table=NAME.` });
  const database = kind === "postgres" ? `${base}${query.size === 0 ? "" : `?${query.toString()}`}` : base.slice(kind.length + 1);
  if (database === "") throw batchError("batch-source-address", `${kind}: names no file`, { hint: `It is ${kind}:PATH?table=NAME.` });
  const shown = kind === "postgres" ? shownUrl(database) : `${kind}:${database}`;
  return { kind, database, table, shown: table === undefined ? shown : `${shown}${shown.includes("?") ? "&" : "?"}table=${table}` };
}

/** A name in SQL, each part by itself. */
export function quoted(name: string): string {
  return name.split(".").map(quotedPart).join(".");
}
export function quotedPart(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function digestOf(address: string): string {
  return createHash("sha256").update(address).digest("hex").slice(0, 8);
}
