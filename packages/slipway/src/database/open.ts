// A database by its address.

import type { Database } from "./database.ts";
import { databaseError } from "./errors.ts";

/**
 * `sqlite:PATH`, `sqlite::memory:` for one that is gone with the process, or `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=...` as libpq has it.
 * @throws database-url, database-unreachable, database-login, database-unwritable, database-damaged
 */
export async function openDatabase(url: string): Promise<Database> {
  if (url === "sqlite::memory:") return (await import("./sqlite.ts")).SqliteDatabase.inMemory();
  if (url.startsWith("sqlite:") && url.length > "sqlite:".length) {
    const { SqliteDatabase } = await import("./sqlite.ts");
    return SqliteDatabase.open(url.slice("sqlite:".length));
  }
  if (/^postgres(?:ql)?:\/\//.test(url)) {
    const { PostgresDatabase } = await import("./postgres.ts");
    return PostgresDatabase.open(url);
  }
  // Without the address: there may be a password in it.
  throw databaseError("database-url", `a database's address begins with sqlite: or postgres://${/^[a-z+]{1,20}:/.test(url) ? `, not with ${url.slice(0, url.indexOf(":") + 1)}` : ""}`);
}

/** The address as it may be shown. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/).*@/, "$1...@").replace(/([?&](?:password|sslpassword|user)=)[^&]*/g, "$1...");
}
