// Public keys of people, by which their decisions are verified, and those of servers that sign for people who signed in.

import { readVerificationKey, type VerificationKey } from "@slipway/core/signing";
import { appendAudit, type Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { approvalError } from "./errors.ts";
import { personKey } from "./person.ts";

export interface PersonKey {
  /** SHA-256 of the SubjectPublicKeyInfo, in hex. */
  readonly id: string;
  readonly person: string;
  readonly label: string;
  readonly pem: string;
  readonly createdAt: string;
}
/** A key that may have signed a decision. */
export interface KnownKey {
  readonly id: string;
  /** personKey of its owner; null for a server's. */
  readonly owner: string | null;
  readonly removed: boolean;
  /** Registered in another registry, and not here. */
  readonly imported: boolean;
  readonly key: VerificationKey;
}

interface Row {
  readonly id: string;
  readonly owner: string | null;
  readonly person: string;
  readonly label: string;
  readonly pem: string;
  readonly created_at: string;
  readonly removed_at: string | null;
  readonly imported_by: string | null;
}
const COLUMNS = "id, owner, person, label, pem, created_at, removed_at, imported_by";
const MAX_KEYS = 20;
const MAX_PEM = 4096;
const MAX_LABEL = 200;

export async function keysOfPerson(database: Database, person: string): Promise<PersonKey[]> {
  const rows = await database.query<Row>(`select ${COLUMNS} from person_keys where owner = $1 and removed_at is null and imported_by is null order by created_at, id`, [personKey(person)]);
  return rows.map((r) => ({ id: r.id, person: r.person, label: r.label, pem: r.pem, createdAt: r.created_at }));
}

/** @param pem SubjectPublicKeyInfo on P-256, P-384 or P-521 @throws signing-key-malformed, signing-key-unsupported, person-key-exists, decision-invalid */
export async function addPersonKey(database: Database, actor: Actor, pem: unknown, label: unknown = ""): Promise<PersonKey> {
  if (typeof pem !== "string" || pem.length > MAX_PEM) throw approvalError("decision-invalid", "a public key is a text in PEM form", { where: "pem" });
  if (typeof label !== "string" || label.length > MAX_LABEL) throw approvalError("decision-invalid", `a key's label is a text of at most ${MAX_LABEL} characters`, { where: "label" });
  const key = await readVerificationKey(pem);
  const owner = personKey(actor.name);
  const created = new Date().toISOString();
  await database.transaction(async (tx) => {
    const [{ n }] = (await tx.query<{ n: number }>("select count(*) as n from person_keys where owner = $1 and removed_at is null and imported_by is null", [owner])) as [{ n: number }];
    if (Number(n) >= MAX_KEYS) throw approvalError("decision-invalid", `a person has at most ${MAX_KEYS} keys`, { hint: "Remove one first." });
    const [known] = await tx.query<Row>(`select ${COLUMNS} from person_keys where id = $1`, [key.id]);
    // One that came with an import is registered here by its owner.
    const own = known !== undefined && known.imported_by !== null && known.owner === owner && known.removed_at === null;
    if (known !== undefined && !own) throw approvalError("person-key-exists", `the key ${key.id.slice(0, 16)} is registered already, or was`);
    if (own) await tx.query("update person_keys set person = $2, label = $3, created_at = $4, created_by = $2, imported_at = null, imported_by = null where id = $1", [key.id, actor.name, label, created]);
    else await tx.query("insert into person_keys (id, owner, person, label, pem, created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7)", [key.id, owner, actor.name, label, key.pem, created, actor.name]);
    await appendAudit(tx, { actor, action: "person-key.added", detail: { key: key.id, person: actor.name, label } });
  });
  return { id: key.id, person: actor.name, label, pem: key.pem, createdAt: created };
}

/** What it has signed counts no longer in open requests. @param anyone an administrator takes away somebody else's, or a server's that others may have read @throws person-key-unknown */
export async function removePersonKey(database: Database, actor: Actor, id: string, anyone = false): Promise<void> {
  await database.transaction(async (tx) => {
    const [row] = await tx.query<Row>(`select ${COLUMNS} from person_keys where id = $1 and removed_at is null`, [id]);
    if (row === undefined || (!anyone && row.owner !== personKey(actor.name))) throw approvalError("person-key-unknown", `${actor.name} has no key ${JSON.stringify(id.slice(0, 64))}`);
    await tx.query("update person_keys set removed_at = $2, removed_by = $3 where id = $1", [id, new Date().toISOString(), actor.name]);
    await appendAudit(tx, { actor, action: row.owner === null ? "server-key.removed" : "person-key.removed", detail: { key: id, person: row.person } });
  });
}

/** A server's own key is known from then on. */
export async function addServerKey(database: Database, key: VerificationKey, name: string): Promise<void> {
  const find = async (at: Database): Promise<"unknown" | "known" | "imported"> => {
    const [row] = await at.query<Row>(`select ${COLUMNS} from person_keys where id = $1`, [key.id]);
    return row === undefined ? "unknown" : row.imported_by === null || row.removed_at !== null ? "known" : "imported";
  };
  if ((await find(database)) === "known") return;
  const actor: Actor = { name, roles: [], groups: [], how: "local" };
  await database.transaction(async (tx) => {
    const state = await find(tx);
    if (state === "known") return;
    // A server that has moved: it holds the private half.
    if (state === "imported") await tx.query("update person_keys set person = $2, created_at = $3, created_by = $2, imported_at = null, imported_by = null where id = $1", [key.id, name, new Date().toISOString()]);
    else await tx.query("insert into person_keys (id, owner, person, label, pem, created_at, created_by) values ($1, null, $2, '', $3, $4, $2)", [key.id, name, key.pem, new Date().toISOString()]);
    await appendAudit(tx, { actor, action: "server-key.added", detail: { key: key.id } });
  });
}

const read = new Map<string, Promise<VerificationKey>>();

/** Keys by their ids, also removed ones. */
export async function knownKeys(tx: Database, ids: readonly string[]): Promise<Map<string, KnownKey>> {
  const known = new Map<string, KnownKey>();
  for (const id of new Set(ids)) {
    const [row] = await tx.query<Row>(`select ${COLUMNS} from person_keys where id = $1`, [id]);
    if (row === undefined) continue;
    let key = read.get(row.pem);
    if (key === undefined) {
      if (read.size >= 1000) read.clear();
      read.set(row.pem, (key = readVerificationKey(row.pem)));
    }
    known.set(id, { id, owner: row.owner, removed: row.removed_at !== null, imported: row.imported_by !== null, key: await key });
  }
  return known;
}

/** Of everybody, for verifying elsewhere. `person` is null of a server's key; what only came with an import says by whom, and counts for nothing here. */
export async function allKeys(database: Database): Promise<{ readonly id: string; readonly person: string | null; readonly server: string | null; readonly label: string; readonly pem: string; readonly createdAt: string; readonly removedAt: string | null; readonly importedBy: string | null }[]> {
  const rows = await database.query<Row>(`select ${COLUMNS} from person_keys order by created_at, id limit 10000`);
  return rows.map((r) => ({ id: r.id, person: r.owner === null ? null : r.person, server: r.owner === null ? r.person : null, label: r.label, pem: r.pem, createdAt: r.created_at, removedAt: r.removed_at, importedBy: r.imported_by }));
}
