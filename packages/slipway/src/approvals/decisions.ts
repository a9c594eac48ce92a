// Decisions: the envelope that a person or the server signs, what of it is kept, and which of those kept still count.

import { makeApproval, parseEnvelope, readApproval, signStatement, verifyStatement, APPROVAL_PREDICATE, type Approval, type Envelope, type SigningKey } from "@slipway/core/signing";
import type { Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { approvalError } from "./errors.ts";
import { personKey, samePerson } from "./person.ts";
import { keysOfPerson, knownKeys } from "./person-keys.ts";
import type { Decision, ReleaseRequest } from "./request.ts";

/** How far the time in an envelope may be from the server's: clocks differ, and people think before they press. */
const CLOCK_MS = 15 * 60_000;

export interface GivenDecision {
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  readonly comment: string | null;
  readonly actor: Actor;
  /** The key or token that the person showed, for the statement that a server signs. */
  readonly credential: string;
  /** Signed by the person's own key; otherwise the server signs. */
  readonly envelope?: unknown;
}
export interface SignedDecision {
  readonly envelope: Envelope;
  readonly key: string;
}

/** The envelope to keep. @throws envelope-foreign, envelope-malformed, statement-malformed, statement-mismatch */
export async function signedDecision(database: Database, request: ReleaseRequest, given: GivenDecision, serverKey: () => Promise<SigningKey>, now: number): Promise<SignedDecision> {
  const { decision, as, comment, actor } = given;
  const approval: Approval = {
    decision, request: request.id, model: request.model, version: request.version, alias: request.alias, person: actor.name, group: as, comment,
    time: new Date(now).toISOString(), via: { how: actor.how, credential: given.credential },
  };
  if (given.envelope === undefined) {
    const key = await serverKey();
    return { envelope: await signStatement(makeApproval(request.digest, approval), [key]), key: key.publicKey.id };
  }
  const envelope = parseEnvelope(given.envelope);
  const owned = await keysOfPerson(database, actor.name);
  const known = await knownKeys(database, owned.map((k) => k.id));
  const keys = [...known.values()].filter((k) => !k.removed).map((k) => k.key);
  if (keys.length === 0) throw approvalError("envelope-foreign", `${actor.name} has registered no public key`, { hint: "Register it first: POST /api/v1/me/keys." });
  const { statement, keys: signers } = await verifyStatement(envelope, keys, { predicateType: APPROVAL_PREDICATE, digest: request.digest });
  const said = readApproval(statement);
  const differs = (["decision", "request", "model", "version", "alias", "group", "comment"] as const).find((field) => said[field] !== approval[field]);
  if (differs !== undefined) throw approvalError("envelope-foreign", `the envelope's ${differs} is ${JSON.stringify(said[differs])}, not ${JSON.stringify(approval[differs])}`, { where: `predicate.${differs}` });
  if (!samePerson(said.person, actor.name)) throw approvalError("envelope-foreign", `the envelope is ${said.person.slice(0, 100)}'s, and ${actor.name} sends it`, { where: "predicate.person" });
  if (said.via !== null) throw approvalError("envelope-foreign", "an envelope that a person signs says nothing of a server", { where: "predicate.via" });
  if (statement.subject.length !== 1) throw approvalError("envelope-foreign", "the envelope is about more than this package", { where: "subject" });
  if (Math.abs(Date.parse(said.time) - now) > CLOCK_MS) throw approvalError("envelope-foreign", `the envelope was signed at ${said.time}, and it is ${new Date(now).toISOString()} here`, { hint: "Sign again; check the clock." });
  return { envelope, key: signers[0]!.id };
}

interface Row {
  readonly id: string;
  readonly person: string;
  readonly owner: string;
  readonly decision: "approve" | "reject";
  readonly group_name: string | null;
  readonly comment: string | null;
  readonly envelope: string;
  readonly key_id: string;
  readonly created_at: string;
  readonly imported_by: string | null;
}

export async function keepDecision(tx: Database, id: string, request: ReleaseRequest, given: GivenDecision, signed: SignedDecision, time: string): Promise<void> {
  await tx.query("insert into decisions (id, request, person, owner, decision, group_name, comment, envelope, key_id, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", [
    id, request.id, given.actor.name, personKey(given.actor.name), given.decision, given.as, given.comment, JSON.stringify(signed.envelope), signed.key, time]);
}

/**
 * The decisions about a request, in their order. Every envelope is verified again, so that a row which somebody wrote or
 * changed by hand in the database does not count.
 */
export async function decisionsOf(tx: Database, request: ReleaseRequest): Promise<Decision[]> {
  const rows = await tx.query<Row>("select id, person, owner, decision, group_name, comment, envelope, key_id, created_at, imported_by from decisions where request = $1 order by id", [request.id]);
  const keys = await knownKeys(tx, rows.map((r) => r.key_id));
  const decisions: Decision[] = [];
  for (const [i, row] of rows.entries()) {
    const known = keys.get(row.key_id);
    const envelope = JSON.parse(row.envelope) as Envelope;
    const latest = !rows.slice(i + 1).some((later) => later.owner === row.owner);
    // What was decided in another registry moves no alias here.
    const sound = row.imported_by === null && known !== undefined && !known.removed && !known.imported && (known.owner === null || known.owner === row.owner) && (await says(envelope, known.key, request, row, known.owner === null));
    decisions.push({
      id: row.id, person: row.person, decision: row.decision, as: row.group_name, comment: row.comment, time: row.created_at,
      counts: latest && sound, signedBy: known?.owner == null ? "server" : "person", key: row.key_id, envelope, importedBy: row.imported_by,
    });
  }
  return decisions;
}

/** Whether an envelope that was kept says what its row does. */
export async function says(envelope: Envelope, key: Parameters<typeof verifyStatement>[1][number], request: ReleaseRequest, row: Pick<Row, "decision" | "group_name" | "owner">, server: boolean): Promise<boolean> {
  try {
    const said = readApproval((await verifyStatement(envelope, [key], { predicateType: APPROVAL_PREDICATE, digest: request.digest })).statement);
    return said.decision === row.decision && said.request === request.id && said.model === request.model && said.version === request.version && said.alias === request.alias &&
      said.group === row.group_name && personKey(said.person) === row.owner && (said.via !== null) === server;
  } catch {
    return false;
  }
}
