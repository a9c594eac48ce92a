// What is known of a version, read inside the transaction that judges it.

import type { Database } from "../database/index.ts";
import type { Evidence } from "./policy.ts";

export interface VersionFacts {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly author: string;
}
interface AttachmentRow {
  readonly id: string;
  readonly digest: string;
  readonly created_at: string;
  readonly summary: string;
}
export interface Signature {
  /** The attachment's id. */
  readonly id: string;
  /** Of the blob. */
  readonly digest: string;
}
/** Whether a signature that is attached to a version is one by a trusted key over its package. */
export type VerifySignature = (version: VersionFacts, signature: Signature) => Promise<boolean>;

/** Undefined where there is no such version, or it was deleted. */
export async function versionFacts(tx: Database, model: string, version: number): Promise<VersionFacts | undefined> {
  const [row] = await tx.query<{ digest: string; created_by: string }>("select digest, created_by from versions where model = $1 and version = $2 and state = 'available'", [model, version]);
  return row === undefined ? undefined : { model, version, digest: row.digest, author: row.created_by };
}

export async function gateOf(tx: Database, { model, version }: Pick<VersionFacts, "model" | "version">): Promise<Evidence["gate"]> {
  const [report] = await attachments(tx, model, version, "gate-report", 1);
  if (report === undefined) return { state: "none", at: null };
  return { state: passed(report.summary) ? "green" : "red", at: report.created_at };
}

const MAX_SIGNATURES = 20;
const verified = new WeakMap<VerifySignature, Map<string, boolean>>();

/** Looks at the latest signatures; what was found once is remembered, as neither a blob nor the trusted keys change. */
export async function isSigned(tx: Database, version: VersionFacts, verify: VerifySignature): Promise<boolean> {
  let known = verified.get(verify);
  if (known === undefined) verified.set(verify, (known = new Map()));
  for (const { id, digest } of await attachments(tx, version.model, version.version, "signature", MAX_SIGNATURES)) {
    let good = known.get(id);
    if (good === undefined) known.set(id, (good = await verify(version, { id, digest })));
    if (good) return true;
  }
  return false;
}

/** The latest first. */
function attachments(tx: Database, model: string, version: number, kind: string, limit: number): Promise<AttachmentRow[]> {
  return tx.query<AttachmentRow>("select id, digest, created_at, summary from attachments where model = $1 and version = $2 and kind = $3 order by created_at desc, id desc limit $4", [model, version, kind, limit]);
}

function passed(summary: string): boolean {
  try {
    return (JSON.parse(summary) as { passed?: unknown } | null)?.passed === true;
  } catch {
    return false;
  }
}
