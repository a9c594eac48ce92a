// One process at a time changes a layout's index. The lock is an exclusive transaction on an empty SQLite file: the
// operating system lets go of it when its process ends, however it ends, so nothing stale is ever left (see
// docs/decisions/022-locks-of-layouts.md). Nothing is written to that file.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ociError } from "../errors.ts";
import { storageError } from "./atomic-write.ts";

const SQLITE_BUSY = 5;

/** Callers of this process queue here, so that they do not contend for the file. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other process holds the lock.
 * @param path the lock's file, made where it is missing
 * @param waitMs how long to wait for it
 * @throws oci-busy, oci-storage
 */
export async function withLayoutLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const turn = before.then(() => locked(path, waitMs, work));
  const settled = turn.then(() => {}, () => {});
  queues.set(path, settled);
  try {
    return await turn;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

async function locked<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  let database: DatabaseSync;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw storageError(error, path);
  }
  try {
    const deadline = performance.now() + waitMs;
    for (let tries = 0; !acquire(database, path); tries++) {
      if (performance.now() > deadline) throw ociError("oci-busy", `the lock ${JSON.stringify(path)} was not free within ${Math.round(waitMs / 1000)} s`);
      await pause(1 + Math.random() * Math.min(40, 2 + tries));
    }
    try {
      return await work();
    } finally {
      database.exec("rollback");
    }
  } finally {
    database.close();
  }
}

function acquire(database: DatabaseSync, path: string): boolean {
  try {
    database.exec("begin exclusive");
    return true;
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === SQLITE_BUSY) return false;
    throw ociError("oci-storage", `the lock ${JSON.stringify(path)} cannot be taken: ${error instanceof Error ? error.message : String(error)}`, { hint: "Check that you may write there, and that its disk supports file locks.", cause: error });
  }
}
