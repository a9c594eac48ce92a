// A transaction that is begun on the database while one of the same flow is open would wait for itself for ever.

import { AsyncLocalStorage } from "node:async_hooks";
import { databaseError } from "./errors.ts";

const open = new AsyncLocalStorage<ReadonlySet<object>>();

/** Runs `work` as the transaction of `database`. @throws database-fault inside another transaction of it */
export function alone<T>(database: object, work: () => Promise<T>): Promise<T> {
  const around = open.getStore();
  if (around?.has(database)) throw databaseError("database-fault", "a transaction was begun inside another one on the database itself, not on the transaction");
  return open.run(new Set([...(around ?? []), database]), work);
}
