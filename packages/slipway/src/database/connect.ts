// One connection to Postgres, for what is neither short nor serializable. The client is loaded when it is wanted.

import type pg from "pg";

/** @throws SlipwayError database-url, database-login, database-unreachable */
export async function connectPostgres(url: string): Promise<pg.Client> {
  return (await import("./postgres.ts")).connectPostgres(url);
}
