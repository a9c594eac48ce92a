// A decision as a signed envelope: an in-toto statement about the package's digest, signed by the person's key in this
// browser. What it says is fixed by the server's approvals (docs/approvals.md).

import { makeStatement, signStatement, type Envelope, type SigningKey } from "@slipway/core/signing";
import type { ApprovalRequest } from "../api/types.ts";

export const DECISION_TYPE = "https://slipway.dev/decision/v1";

export interface DecisionFields {
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  readonly comment: string | null;
  readonly person: string;
}

export async function signDecision(request: ApprovalRequest, fields: DecisionFields, key: SigningKey): Promise<Envelope> {
  const { decision, as, comment, person } = fields;
  const predicate = { decision, model: request.model, version: request.version, alias: request.alias, request: request.id, person, group: as, comment, time: new Date().toISOString() };
  return await signStatement(makeStatement([{ name: `${request.model}:${request.version}`, digest: request.digest }], DECISION_TYPE, predicate), [key]);
}
