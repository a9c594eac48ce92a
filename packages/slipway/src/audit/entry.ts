// One entry of the audit log, and its hash: SHA-256 over the canonical JSON of everything else in it, the hash of the
// entry before included. Whoever changes, removes or inserts an entry breaks every hash after it.

import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** Who acts, as the server, a key file or this machine's user name says. */
export interface Actor {
  readonly name: string;
  /** Roles of the server: viewer, developer, reviewer, operator, admin. */
  readonly roles: readonly string[];
  /** Whom they speak for where approvals ask for it: "business", "operations". */
  readonly groups: readonly string[];
  /** `local`: the user of the command line on the machine that holds the store. */
  readonly how: "key" | "token" | "certificate" | "local";
}

export interface AuditEvent {
  readonly actor: Actor;
  /** What was done: "version.offered", "alias.moved" ... */
  readonly action: string;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  /** More about it; JSON. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditEntry {
  /** 1, 2, 3 ... without a gap. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly actor: string;
  readonly how: string;
  readonly action: string;
  readonly model: string | null;
  readonly version: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
  /** 64 hex digits: of the entry before, or zeros for the first. */
  readonly previousHash: string;
  /** 64 hex digits. */
  readonly hash: string;
}

export const NO_HASH: string = "0".repeat(64);

export function hashEntry(entry: Omit<AuditEntry, "hash">): string {
  const { seq, time, actor, how, action, model, version, detail, previousHash } = entry;
  return createHash("sha256").update(canonicalJson({ seq, time, actor, how, action, model, version, detail, previousHash })).digest("hex");
}
