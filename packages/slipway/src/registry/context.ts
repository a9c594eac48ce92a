// What every part of the registry works on.

import { appendAudit, type AuditEntry, type AuditEvent } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import type { Companion, Guard, Keeper } from "./types.ts";

export interface RegistryContext {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly guard: Guard | undefined;
  readonly keepers: readonly Keeper[];
  readonly companions: readonly Companion[];
  /** Told in the transaction of each act, for what must happen because of it and be kept with it. */
  readonly onAudit: ((entry: AuditEntry, tx: Database) => Promise<void>) | undefined;
}

/** The audit log's row of an act, in its transaction. */
export async function record(context: RegistryContext, tx: Database, event: AuditEvent): Promise<void> {
  const entry = await appendAudit(tx, event);
  await context.onAudit?.(entry, tx);
}
