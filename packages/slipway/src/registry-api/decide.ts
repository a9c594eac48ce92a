// A decision, and its envelope where other tools find it. Where the store is away the decision stands all the same: its
// envelope is in the database and in the audit log, and is attached when the store is back.

import type { Approvals, RequestDetails } from "../approvals/index.ts";
import type { Registry } from "../registry/index.ts";

/** @throws what Approvals.decide throws */
export async function decide({ registry, approvals, onError }: { readonly registry: Registry; readonly approvals: Approvals; readonly onError: (error: unknown) => void }, id: string, given: Parameters<Approvals["decide"]>[1]): Promise<RequestDetails> {
  await approvals.decide(id, given);
  await registry.attachWaiting().catch(onError);
  return approvals.get(id);
}
