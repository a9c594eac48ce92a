// What every room that keeps state sees of a database: SQL texts that SQLite and Postgres both take, and transactions.
//
// A text uses $1, $2 ... for its parameters and keeps to what both dialects know (`returning`, `on conflict`, `with`,
// window functions). Where Postgres cannot guess a parameter's type it is told: cast($1 as text). Truth values are the
// integers 0 and 1, times are ISO 8601 texts in UTC, JSON is text.

import { databaseError } from "./errors.ts";

export type Dialect = "sqlite" | "postgres";

/** What a parameter or a column can be. Whole numbers are exact up to 2^53. */
export type Value = string | number | null;

/**
 * `rows`: only what a statement itself locks (`for update`, `skip locked`), so that many take from one table at a time; each
 * statement sees what was committed before it. Where the connection breaks during the commit `work` is run again although
 * it may have been kept: it has to bear that. SQLite has one writer at a time in any case.
 */
export type Locks = "all" | "rows";

export interface Database {
  readonly dialect: Dialect;
  /**
   * The rows of one statement. Outside a transaction a `select` sees what was committed; any other statement is a
   * transaction of its own.
   * @throws database-unreachable, database-login, database-busy, database-constraint, database-text, database-unwritable, database-fault
   */
  query<R extends object = Record<string, Value>>(sql: string, parameters?: readonly Value[]): Promise<R[]>;
  /**
   * Runs `work` alone: transactions that write come one after the other, also those of other processes, so that what one
   * read still holds when it writes. What it did is kept whole when it returns and undone whole when it throws.
   *
   * `work` may be run again where the database broke off before anything was kept, so it changes nothing but through
   * `tx`. It should be short: everyone else waits. A transaction inside a transaction (on `tx`) is part of it.
   */
  transaction<T>(work: (tx: Database) => Promise<T>, locks?: Locks): Promise<T>;
  close(): Promise<void>;
}

/** Postgres keeps no NUL in a text, so that SQLite takes none either. @throws database-text */
export function checkTexts(parameters: readonly Value[]): void {
  const wrong = parameters.find((value) => typeof value === "string" && value.includes("\0"));
  if (wrong !== undefined) throw databaseError("database-text", `the text ${JSON.stringify((wrong as string).slice(0, 60))} holds the character NUL`, { hint: "Leave it out." });
}

/** Whether a statement only reads; everything else is given a transaction. */
export function onlyReads(sql: string): boolean {
  return /^\s*select\b/i.test(sql);
}
