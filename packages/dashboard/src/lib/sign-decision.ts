// A decision as an envelope that the person's key in this browser signs, about the package's digest.

import { makeApproval, signStatement, type Envelope, type SigningKey } from "@slipway/core/signing";
import type { ReleaseRequest } from "../api/types.ts";

export interface DecisionFields {
  readonly decision: "approve" | "reject";
  readonly as: string | null;
  readonly comment: string | null;
  readonly person: string;
}

export async function signDecision(request: ReleaseRequest, fields: DecisionFields, key: SigningKey): Promise<Envelope> {
  const { decision, as: group, comment, person } = fields;
  const { id, model, version, alias, digest } = request;
  return await signStatement(makeApproval(digest, { decision, request: id, model, version, alias, person, group, comment, time: new Date().toISOString(), via: null }), [key]);
}
