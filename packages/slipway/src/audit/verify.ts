// Whether an audit log, in a database or exported, is as it was written.

import type { Database } from "../database/index.ts";
import { hashEntry, NO_HASH, type AuditEntry } from "./entry.ts";
import { auditError } from "./errors.ts";
import { everyEntry } from "./log.ts";

export interface AuditProof {
  readonly entries: number;
  /** The hash of the last entry. Who keeps it elsewhere can later show that nothing was cut off the end. */
  readonly head: string;
}

export interface VerifyOptions {
  /** A hash that must be in the log: the head of an earlier proof. */
  readonly head?: string | undefined;
}

/** @throws audit-broken, with `data.seq` of the first entry that does not fit */
export async function verifyAudit(database: Database, options: VerifyOptions = {}): Promise<AuditProof> {
  return verifyEntries(everyEntry(database), options);
}

/** @throws audit-broken */
export async function verifyEntries(entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>, { head }: VerifyOptions = {}): Promise<AuditProof> {
  let seq = 0;
  let last = NO_HASH;
  let seen = head === undefined || head === NO_HASH;
  for await (const entry of entries) {
    seq++;
    if (entry.seq !== seq) throw broken(seq, `entry ${seq} is missing; after ${seq - 1} comes ${entry.seq}`);
    if (entry.previousHash !== last) throw broken(seq, `entry ${seq} does not follow the entry before it`);
    if (hashEntry(entry) !== entry.hash) throw broken(seq, `entry ${seq} (${entry.action}, ${entry.time}) was changed after it was written`);
    last = entry.hash;
    seen ||= last === head;
  }
  if (!seen) throw broken(seq + 1, `the log ends with entry ${seq}, and the entry with the hash ${head!.slice(0, 64)} is not in it: the end was cut off, or another log was put in its place`);
  return { entries: seq, head: last };
}

function broken(seq: number, message: string): Error {
  return auditError("audit-broken", message, { where: `audit entry ${seq}`, data: { seq }, hint: "Compare with an export or a copy of the database from before." });
}
