// A package becomes a version: what is stored first, and what one transaction then says of it.
//
// The order survives being killed at any point. An upload is announced in the table of uploads, so that nobody takes it
// for garbage; blobs and manifest are stored, which can be repeated; one transaction makes the version, its row of the
// audit log, and ends the announcement. What was broken off is in `uploads` and in no version.

import { signatureToJson, type ModelPackage } from "@slipway/core/package";
import type { Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { ociError, type BlobStore } from "../oci/index.ts";
import { record, type RegistryContext } from "./context.ts";
import { registryError } from "./errors.ts";
import { patiently, storePackage, versionTag } from "./package-store.ts";
import type { Lineage, VersionRecord } from "./types.ts";
import { VERSION_COLUMNS } from "./version-rows.ts";

const MAX_TEXT = 2000;

/** The version's number: a new one, or the one that this package has already. @throws registry-lineage and what the store throws */
export async function offerPackage(context: RegistryContext, pkg: ModelPackage, { actor, lineage = {} }: { readonly actor: Actor; readonly lineage?: Lineage | undefined }): Promise<number> {
  const { database, blobs } = context;
  const model = pkg.manifest.name;
  checkLineage(lineage);
  const version = await patiently("oci-incomplete", async () => {
    const known = await database.transaction(async (tx) => {
      await checkParent(tx, model, lineage.parent);
      const [row] = await tx.query<{ version: number }>("select version from versions where model = $1 and digest = $2 and state = 'available'", [model, pkg.digest]);
      await tx.query("insert into uploads (digest, model, started_at) values ($1, $2, $3) on conflict (digest) do update set started_at = excluded.started_at", [pkg.digest, model, new Date().toISOString()]);
      return row?.version;
    });
    // A store that lost the manifest gets everything again.
    if (known === undefined || (await blobs.resolve(pkg.digest)) === undefined) await storePackage(blobs, pkg);
    return database.transaction(async (tx) => {
      await stillStored(blobs, model, pkg.digest);
      return enter(context, tx, pkg, actor, lineage);
    });
  });
  await tagVersion(context, model, version, pkg.digest);
  return version;
}

/**
 * Under the database's lock, before a version is made. Who offers the same package at that moment ends the announcement for
 * both, and then somebody may have removed it. @throws oci-incomplete
 */
export async function stillStored(blobs: BlobStore, model: string, digest: string): Promise<void> {
  if ((await blobs.resolve(digest)) === undefined) throw ociError("oci-incomplete", `the package ${digest} was removed while it was offered`, { where: model, hint: "Offer it again." });
}

/** A convenience for other tools, set again by `collectGarbage` where it is missing: never a reason to fail. */
export async function tagVersion({ blobs }: RegistryContext, model: string, version: number, digest: string): Promise<void> {
  const tag = versionTag(model, version);
  try {
    if ((await blobs.resolve(tag)) !== digest) await blobs.tag(tag, digest);
  } catch {
    // The version stands without it.
  }
}

async function enter(context: RegistryContext, tx: Database, pkg: ModelPackage, actor: Actor, lineage: Lineage): Promise<number> {
  const model = pkg.manifest.name;
  await tx.query("delete from uploads where digest = $1", [pkg.digest]);
  const [old] = await tx.query<{ version: number; state: string }>("select version, state from versions where model = $1 and digest = $2", [model, pkg.digest]);
  if (old?.state === "available") return old.version;
  const now = new Date().toISOString();
  if (old !== undefined) {
    await tx.query("update versions set state = 'available' where model = $1 and version = $2", [model, old.version]);
    await touchModel(tx, model, now);
    await record(context, tx, { actor, action: "version.restored", model, version: old.version, detail: { digest: pkg.digest } });
    return old.version;
  }
  await tx.query("insert into models (name, description, created_at, created_by, updated_at) values ($1, $2, $3, $4, $3) on conflict (name) do nothing", [model, pkg.manifest.description ?? "", now, actor.name]);
  const [{ next }] = (await tx.query<{ next: number }>("select coalesce(max(version), 0) + 1 as next from versions where model = $1", [model])) as [{ next: number }];
  const parent = lineage.parent ?? (await parentByDigest(tx, model, pkg.manifest.lineage));
  const { source } = pkg.manifest;
  await insertVersion(tx, {
    model, version: next, digest: pkg.digest, packageVersion: pkg.manifest.version, state: "available", createdAt: now, createdBy: actor.name, sourceName: source.file,
    sourceDigest: `sha256:${source.sha256}`, parent, trainingData: lineage.trainingData ?? null, commit: lineage.commit ?? null, imported: null, pkg: factsOf(pkg),
  });
  await touchModel(tx, model, now);
  if (pkg.manifest.description !== undefined) await tx.query("update models set description = $2 where name = $1", [model, pkg.manifest.description]);
  await record(context, tx, {
    actor, action: "version.offered", model, version: next,
    detail: { digest: pkg.digest, packageVersion: pkg.manifest.version, source: `sha256:${pkg.manifest.source.sha256}`, parent, trainingData: lineage.trainingData ?? null, commit: lineage.commit ?? null },
  });
  return next;
}

/** Of a package, what its version's row tells. */
export type PackageFacts = Pick<ModelPackage, "manifest" | "signature" | "card" | "digest"> & { readonly size: number };

export interface NewVersion extends VersionRecord {
  /** Undefined for a version that was removed, where it is gone. */
  readonly pkg: PackageFacts | undefined;
}

export function factsOf(pkg: ModelPackage): PackageFacts {
  const { manifest, signature, card, digest } = pkg;
  return { manifest, signature, card, digest, size: [...pkg.blobs.values()].reduce((sum, bytes) => sum + bytes.length, 0) };
}

export async function insertVersion(tx: Database, v: NewVersion): Promise<void> {
  const manifest = v.pkg?.manifest;
  const source = manifest?.source;
  const search = [
    v.model, v.packageVersion, manifest?.description, v.createdBy, ...(manifest?.authors ?? []), ...Object.entries(source?.producer ?? {}).flat(), source?.format, source?.rootClass,
    v.sourceName, v.sourceDigest, v.digest, v.trainingData, v.commit,
  ].filter((text) => text !== undefined && text !== null && text !== "").join(" ").toLowerCase();
  const values = [
    v.model, v.version, v.digest, v.packageVersion, v.createdAt, v.createdBy, v.pkg?.size ?? 0, manifest?.description ?? "", JSON.stringify(manifest?.authors ?? []), source?.format ?? "",
    source?.rootClass ?? "", JSON.stringify(source?.producer ?? {}), v.sourceName, v.sourceDigest, v.parent, v.trainingData, v.commit,
    v.pkg === undefined ? "null" : JSON.stringify(signatureToJson(v.pkg.signature)), v.pkg?.card ?? "", search, v.state, v.imported?.at ?? null, v.imported?.by ?? null,
  ];
  await tx.query(`insert into versions (${VERSION_COLUMNS}) values (${values.map((_, i) => `$${i + 1}`).join(", ")})`, values);
}

export async function touchModel(tx: Database, model: string, at: string): Promise<void> {
  await tx.query("update models set updated_at = $2 where name = $1", [model, at]);
}

async function parentByDigest(tx: Database, model: string, digests: readonly string[]): Promise<number | null> {
  for (const digest of digests) {
    const [row] = await tx.query<{ version: number }>("select version from versions where model = $1 and digest = $2", [model, digest]);
    if (row !== undefined) return row.version;
  }
  return null;
}

async function checkParent(tx: Database, model: string, parent: number | undefined): Promise<void> {
  if (parent === undefined) return;
  const found = await tx.query("select version from versions where model = $1 and version = $2", [model, parent]);
  if (found.length === 0) throw registryError("registry-lineage", `the parent ${model}:${parent} is no version of ${model}`, { hint: `slipway registry versions ${model} lists them.` });
}

function checkLineage({ trainingData, commit }: Lineage): void {
  for (const [name, text] of [["training data", trainingData], ["commit", commit]] as const) {
    if (text !== undefined && (text.length > MAX_TEXT || text === "")) throw registryError("registry-lineage", `the ${name} must have 1 to ${MAX_TEXT} characters, found ${text.length}`);
  }
}
