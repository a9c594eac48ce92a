// Postgres's SQLSTATE codes (postgresql.org/docs/current/errcodes-appendix.html) and broken connections, sorted by what
// can be done about them. No message holds the address: it has the password in it.

import { SlipwayError } from "@slipway/core/base";
import { databaseError } from "./errors.ts";

function stateOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** The connection is gone or could not be made: another may work. */
export function isBroken(error: unknown): boolean {
  const state = stateOf(error);
  if (/^(?:08...|57P0[1-5]|53300|ECONN.*|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOENT|25P03)$/.test(state)) return true;
  // pg and pg-pool make plain errors of these.
  return error instanceof Error && state === "" && /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|not queryable/i.test(error.message);
}

/** Two transactions stood in each other's way; the same one may work a moment later. */
export function isRace(error: unknown): boolean {
  return /^(?:40001|40P01|55P03)$/.test(stateOf(error));
}

export function translatePostgres(error: unknown): unknown {
  if (error instanceof SlipwayError) return error;
  const state = stateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (/^(?:28...|3D000)$/.test(state)) return databaseError("database-login", message, { cause: error });
  if (isBroken(error) || /^(?:ENOTFOUND|CERT_.*|ERR_TLS.*|ERR_SSL.*|SELF_SIGNED.*|DEPTH_ZERO.*|UNABLE_TO.*)$/.test(state) || /does not support SSL/.test(message)) {
    return databaseError("database-unreachable", `the database does not answer: ${message || state}`, { cause: error });
  }
  if (isRace(error)) return databaseError("database-busy", message, { cause: error });
  if (/^23...$/.test(state)) return databaseError("database-constraint", message, { cause: error });
  if (/^(?:25006|42501|53...)$/.test(state)) return databaseError("database-unwritable", message, { cause: error });
  return databaseError("database-fault", message, { cause: error });
}
