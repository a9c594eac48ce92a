// The audit log as JSON lines, and back.

import type { Database } from "../database/index.ts";
import type { AuditEntry } from "./entry.ts";
import { auditError } from "./errors.ts";
import { everyEntry } from "./log.ts";

/** One line of JSON an entry, each with its newline. */
export async function* exportAudit(database: Database, after = 0): AsyncGenerator<string> {
  for await (const entry of everyEntry(database, after)) yield `${JSON.stringify(entry)}\n`;
}

/** The entries of an exported log. @throws audit-malformed */
export function* parseAudit(text: string): Generator<AuditEntry> {
  let number = 0;
  for (const line of text.split("\n")) {
    number++;
    if (line !== "") yield parseLine(line, number);
  }
}

function parseLine(line: string, number: number): AuditEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Told below.
  }
  return parseEntry(value, number);
}

/** @throws audit-malformed */
export function parseEntry(value: unknown, line: number): AuditEntry {
  const e = value as AuditEntry | null | undefined;
  const texts = typeof e === "object" && e !== null && [e.time, e.actor, e.how, e.action, e.previousHash, e.hash].every((v) => typeof v === "string");
  if (!texts || !Number.isSafeInteger(e.seq) || !(e.model === null || typeof e.model === "string") || !(e.version === null || Number.isSafeInteger(e.version)) || typeof e.detail !== "object" || e.detail === null) {
    throw auditError("audit-malformed", "this is not an entry of an audit log", { where: `line ${line}`, hint: "Give a file that slipway audit export wrote." });
  }
  return e;
}
