// Requests of another registry beside those that are here. Everything comes along as it was, marked with who brought it, and
// an open request stays open; but an alias moves here by what is decided here, so decisions made elsewhere do not count, and
// keys registered elsewhere are not trusted. Every envelope is verified with the keys of the export before it is kept.

import type { Fail } from "@slipway/core/package";
import { parseEnvelope, readVerificationKey, type Envelope } from "@slipway/core/signing";
import type { Actor, AuditEvent } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { insertRow, NAME, type Row, type Rows, type Table } from "./companion-rows.ts";
import { says } from "./decisions.ts";
import { requestOf } from "./request.ts";

export interface MergeInto {
  readonly actor: Actor;
  readonly at: string;
  readonly export: string;
  numberOf(model: string, version: number): number | undefined;
  record(event: AuditEvent): Promise<void>;
}
export interface Merged {
  readonly taken: number;
  readonly left: readonly string[];
}

const STATES: readonly unknown[] = ["open", "promoted", "rejected", "withdrawn", "expired", "overridden"];

export async function mergeApprovals(tx: Database, rows: Rows, into: MergeInto, fail: Fail): Promise<Merged> {
  const { actor } = into;
  const mark = { imported_at: into.at, imported_by: actor.name };
  const left: string[] = [];
  let taken = 0;
  const here = async (table: Table, row: Row): Promise<Row | undefined> => (await tx.query<Row>(`select * from ${table} where id = $1`, [row["id"]!]))[0];

  for (const row of rows.person_keys) {
    if ((await here("person_keys", row)) !== undefined) continue;
    const key = await readVerificationKey(String(row["pem"])).catch(() => undefined);
    if (key?.id !== row["id"]) throw fail(`the key ${String(row["id"])} is another key`, `${NAME}.person_keys`);
    await insertRow(tx, "person_keys", { ...row, ...mark });
    await into.record({ actor, action: "person-key.imported", detail: { key: row["id"], person: row["person"], server: row["owner"] === null, removedBy: row["removed_by"], export: into.export } });
    taken++;
  }

  /** Requests that are here now, with their numbers here. */
  const come = new Map<string, { readonly model: string; readonly version: number; readonly row: Row }>();
  for (const row of rows.requests) {
    const [id, model, alias] = [String(row["id"]), String(row["model"]), String(row["alias"])];
    if (!STATES.includes(row["state"])) throw fail(`the request ${id} has the state ${JSON.stringify(row["state"])}`, `${NAME}.requests`);
    const version = into.numberOf(model, Number(row["version"]));
    if (version === undefined) {
      left.push(`the request ${id} for ${model}:${String(row["version"])} as ${alias}, whose version did not come along`);
      continue;
    }
    const [named] = await tx.query<{ digest: string }>("select digest from versions where model = $1 and version = $2", [model, version]);
    // What is approved here would be another package than the one that the alias then names.
    if (named?.digest !== row["digest"]) throw fail(`the request ${id} is for ${String(row["digest"])}, and ${model}:${String(row["version"])} is ${named?.digest ?? "not there"}`, `${NAME}.requests`);
    const known = await here("requests", row);
    const closedThere = known !== undefined && known["imported_by"] !== null && known["state"] === "open" && row["state"] !== "open";
    if (known === undefined || closedThere) {
      const open = "select id from requests where model = $1 and alias = $2 and version = $3 and state = 'open'";
      if (row["state"] === "open" && (await tx.query(open, [model, alias, version])).length > 0) {
        left.push(`the request ${id} for ${model}:${version} as ${alias}: the same is asked for here`);
        continue;
      }
      const origin = row["origin_version"] ?? row["version"]!;
      // Never later than now, whatever the other clock says: what is closed after its import was closed here.
      const closed = row["closed_at"] === null || row["closed_at"]! < into.at ? row["closed_at"]! : into.at;
      if (known === undefined) await insertRow(tx, "requests", { ...row, version, origin_version: origin, closed_at: closed, ...mark });
      else await tx.query("update requests set state = $2, closed_at = $3, closed_by = $4, expires_at = $5, imported_at = $6, imported_by = $7 where id = $1", [id, row["state"]!, closed, row["closed_by"]!, row["expires_at"]!, into.at, actor.name]);
      await into.record({
        actor, action: "request.imported", model, version,
        detail: {
          request: id, alias, digest: row["digest"], from: row["from_version"], state: row["state"], requestedBy: row["requested_by"], comment: row["comment"], created: row["created_at"], expires: row["expires_at"],
          closed, closedBy: row["closed_by"], originVersion: known?.["origin_version"] ?? origin, export: into.export,
        },
      });
      taken++;
    }
    come.set(id, { model, version, row });
  }

  const keys = new Map(rows.person_keys.map((k) => [k["id"], k]));
  for (const row of rows.decisions) {
    const request = come.get(String(row["request"]));
    if (request === undefined || (await here("decisions", row)) !== undefined) continue;
    const envelope = await sound(row, request.row, keys.get(row["key_id"]!), fail);
    await insertRow(tx, "decisions", { ...row, ...mark });
    await into.record({
      actor, action: "request.decision-imported", model: request.model, version: request.version,
      detail: { request: row["request"], decision: row["id"], person: row["person"], said: row["decision"], as: row["group_name"], comment: row["comment"], key: row["key_id"], envelope, time: row["created_at"], export: into.export },
    });
    taken++;
  }
  for (const row of rows.comments) {
    const request = come.get(String(row["request"]));
    if (request === undefined || (await here("comments", row)) !== undefined) continue;
    await insertRow(tx, "comments", { ...row, ...mark });
    await into.record({ actor, action: "request.comment-imported", model: request.model, version: request.version, detail: { request: row["request"], comment: row["id"], author: row["author"], text: row["body"], time: row["created_at"], export: into.export } });
    taken++;
  }
  return { taken, left };
}

/** The envelope of a decision that says what its row does, by the key that the row names. */
async function sound(row: Row, request: Row, key: Row | undefined, fail: Fail): Promise<Envelope> {
  const wrong = (why: string): Error => fail(`the decision ${String(row["id"])} ${why}`, `${NAME}.decisions`);
  if (key === undefined) throw wrong(`names the key ${String(row["key_id"])}, which is not there`);
  let envelope: Envelope;
  try {
    envelope = parseEnvelope(JSON.parse(String(row["envelope"])));
  } catch {
    throw wrong("has no envelope");
  }
  const public_ = await readVerificationKey(String(key["pem"]));
  const asked = requestOf(request);
  // An envelope that came from a third registry says the number that the version had there.
  for (const version of new Set([asked.version, Number(request["origin_version"] ?? asked.version)])) {
    if (await says(envelope, public_, { ...asked, version }, row as unknown as Parameters<typeof says>[3], key["owner"] === null)) return envelope;
  }
  throw wrong("has an envelope that does not say what its row does");
}
