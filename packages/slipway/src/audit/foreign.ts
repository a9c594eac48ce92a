// Entries of other registries' logs, which came along with versions that were imported: who did what, before they came
// here. They keep their own hashes; this log's entry `registry.merged` tells how many came with an export and the hash
// over theirs, so that none can be taken away or added unseen.

import { createHash } from "node:crypto";
import type { Database } from "../database/index.ts";
import { hashEntry, type AuditEntry } from "./entry.ts";
import { auditError } from "./errors.ts";
import { everyEntry, parsedDetail } from "./log.ts";
import { parseEntry } from "./export.ts";

export interface ForeignEntry {
  /** "sha256:...": the export with which it came. */
  readonly export: string;
  readonly importedAt: string;
  readonly importedBy: string;
  readonly entry: AuditEntry;
}
/** What `registry.merged` says of the entries that came with an export. */
export interface ForeignProof {
  readonly entries: number;
  /** SHA-256, in hex, over their hashes in the order of time and hash. */
  readonly digest: string;
}

interface Row extends Omit<AuditEntry, "detail" | "previousHash"> {
  readonly export: string;
  readonly detail: string;
  readonly previous_hash: string;
  readonly imported_at: string;
  readonly imported_by: string;
}
const COLUMNS = "hash, export, seq, time, actor, how, action, model, version, detail, previous_hash, imported_at, imported_by";
const PAGE = 500;

/** Keeps those that are not known yet, here or from before. @throws audit-broken for an entry that was changed */
export async function takeForeign(tx: Database, given: Iterable<AuditEntry>, come: Omit<ForeignEntry, "entry">): Promise<ForeignProof> {
  const fresh: AuditEntry[] = [];
  const seen = new Set<string>();
  for (const entry of given) {
    if (hashEntry(entry) !== entry.hash) throw auditError("audit-broken", `entry ${entry.seq} (${entry.action}, ${entry.time}) was changed after it was written`, { where: `history.jsonl, entry ${entry.seq}`, data: { seq: entry.seq }, hint: "Export again." });
    if (seen.has(entry.hash)) continue;
    seen.add(entry.hash);
    if ((await tx.query("select hash from audit where hash = $1 union all select hash from audit_foreign where hash = $1", [entry.hash])).length === 0) fresh.push(entry);
  }
  for (const entry of fresh) await restoreForeign(tx, { ...come, entry });
  return proofOf(fresh);
}

export async function restoreForeign(tx: Database, { entry: e, ...come }: ForeignEntry): Promise<void> {
  await tx.query(`insert into audit_foreign (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, [
    e.hash, come.export, e.seq, e.time, e.actor, e.how, e.action, e.model, e.version, JSON.stringify(e.detail), e.previousHash, come.importedAt, come.importedBy]);
}

/** The latest first. */
export async function listForeign(database: Database, { model, actor, limit = 100 }: { readonly model?: string | undefined; readonly actor?: string | undefined; readonly limit?: number | undefined } = {}): Promise<ForeignEntry[]> {
  const parameters: (string | number)[] = [Math.min(Math.max(limit, 1), 1000)];
  const where = ([["model =", model], ["actor =", actor]] as const).flatMap(([condition, value]) => (value === undefined ? [] : [`${condition} $${parameters.push(value)}`]));
  const rows = await database.query<Row>(`select ${COLUMNS} from audit_foreign${where.length === 0 ? "" : ` where ${where.join(" and ")}`} order by time desc, hash desc limit $1`, parameters);
  return rows.map(foreignOf);
}

/** All of them, in the order of time and hash, a page at a time. */
export async function* everyForeign(database: Database): AsyncGenerator<ForeignEntry> {
  for (let [time, hash] = ["", ""]; ;) {
    const rows = await database.query<Row>(`select ${COLUMNS} from audit_foreign where time > $1 or (time = $1 and hash > $2) order by time, hash limit $3`, [time, hash, PAGE]);
    for (const row of rows) yield foreignOf(row);
    if (rows.length < PAGE) return;
    ({ time, hash } = rows.at(-1)!);
  }
}

/** What does not fit: entries that were changed, and exports of which there are more or fewer than this log tells. */
export async function foreignProblems(tx: Database): Promise<{ readonly where: string; readonly message: string }[]> {
  const problems: { where: string; message: string }[] = [];
  const kept = new Map<string, AuditEntry[]>();
  for await (const { export: from, entry } of everyForeign(tx)) {
    if (hashEntry(entry) !== entry.hash) problems.push({ where: `entry ${entry.seq} of ${from}`, message: "it was changed after it was imported" });
    const known = kept.get(from);
    if (known === undefined) kept.set(from, [entry]);
    else known.push(entry);
  }
  const told = new Map<string, string[]>();
  for await (const { action, detail } of everyEntry(tx)) {
    const history = detail["history"] as Partial<ForeignProof> | undefined;
    const from = detail["export"];
    if (action !== "registry.merged" || typeof from !== "string" || typeof history?.digest !== "string" || history.entries === 0) continue;
    told.set(from, [...(told.get(from) ?? []), history.digest]);
  }
  for (const from of new Set([...kept.keys(), ...told.keys()])) {
    const digest = proofOf(kept.get(from) ?? []).digest;
    // An export that is imported again brings nothing new.
    if (told.get(from)?.length !== 1 || told.get(from)![0] !== digest) problems.push({ where: `the history that came with ${from}`, message: "there are other entries than the audit log tells" });
  }
  return problems;
}

/** One line of JSON an entry, and back. @throws audit-malformed */
export function parseForeign(line: string, number: number): Omit<ForeignEntry, "export"> & { readonly export: string | null } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Told below.
  }
  const row = value as ForeignEntry | null | undefined;
  const sound = typeof row === "object" && row !== null && (row.export === null || typeof row.export === "string") && typeof row.importedAt === "string" && typeof row.importedBy === "string";
  if (!sound) throw auditError("audit-malformed", "this is not an entry of a history", { where: `history.jsonl, line ${number}`, hint: "Give what slipway registry export wrote." });
  return { ...row, entry: parseEntry(row.entry, number) };
}

function proofOf(entries: readonly AuditEntry[]): ForeignProof {
  const hash = createHash("sha256");
  for (const e of entries.toSorted((a, b) => (a.time === b.time ? compare(a.hash, b.hash) : compare(a.time, b.time)))) hash.update(e.hash);
  return { entries: entries.length, digest: hash.digest("hex") };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function foreignOf({ export: from, imported_at: importedAt, imported_by: importedBy, previous_hash: previousHash, detail, ...row }: Row): ForeignEntry {
  return { export: from, importedAt, importedBy, entry: parseEntry({ ...row, previousHash, detail: parsedDetail(detail) }, row.seq) };
}
