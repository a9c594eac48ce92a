// SQLite's result codes (sqlite.org/rescode.html) as coded errors.

import { SlipwayError } from "@slipway/core/base";
import { databaseError } from "./errors.ts";

const BUSY = 5, LOCKED = 6, READONLY = 8, IOERR = 10, CORRUPT = 11, FULL = 13, CANTOPEN = 14, CONSTRAINT = 19, NOTADB = 26;

/** The primary result code; undefined where the error is not SQLite's. */
function primary(error: unknown): number | undefined {
  const code: unknown = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  const code = primary(error);
  return code === BUSY || code === LOCKED;
}

export function translateSqlite(path: string, error: unknown): unknown {
  if (error instanceof SlipwayError) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (primary(error)) {
    case BUSY: case LOCKED: return databaseError("database-busy", `${path} stays locked by another process`, { cause: error });
    case READONLY: case IOERR: case FULL: case CANTOPEN: return databaseError("database-unwritable", `${path}: ${message}`, { cause: error });
    case CORRUPT: case NOTADB: return databaseError("database-damaged", `${path}: ${message}`, { cause: error });
    case CONSTRAINT: return databaseError("database-constraint", message, { cause: error });
    default: return databaseError("database-fault", message, { cause: error });
  }
}
