// A decision about a release as an in-toto statement: its subject is the package by its digest, its predicate says what was
// decided, by whom, for which alias, in answer to which request. Signed (signStatement) by the person's own key, or by the
// server that the person signed in to, which then says so in `via`.

import { JsonObject, type Fail } from "../package/json.ts";
import { signingError } from "./errors.ts";
import { makeStatement, type Statement } from "./statement.ts";

export const APPROVAL_PREDICATE = "urn:slipway:approval:v1";

export interface Approval {
  readonly decision: "approve" | "reject";
  /** The request's id. */
  readonly request: string;
  readonly model: string;
  readonly version: number;
  readonly alias: string;
  readonly person: string;
  /** For whom the person speaks here. */
  readonly group: string | null;
  readonly comment: string | null;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Where a server signed in the person's place: how the person had signed in there, and with which key or token. */
  readonly via: { readonly how: string; readonly credential: string } | null;
}

/** @param digest of the package, "sha256:..." */
export function makeApproval(digest: string, approval: Approval): Statement<Approval> {
  const { decision, request, model, version, alias, person, group, comment, time, via } = approval;
  return makeStatement([{ name: model, digest }], APPROVAL_PREDICATE, { decision, request, model, version, alias, person, group, comment, time, via });
}

const fail: Fail = (message, where) => signingError("statement-malformed", message, { where });

/** @throws statement-malformed, statement-mismatch where it is a statement of another kind */
export function readApproval(statement: Statement): Approval {
  if (statement.predicateType !== APPROVAL_PREDICATE) throw signingError("statement-mismatch", `the statement is a ${JSON.stringify(statement.predicateType.slice(0, 200))}, not a decision (${APPROVAL_PREDICATE})`);
  const predicate = new JsonObject(statement.predicate, "predicate", fail);
  const nullable = (key: string): string | null => (predicate.get(key) == null ? null : predicate.string(key));
  const via = predicate.get("via") == null ? null : predicate.object("via");
  const time = predicate.string("time");
  if (Number.isNaN(Date.parse(time))) throw fail("expected a time such as 2026-01-31T12:00:00Z", "predicate.time");
  return {
    decision: predicate.oneOf("decision", ["approve", "reject"]), request: predicate.string("request"), model: predicate.string("model"), version: predicate.count("version"),
    alias: predicate.string("alias"), person: predicate.string("person"), group: nullable("group"), comment: nullable("comment"), time,
    via: via === null ? null : { how: via.string("how"), credential: via.string("credential") },
  };
}
