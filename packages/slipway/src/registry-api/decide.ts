// A decision, and its envelope where other tools find it: attached to the version in the OCI store. Where the store is away
// the decision stands all the same: its envelope is in the database and in the audit log, and whoever decided is not told
// that it failed, as they could not decide again.

import type { Approvals, RequestDetails } from "../approvals/index.ts";
import type { Registry } from "../registry/index.ts";

/** Of a DSSE envelope in JSON. */
const ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";

/** @throws what Approvals.decide throws */
export async function decide({ registry, approvals, onError }: { readonly registry: Registry; readonly approvals: Approvals; readonly onError: (error: unknown) => void }, id: string, given: Parameters<Approvals["decide"]>[1]): Promise<RequestDetails> {
  const { model, version, alias } = await approvals.decide(id, given);
  const details = await approvals.get(id);
  const made = details.decisions.findLast((d) => d.person === given.actor.name)!;
  await registry.attach(model, version, {
    kind: "approval", mediaType: ENVELOPE_MEDIA_TYPE, bytes: new TextEncoder().encode(JSON.stringify(made.envelope)), title: `${made.decision}-${made.id}.json`, actor: given.actor,
    summary: { request: id, decision: made.decision, person: made.person, as: made.as, alias },
  }).catch(onError);
  return details;
}
