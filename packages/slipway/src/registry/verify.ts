// Whether a registry is whole: the audit log, the tables against it, and every blob against its digest.

import { verifyAudit, type AuditProof } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { parseManifest } from "../oci/index.ts";
import { compareTables } from "./compare-tables.ts";
import type { RegistryContext } from "./context.ts";
import { loadPackage } from "./package-store.ts";
import { waitingOf } from "./outbox.ts";
import type { Problem, Waiting } from "./types.ts";

export interface VerifyReport {
  readonly models: number;
  /** Those that were not removed. */
  readonly versions: number;
  readonly attachments: number;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  /** Null where the audit log itself is broken. */
  readonly audit: AuditProof | null;
  readonly problems: readonly Problem[];
  /** What is to be attached and is not in the store yet, as that was away; it is tried again by itself. */
  readonly waiting: readonly Waiting[];
}
export interface VerifyRegistryOptions {
  /** A hash that must be in the audit log: the head of an earlier report. */
  readonly head?: string | undefined;
  /** Told of each version before its blobs are read. */
  readonly onVersion?: ((where: string) => void) | undefined;
}

interface VersionFacts {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly package_version: string;
  readonly source_digest: string;
}
interface AttachmentFacts {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly manifest_digest: string;
  readonly size: number;
}

const MAX_BLOB = 2 ** 31 - 1;

/** Finds every problem rather than the first; throws only where the store cannot be asked. */
export async function verifyRegistry(context: RegistryContext, { head, onVersion }: VerifyRegistryOptions = {}): Promise<VerifyReport> {
  const { database } = context;
  const problems: Problem[] = [];
  let audit: AuditProof | null = null;
  try {
    audit = await verifyAudit(database, { head });
  } catch (error) {
    const { code, where, message } = error as { code?: string; where?: string; message: string };
    if (code !== "audit-broken") throw error;
    problems.push({ where: where ?? "audit", message });
  }
  problems.push(...(await database.transaction((tx) => compareTables(tx, context.companions))));
  const versions = await database.query<VersionFacts>("select model, version, digest, package_version, source_digest from versions where state = 'available' order by model, version");
  const attachments = await database.query<AttachmentFacts>("select id, model, version, digest, manifest_digest, size from attachments order by id");
  let bytes = 0;
  for (const v of versions) {
    const where = `${v.model}:${v.version}`;
    onVersion?.(where);
    try {
      bytes += await checkPackage(context, v);
    } catch (error) {
      if (await stillThere(database, v)) problems.push({ where, message: told(error) });
    }
  }
  const seen = new Set<string>();
  for (const a of attachments) {
    if (seen.has(`${a.manifest_digest} ${a.digest}`)) continue;
    seen.add(`${a.manifest_digest} ${a.digest}`);
    try {
      bytes += await checkAttachment(context, a);
    } catch (error) {
      problems.push({ where: `${a.model}:${a.version}, attachment ${a.id}`, message: told(error) });
    }
  }
  const [{ models }] = (await database.query<{ models: number }>("select count(*) as models from models")) as [{ models: number }];
  return { models, versions: versions.length, attachments: attachments.length, bytes, audit, problems, waiting: await waitingOf(database) };
}

async function checkPackage({ blobs }: RegistryContext, v: VersionFacts): Promise<number> {
  const pkg = await loadPackage(blobs, v.digest, v.package_version);
  const { name, version, source } = pkg.manifest;
  for (const [what, row, own] of [["model", v.model, name], ["package's version", v.package_version, version], ["source", v.source_digest, `sha256:${source.sha256}`]] as const) {
    if (row !== own) throw new Error(`its row says that the ${what} is ${row}, its package ${own}`);
  }
  return [...pkg.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
}

async function checkAttachment({ blobs }: RegistryContext, a: AttachmentFacts): Promise<number> {
  const manifest = parseManifest((await blobs.readManifest(a.manifest_digest)).bytes, a.manifest_digest);
  if (!manifest.blobs.some((b) => b.digest === a.digest)) throw new Error(`its manifest does not name ${a.digest}`);
  return (await blobs.readBlob(a.digest, { maxBytes: MAX_BLOB, size: a.size })).length;
}

async function stillThere(database: Database, { model, version }: VersionFacts): Promise<boolean> {
  const [row] = await database.query<{ state: string }>("select state from versions where model = $1 and version = $2", [model, version]);
  return row?.state === "available";
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
