// Takes an export in.
//
// Into an empty registry everything comes back as it was, the audit log included. Into any other everything is put beside
// what is there: a version keeps its author, its time and, where that is free, its number, an alias is set where there is
// none and the guard agrees, and the audit log says who brought each, and what the other log told of it. Every byte is
// hashed before anything is kept; what the tables say is kept in one transaction.

import { createHash } from "node:crypto";
import { parseAudit, parseForeign, verifyEntries, type Actor, type AuditEntry, type ForeignEntry } from "../../audit/index.ts";
import { digestOf, parseManifest, type BlobStore } from "../../oci/index.ts";
import { moveAlias } from "../aliases.ts";
import { compareRows, compareTables, nothingTold, tell } from "../compare-tables.ts";
import { record, type RegistryContext } from "../context.ts";
import { registryError } from "../errors.ts";
import { factsOf, stillStored, tagVersion, type PackageFacts } from "../offer.ts";
import { loadPackage, storePackage } from "../package-store.ts";
import { openBundle, type BundleReader } from "./bundle.ts";
import { merge } from "./merge.ts";
import { isEmpty, restore } from "./restore.ts";
import { parseTables, type Tables } from "./tables-json.ts";

export interface ImportReport {
  /** Whether the registry was empty and is now what was exported. */
  readonly restored: boolean;
  readonly models: number;
  /** Those that were not there before. */
  readonly versions: number;
  readonly attachments: number;
  /** Where a version has another number here than in the export. */
  readonly renumbered: readonly { readonly model: string; readonly from: number; readonly to: number }[];
  /** Aliases that name here what they name in the export. */
  readonly aliases: number;
  /** Aliases that were not set, and why. */
  readonly skipped: readonly { readonly model: string; readonly alias: string; readonly why: string }[];
  /** Rows of companions that are new here, by their names. */
  readonly companions: Readonly<Record<string, number>>;
  /** Entries of the other log that are new here. */
  readonly history: number;
  /** What was left behind, and why. */
  readonly left: readonly string[];
}
export interface ImportOptions {
  readonly actor: Actor;
  /** What the export was told to have: of registry.json. */
  readonly digest?: string | undefined;
}

const MAX_TABLES = 256 << 20;
const MAX_MANIFEST = 4 << 20;
const MAX_BLOB = 2 ** 31 - 1;

/** @throws registry-export, audit-broken, package-* */
export async function importRegistry(context: RegistryContext, source: string, options: ImportOptions): Promise<ImportReport> {
  const bundle = await openBundle(source);
  try {
    return await take(context, bundle, options);
  } finally {
    await bundle.close();
  }
}

async function take(context: RegistryContext, bundle: BundleReader, { actor, digest }: ImportOptions): Promise<ImportReport> {
  const json = await bundle.read("registry.json", MAX_TABLES);
  if (json === undefined) throw registryError("registry-export", "there is no registry.json", { hint: "Give a folder or .tar that slipway registry export wrote." });
  const actual = `sha256:${createHash("sha256").update(json).digest("hex")}`;
  if (digest !== undefined && digest !== actual) throw registryError("registry-export", `the export is ${actual}, not ${digest}`, { where: "registry.json", hint: "It is another export, or was changed on the way: take nothing of it, and ask again for both." });
  const tables = parseTables(json);
  const entries = await readAudit(bundle, tables);
  const history = await readHistory(bundle, tables);
  compareExport(tables, entries ?? history.flatMap((row) => (row.export === null ? [row.entry] : [])));
  const reader = readerOf(bundle);
  const { database, blobs } = context;

  const versions = tables.versions.filter((v) => v.state === "available");
  const now = new Date().toISOString();
  await database.transaction(async (tx) => {
    for (const v of versions) await tx.query("insert into uploads (digest, model, started_at) values ($1, $2, $3) on conflict (digest) do update set started_at = excluded.started_at", [v.digest, v.model, now]);
  });
  const packages = new Map<string, PackageFacts>();
  for (const v of versions) {
    const pkg = await loadPackage(reader, v.digest, v.packageVersion);
    if (pkg.manifest.name !== v.model) throw registryError("registry-export", `the package of ${v.model}:${v.version} is called ${pkg.manifest.name}`, { where: "registry.json", hint: "It was changed after it was written: export again." });
    await storePackage(blobs, pkg);
    packages.set(v.digest, factsOf(pkg));
  }
  for (const a of tables.attachments) await storeAttachment(blobs, reader, a, tables);

  const empty = entries !== undefined && (await isEmpty(database));
  const report = await database.transaction(async (tx) => {
    for (const v of versions) await stillStored(blobs, v.model, v.digest);
    for (const v of versions) await tx.query("delete from uploads where digest = $1", [v.digest]);
    if (empty && (await isEmpty(tx))) {
      const own = history.find((row) => row.export === null);
      if (own !== undefined) throw registryError("registry-export", "entries of the log itself are in history.jsonl, and the log is there", { where: "history.jsonl", hint: "It was changed after it was written: export again." });
      const restored = await restore(tx, tables, entries, history as readonly ForeignEntry[], packages, context.companions);
      // Exports of earlier versions have no companions.
      const companions = context.companions.filter((c) => Object.hasOwn(tables.companions, c.name));
      const [problem] = await compareTables(tx, companions);
      if (problem !== undefined) throw registryError("registry-export", `registry.json does not fit audit.jsonl: ${problem.message}`, { where: problem.where, hint: "One of them was changed after it was written: export again. slipway registry verify looks at the registry that it came from." });
      await record(context, tx, { actor, action: "registry.restored", detail: { export: actual, entries: tables.audit!.entries, head: tables.audit!.head, companions: companions.map((c) => c.name) } });
      return { restored: true, versions: tables.versions.length, attachments: tables.attachments.length, renumbered: [], numbers: new Map<string, number>(), companions: restored, history: 0, left: [] };
    }
    return { restored: false, ...(await merge(context, tx, { tables, packages, entries: [...(entries ?? []), ...history.map((row) => row.entry)], digest: actual }, actor)) };
  });

  const { numbers, ...rest } = report;
  const skipped: { model: string; alias: string; why: string }[] = [];
  let aliases = 0;
  for (const v of versions) await tagVersion(context, v.model, numbers.get(`${v.model}:${v.version}`) ?? v.version, v.digest);
  for (const a of tables.aliases) {
    const version = numbers.get(`${a.model}:${a.version}`) ?? a.version;
    if ((await database.query("select alias from aliases where model = $1 and alias = $2 and version = $3", [a.model, a.alias, version])).length > 0) {
      aliases++;
      continue;
    }
    try {
      await moveAlias(context, a.model, a.alias, version, { actor, expected: null });
      aliases++;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === undefined) throw error;
      skipped.push({ model: a.model, alias: a.alias, why: message });
    }
  }
  const known = new Set(context.companions.map((c) => c.name));
  const strangers = Object.keys(tables.companions).filter((name) => !known.has(name)).map((name) => `the ${name} of the export, which this Slipway does not know`);
  return { ...rest, models: tables.models.length, aliases, skipped, left: [...rest.left, ...strangers] };
}

/** The tables of an export against what its own log tells of them. @throws registry-export */
function compareExport(tables: Tables, entries: readonly AuditEntry[]): void {
  // Exports of some models that earlier versions wrote have no log.
  if (entries.length === 0) return;
  const told = nothingTold();
  for (const entry of entries) tell(told, entry);
  const [problem] = compareRows(told, { ...tables, versions: tables.versions.map((v) => ({ ...v, author: v.createdBy })) });
  if (problem !== undefined) throw registryError("registry-export", `registry.json does not fit what the log tells: ${problem.message}`, { where: problem.where, hint: "One of them was changed after it was written: export again. slipway registry verify looks at the registry that it came from." });
}

async function readHistory(bundle: BundleReader, tables: Tables): Promise<ReturnType<typeof parseForeign>[]> {
  const bytes = (await bundle.read("history.jsonl", MAX_TABLES)) ?? new Uint8Array();
  const actual = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (actual !== tables.history.digest) throw registryError("registry-export", `history.jsonl is ${actual}; registry.json says ${tables.history.digest}`, { where: "history.jsonl", hint: "It was cut off or changed: copy the export again." });
  const rows = new TextDecoder().decode(bytes).split("\n").filter((line) => line !== "").map((line, i) => parseForeign(line, i + 1));
  if (new Set(rows.map((row) => row.entry.hash)).size !== rows.length) throw registryError("registry-export", "an entry is there twice", { where: "history.jsonl", hint: "It was changed after it was written: export again." });
  return rows;
}

async function readAudit(bundle: BundleReader, tables: Tables): Promise<AuditEntry[] | undefined> {
  if (tables.audit === null) return undefined;
  const bytes = await bundle.read("audit.jsonl", MAX_TABLES);
  if (bytes === undefined) throw registryError("registry-export", "there is no audit.jsonl", { hint: "Copy the export again." });
  const entries = [...parseAudit(new TextDecoder().decode(bytes))];
  const proof = await verifyEntries(entries);
  if (proof.head !== tables.audit.head || proof.entries !== tables.audit.entries) throw registryError("registry-export", `audit.jsonl has ${proof.entries} entries and ends with ${proof.head}; registry.json says ${tables.audit.entries} and ${tables.audit.head}`, { where: "audit.jsonl", hint: "It was cut off or changed: copy the export again." });
  return entries;
}

/** The export as a store to read from. */
function readerOf(bundle: BundleReader): Pick<BlobStore, "readManifest" | "readBlob"> {
  const blob = async (digest: string, maxBytes: number): Promise<Uint8Array> => {
    const bytes = await bundle.read(`blobs/${digest.replace(":", "/")}`, maxBytes);
    if (bytes === undefined) throw registryError("registry-export", `the blob ${digest} is missing`, { hint: "Copy the export again." });
    const actual = await digestOf(bytes);
    if (actual !== digest) throw registryError("registry-export", `the blob ${digest} has the digest ${actual}`, { hint: "It was damaged or changed. Copy the export again." });
    return bytes;
  };
  return {
    readBlob: (digest, { maxBytes }) => blob(digest, maxBytes),
    async readManifest(digest) {
      const bytes = await blob(digest, MAX_MANIFEST);
      return { bytes, digest, mediaType: parseManifest(bytes, digest).mediaType };
    },
  };
}

async function storeAttachment(blobs: BlobStore, reader: Pick<BlobStore, "readManifest" | "readBlob">, a: Tables["attachments"][number], tables: Tables): Promise<void> {
  const { bytes } = await reader.readManifest(a.manifestDigest);
  const manifest = parseManifest(bytes, a.manifestDigest);
  const owner = tables.versions.find((v) => v.model === a.model && v.version === a.version);
  if (owner === undefined || manifest.subject?.digest !== owner.digest || !manifest.blobs.some((b) => b.digest === a.digest)) {
    throw registryError("registry-export", `the attachment ${a.id} does not belong to ${a.model}:${a.version}`, { where: "registry.json", hint: "It was changed after it was written: export again." });
  }
  for (const blob of manifest.blobs) await blobs.writeBlob(await reader.readBlob(blob.digest, { maxBytes: MAX_BLOB, size: blob.size }));
  await blobs.writeManifest(bytes);
}
