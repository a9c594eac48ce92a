// Writes a registry, or some of its models, to a folder or tar.

import { createHash } from "node:crypto";
import { MEDIA, REF_NAME, toJsonBytes } from "@slipway/core/package";
import { everyEntry, everyForeign, verifyEntries, type Actor, type AuditEntry } from "../../audit/index.ts";
import type { Database } from "../../database/index.ts";
import { parseManifest } from "../../oci/index.ts";
import { ATTACHMENT_COLUMNS, attachmentOf } from "../attachments.ts";
import type { RegistryContext } from "../context.ts";
import { registryError } from "../errors.ts";
import { versionTag } from "../package-store.ts";
import type { Alias, AliasMove, Attachment, Companion, ModelRecord, VersionRecord } from "../types.ts";
import { importedOf } from "../version-rows.ts";
import { createBundle, type BundleWriter } from "./bundle.ts";
import { FORMAT, FORMAT_VERSION, type Tables } from "./tables-json.ts";

export interface ExportReport {
  readonly models: number;
  readonly versions: number;
  readonly attachments: number;
  readonly bytes: number;
  /** "sha256:..." of registry.json: who is told it another way can see that nothing was changed on the way. */
  readonly digest: string;
}

const MAX_BLOB = 2 ** 31 - 1;

/** @param models their names; everything, the audit log included, where it is undefined. @throws registry-not-found, registry-export-exists, audit-broken */
export async function exportRegistry(context: RegistryContext, target: string, models: readonly string[] | undefined, actor: Actor): Promise<ExportReport> {
  const { tables, entries, history } = await context.database.transaction((tx) => readTables(tx, context.companions, models, actor));
  const writer = await createBundle(target);
  try {
    const report = await write(context, writer, tables, entries, history);
    await writer.finish();
    return report;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function write({ blobs }: RegistryContext, writer: BundleWriter, tables: Tables, entries: readonly AuditEntry[] | undefined, history: Uint8Array): Promise<ExportReport> {
  const written = new Set<string>();
  let bytes = 0;
  const put = async (digest: string, content: Uint8Array): Promise<void> => {
    if (written.has(digest)) return;
    written.add(digest);
    await writer.write(`blobs/${digest.replace(":", "/")}`, content);
    bytes += content.length;
  };
  const descriptors: object[] = [];
  const artifact = async (digest: string, annotations: Record<string, string> | undefined): Promise<void> => {
    const stored = await blobs.readManifest(digest);
    const parsed = parseManifest(stored.bytes, digest, stored.mediaType);
    for (const blob of parsed.blobs) if (!written.has(blob.digest)) await put(blob.digest, await blobs.readBlob(blob.digest, { maxBytes: MAX_BLOB, size: blob.size }));
    await put(digest, stored.bytes);
    descriptors.push({ mediaType: stored.mediaType, digest, size: stored.bytes.length, ...(annotations === undefined ? {} : { annotations }), ...(parsed.artifactType === undefined ? {} : { artifactType: parsed.artifactType }) });
  };
  const available = tables.versions.filter((v) => v.state === "available");
  for (const v of available) await artifact(v.digest, { [REF_NAME]: versionTag(v.model, v.version) });
  for (const digest of new Set(tables.attachments.map((a) => a.manifestDigest))) await artifact(digest, undefined);
  await writer.write("oci-layout", toJsonBytes({ imageLayoutVersion: "1.0.0" }));
  await writer.write("index.json", toJsonBytes({ schemaVersion: 2, mediaType: MEDIA.index, manifests: descriptors }));
  if (entries !== undefined) await writer.write("audit.jsonl", new TextEncoder().encode(entries.map((e) => `${JSON.stringify(e)}\n`).join("")));
  await writer.write("history.jsonl", history);
  const json = toJsonBytes({ format: FORMAT, formatVersion: FORMAT_VERSION, ...tables }, 1);
  await writer.write("registry.json", json);
  return { models: tables.models.length, versions: available.length, attachments: tables.attachments.length, bytes, digest: sha256(json) };
}

async function readTables(tx: Database, companions: readonly Companion[], models: readonly string[] | undefined, actor: Actor): Promise<{ tables: Tables; entries: AuditEntry[] | undefined; history: Uint8Array }> {
  const wanted = (model: string): boolean => models === undefined || models.includes(model);
  const all = await tx.query<ModelRecord>(
    'select name, description, created_at as "createdAt", created_by as "createdBy", updated_at as "updatedAt" from models order by name');
  const unknown = models?.find((name) => !all.some((m) => m.name === name));
  if (unknown !== undefined) throw registryError("registry-not-found", `the registry has no model ${JSON.stringify(unknown)}`, { hint: "slipway registry list shows the models." });
  const versions = await tx.query<Omit<VersionRecord, "imported"> & ImportedColumns>(`select model, version, digest, package_version as "packageVersion", state, created_at as "createdAt", created_by as "createdBy",
    source_name as "sourceName", source_digest as "sourceDigest", parent_version as "parent", training_data as "trainingData", commit_id as "commit", imported_at, imported_by from versions order by model, version`);
  const aliases = await tx.query<Alias>('select model, alias, version, revision, updated_at as "updatedAt", updated_by as "updatedBy" from aliases order by model, alias');
  const moves = await tx.query<AliasMove>('select model, alias, revision, version, previous, at, by_whom as "by" from alias_history order by model, alias, revision');
  const attachments = await tx.query<Parameters<typeof attachmentOf>[0]>(`select ${ATTACHMENT_COLUMNS} from attachments order by created_at, id`);
  let entries: AuditEntry[] | undefined;
  const history: string[] = [];
  const exportedAt = new Date().toISOString();
  if (models === undefined) {
    entries = [];
    for await (const entry of everyEntry(tx)) entries.push(entry);
  } else {
    for await (const entry of everyEntry(tx)) if (entry.model !== null && wanted(entry.model)) history.push(`${JSON.stringify({ export: null, importedAt: exportedAt, importedBy: actor.name, entry })}\n`);
  }
  for await (const foreign of everyForeign(tx)) if (models === undefined || (foreign.entry.model !== null && wanted(foreign.entry.model))) history.push(`${JSON.stringify(foreign)}\n`);
  const historyBytes = new TextEncoder().encode(history.join(""));
  const written: [string, unknown][] = [];
  for (const companion of companions) written.push([companion.name, await companion.write(tx, models)]);
  const tables: Tables = {
    exportedAt, exportedBy: actor.name,
    // A log that is broken is not handed on as if it were whole.
    audit: entries === undefined ? null : await verifyEntries(entries),
    history: { entries: history.length, digest: sha256(historyBytes) },
    models: all.filter((m) => wanted(m.name)), versions: versions.filter((v) => wanted(v.model)).map(({ imported_at, imported_by, ...v }) => ({ ...v, imported: importedOf({ imported_at, imported_by }) })), aliases: aliases.filter((a) => wanted(a.model)), moves: moves.filter((m) => wanted(m.model)),
    attachments: attachments.map(attachmentOf).filter((a: Attachment) => wanted(a.model)),
    companions: Object.fromEntries(written.filter(([, rows]) => rows !== undefined)),
  };
  return { tables, entries, history: historyBytes };
}

interface ImportedColumns {
  readonly imported_at: string | null;
  readonly imported_by: string | null;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
