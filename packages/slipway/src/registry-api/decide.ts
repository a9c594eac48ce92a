// A decision, and its envelope where other tools find it: attached to the version in the OCI store.

import type { Approvals, RequestDetails } from "../approvals/index.ts";
import type { Registry } from "../registry/index.ts";

/** Of a DSSE envelope in JSON. */
const ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";

/** @throws what Approvals.decide throws */
export async function decide({ registry, approvals }: { readonly registry: Registry; readonly approvals: Approvals }, id: string, given: Parameters<Approvals["decide"]>[1]): Promise<RequestDetails> {
  const { model, version, alias } = await approvals.decide(id, given);
  const details = await approvals.get(id);
  const made = details.decisions.findLast((d) => d.person === given.actor.name)!;
  await registry.attach(model, version, {
    kind: "approval", mediaType: ENVELOPE_MEDIA_TYPE, bytes: new TextEncoder().encode(JSON.stringify(made.envelope)), title: `${made.decision}-${made.id}.json`, actor: given.actor,
    summary: { request: id, decision: made.decision, person: made.person, as: made.as, alias },
  });
  return details;
}
