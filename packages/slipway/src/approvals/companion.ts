// Requests, decisions, comments and the keys that signed them, as they go along with an export of the registry and come back
// into an empty one; and whether they are what the audit log tells. Envelopes are verified wherever they count.

import type { Fail } from "@slipway/core/package";
import { readVerificationKey } from "@slipway/core/signing";
import { canonicalJson, everyEntry, type AuditEntry } from "../audit/index.ts";
import { migrate, type Database, type Value } from "../database/index.ts";
import { allRows, insertRow, NAME, readRows, TABLE_NAMES, type Row, type Rows, type Table } from "./companion-rows.ts";
import { mergeApprovals, type Merged, type MergeInto } from "./companion-merge.ts";
import { personKey } from "./person.ts";
import { APPROVAL_MIGRATIONS } from "./tables.ts";

interface Problem {
  readonly where: string;
  readonly message: string;
}

/** For `companions` of the registry's options. */
export const approvalsCompanion: {
  readonly name: string;
  write(tx: Database, models: readonly string[] | undefined): Promise<unknown>;
  restore(tx: Database, rows: unknown, fail: Fail): Promise<number>;
  merge(tx: Database, rows: unknown, into: MergeInto, fail: Fail): Promise<Merged>;
  compare(tx: Database): Promise<readonly Problem[]>;
} = { name: NAME, write: (tx, models) => allRows(tx, models), restore, merge, compare };

async function restore(tx: Database, given: unknown, fail: Fail): Promise<number> {
  await migrate(tx, NAME, APPROVAL_MIGRATIONS);
  const rows = readRows(given, fail);
  for (const table of TABLE_NAMES) for (const row of rows[table]) await insertRow(tx, table, row);
  return TABLE_NAMES.reduce((sum, table) => sum + rows[table].length, 0);
}

async function merge(tx: Database, given: unknown, into: MergeInto, fail: Fail): Promise<Merged> {
  await migrate(tx, NAME, APPROVAL_MIGRATIONS);
  return mergeApprovals(tx, readRows(given, fail), into, fail);
}

/** What the log tells of each row that it knows, by table and id: the columns that can be told. */
type Told = Readonly<Record<Table, Map<string, Record<string, unknown>>>>;
const WHAT: Readonly<Record<Table, string>> = { person_keys: "key", requests: "request", decisions: "decision", comments: "comment" };

async function compare(tx: Database): Promise<readonly Problem[]> {
  const told: Told = { person_keys: new Map(), requests: new Map(), decisions: new Map(), comments: new Map() };
  for await (const entry of everyEntry(tx)) tell(told, entry);
  const problems: Problem[] = [];
  const rows: Rows = await allRows(tx);
  for (const table of TABLE_NAMES) {
    for (const kept of rows[table]) {
      const row = table === "decisions" ? { ...kept, envelope: canonical(kept["envelope"]) } : kept;
      const where = `${WHAT[table]} ${String(row["id"])}`;
      const known = told[table].get(String(row["id"]));
      told[table].delete(String(row["id"]));
      if (known === undefined) problems.push({ where, message: "the audit log does not know it" });
      else {
        const [column] = Object.entries(known).find(([name, value]) => (row[name] ?? null) !== value) ?? [];
        if (column === undefined && table === "person_keys" && !(await isKey(row))) problems.push({ where, message: "its row holds another key" });
        if (column !== undefined) problems.push({ where, message: `its row and the audit log differ: ${column}` });
      }
    }
    for (const id of told[table].keys()) problems.push({ where: `${WHAT[table]} ${id}`, message: "the audit log knows it, and it is not there" });
  }
  return problems;
}

/** A key's id is the hash of the key itself. */
async function isKey({ id, pem }: Row): Promise<boolean> {
  return readVerificationKey(String(pem)).then((key) => key.id === id, () => false);
}

function canonical(envelope: Value | undefined): string {
  try {
    return canonicalJson(JSON.parse(String(envelope)));
  } catch {
    return "";
  }
}

function tell(told: Told, { action, actor, model, version, detail }: AuditEntry): void {
  const text = (key: string): string => (typeof detail[key] === "string" ? detail[key] : "");
  const orNull = (key: string): unknown => detail[key] ?? null;
  const closed = (state: string): void => {
    const request = told.requests.get(text("request"));
    if (request !== undefined) Object.assign(request, { state, closed_by: actor });
  };
  const decided = (decision: string): void => {
    told.decisions.set(text("decision"), { request: text("request"), person: actor, owner: personKey(actor), decision, group_name: orNull("as"), comment: orNull("comment"), key_id: text("key"), envelope: canonicalJson(detail["envelope"] ?? null), imported_by: null });
  };
  switch (action) {
    case "registry.restored":
      // From an export without them they stayed behind.
      if (!Array.isArray(detail["companions"]) || !detail["companions"].includes(NAME)) for (const table of Object.values(told)) table.clear();
      break;
    case "person-key.added": case "server-key.added":
      told.person_keys.set(text("key"), { person: actor, owner: action === "server-key.added" ? null : personKey(actor), removed_by: null, imported_by: null });
      break;
    case "person-key.imported":
      told.person_keys.set(text("key"), { person: text("person"), owner: detail["server"] === true ? null : personKey(text("person")), removed_by: orNull("removedBy"), imported_by: actor });
      break;
    case "person-key.removed": case "server-key.removed":
      Object.assign(told.person_keys.get(text("key")) ?? {}, { removed_by: actor });
      break;
    case "request.opened":
      told.requests.set(text("request"), { model, version, digest: text("digest"), alias: text("alias"), from_version: orNull("from"), requested_by: actor, comment: text("comment"), state: "open", closed_by: null, imported_by: null, ...("expires" in detail ? { expires_at: detail["expires"] } : {}) });
      break;
    case "request.imported":
      told.requests.set(text("request"), {
        model, version, digest: text("digest"), alias: text("alias"), from_version: orNull("from"), requested_by: text("requestedBy"), comment: text("comment"), state: text("state"), expires_at: text("expires"),
        closed_by: orNull("closedBy"), imported_by: actor, origin_version: detail["originVersion"],
      });
      break;
    case "request.decision-imported":
      told.decisions.set(text("decision"), {
        request: text("request"), person: text("person"), owner: personKey(text("person")), decision: text("said"), group_name: orNull("as"), comment: orNull("comment"), key_id: text("key"),
        envelope: canonicalJson(detail["envelope"] ?? null), imported_by: actor,
      });
      break;
    case "request.comment-imported":
      told.comments.set(text("comment"), { request: text("request"), author: text("author"), body: text("text"), imported_by: actor });
      break;
    case "request.approved": return decided("approve");
    case "request.rejected":
      decided("reject");
      return closed("rejected");
    case "request.commented":
      told.comments.set(text("comment"), { request: text("request"), author: actor, body: text("text"), imported_by: null });
      break;
    case "request.withdrawn": return closed("withdrawn");
    case "request.expired": return closed("expired");
    case "request.promoted": case "alias.rolled-back": return closed("promoted");
    case "alias.overridden": return closed("overridden");
    default:
  }
}
