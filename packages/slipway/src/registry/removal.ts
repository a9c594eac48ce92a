// Removing versions, by hand or by a rule, and taking what is garbage.
//
// Removing marks the version's row, in one transaction that looks whether anything needs it; the row stays for ever, and so
// do its attachments, since they are what the audit log speaks of. The package's manifest is taken from the store
// afterwards, under the database's lock, so that it cannot be taken from somebody who offers it again at that moment.

import type { Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import { record, type RegistryContext } from "./context.ts";
import { registryError } from "./errors.ts";
import { tagVersion, touchModel } from "./offer.ts";

/** @throws registry-not-found, registry-version-removed, registry-in-use */
export async function markRemoved(context: RegistryContext, model: string, version: number, actor: Actor, why?: string): Promise<void> {
  await context.database.transaction(async (tx) => {
    const [row] = await tx.query<{ digest: string; state: string }>("select digest, state from versions where model = $1 and version = $2", [model, version]);
    if (row === undefined) throw registryError("registry-not-found", `there is no version ${model}:${version}`, { hint: `slipway registry versions ${model} lists them.` });
    if (row.state !== "available") throw registryError("registry-version-removed", `${model}:${version} was removed already`);
    const need = await needOf(context, tx, model, version);
    if (need !== undefined) throw registryError("registry-in-use", `${model}:${version} cannot be removed: ${need}`, {
      hint: need.startsWith("@") ? `Move the alias first: slipway registry alias ${model} shows what it names.` : "Let that end first: promote, reject or take back the request, or end the rollout.", data: { model, version } });
    await tx.query("update versions set state = 'deleted' where model = $1 and version = $2", [model, version]);
    await touchModel(tx, model, new Date().toISOString());
    await record(context, tx, { actor, action: "version.removed", model, version, detail: { digest: row.digest, ...(why === undefined ? {} : { why }) } });
  });
}

/** What needs a version, in words; undefined where nothing does. */
export async function needOf(context: RegistryContext, tx: Database, model: string, version: number): Promise<string | undefined> {
  const aliases = await tx.query<{ alias: string }>("select alias from aliases where model = $1 and version = $2 order by alias", [model, version]);
  if (aliases.length > 0) return `@${aliases.map((a) => a.alias).join(", @")} name${aliases.length === 1 ? "s" : ""} it`;
  const [hold] = await tx.query<{ holder: string }>("select holder from holds where model = $1 and version = $2 order by holder limit 1", [model, version]);
  if (hold !== undefined) return `${hold.holder} needs it`;
  for (const keeper of context.keepers) {
    const need = await keeper(tx, model, version);
    if (need !== undefined) return need;
  }
  return undefined;
}

/** Keeps a version from being removed until the same holder releases it. On a transaction it is part of that. */
export async function holdVersion(database: Database, model: string, version: number, holder: string): Promise<void> {
  await database.transaction(async (tx) => {
    const [row] = await tx.query<{ state: string }>("select state from versions where model = $1 and version = $2", [model, version]);
    if (row?.state !== "available") throw registryError("registry-not-found", `there is no version ${model}:${version}, or it was removed`);
    await tx.query("insert into holds (model, version, holder, at) values ($1, $2, $3, $4) on conflict (model, version, holder) do nothing", [model, version, holder, new Date().toISOString()]);
  });
}
export async function releaseVersion(database: Database, model: string, version: number, holder: string): Promise<void> {
  await database.query("delete from holds where model = $1 and version = $2 and holder = $3", [model, version, holder]);
}

export interface RetentionPolicy {
  /** How many of a model's newest versions are kept in any case; one at least. */
  readonly keep: number;
  /** Milliseconds: younger ones are kept as well. */
  readonly olderThanMs?: number | undefined;
  /** One model; all by default. */
  readonly model?: string | undefined;
  readonly actor: Actor;
  /** Only tells what would be removed. */
  readonly dryRun?: boolean | undefined;
}
export interface Retained {
  readonly removed: readonly { readonly model: string; readonly version: number }[];
  /** Those that the rule would have taken, and what needs them. */
  readonly kept: readonly { readonly model: string; readonly version: number; readonly why: string }[];
}

/** Removes versions by a rule. What an alias names, or named before its last move (the way back), is kept. @throws registry-policy */
export async function retainVersions(context: RegistryContext, { keep, olderThanMs = 0, model, actor, dryRun = false }: RetentionPolicy): Promise<Retained> {
  if (!Number.isInteger(keep) || keep < 1) throw registryError("registry-policy", `at least one version of a model is kept, found ${keep}`);
  const before = new Date(Date.now() - olderThanMs).toISOString();
  const rows = await context.database.query<{ model: string; version: number }>(`select model, version from (
      select model, version, created_at, row_number() over (partition by model order by version desc) as place from versions where state = 'available'
    ) as ranked where place > $1 and created_at <= $2${model === undefined ? "" : " and model = $3"} order by model, version`, [keep, before, ...(model === undefined ? [] : [model])]);
  const removed: { model: string; version: number }[] = [];
  const kept: { model: string; version: number; why: string }[] = [];
  for (const row of rows) {
    const why = (await wayBack(context.database, row.model, row.version)) ?? (await needOf(context, context.database, row.model, row.version));
    if (why !== undefined) {
      kept.push({ ...row, why });
      continue;
    }
    if (!dryRun) {
      try {
        await markRemoved(context, row.model, row.version, actor, `beyond the newest ${keep}`);
      } catch (error) {
        // Somebody needed or removed it since the look above.
        const { code, message } = error as { code?: string; message: string };
        if (code !== "registry-in-use" && code !== "registry-version-removed") throw error;
        kept.push({ ...row, why: message });
        continue;
      }
    }
    removed.push(row);
  }
  return { removed, kept };
}

async function wayBack(database: Database, model: string, version: number): Promise<string | undefined> {
  const [row] = await database.query<{ alias: string }>(`select a.alias from aliases a join alias_history h on h.model = a.model and h.alias = a.alias and h.revision = a.revision
    where a.model = $1 and h.previous = $2 order by a.alias limit 1`, [model, version]);
  return row === undefined ? undefined : `@${row.alias} named it before its last move`;
}

export interface GarbageReport {
  /** Manifests of removed versions and of uploads that were broken off. */
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** Takes what no version names. `graceMs`: what was begun more recently is left, since it may be about to become a version. */
export async function collectGarbage(context: RegistryContext, graceMs: number): Promise<GarbageReport> {
  const { database, blobs } = context;
  const before = new Date(Date.now() - graceMs).toISOString();
  let manifests = 0;
  const removed = await database.query<{ digest: string }>("select distinct digest from versions where state = 'deleted'");
  const uploads = await database.query<{ digest: string }>("select digest from uploads where started_at <= $1", [before]);
  for (const digest of new Set([...removed, ...uploads].map((r) => r.digest))) {
    if ((await blobs.resolve(digest)) === undefined && !uploads.some((u) => u.digest === digest)) continue;
    if (await takeManifest(context, digest, before)) manifests++;
  }
  // Tags by number that a killed process did not come to set.
  for (const row of await database.query<{ model: string; version: number; digest: string }>("select model, version, digest from versions where state = 'available' order by model, version")) {
    await tagVersion(context, row.model, row.version, row.digest);
  }
  const taken = await blobs.collectGarbage({ graceMs });
  return { manifests, ...taken };
}

/** Takes one manifest, unless somebody needs it or is about to; whether it was there. */
export async function takeManifest({ database, blobs }: RegistryContext, digest: string, before: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    const needed = await tx.query("select digest from versions where digest = $1 and state = 'available'", [digest]);
    const [upload] = await tx.query<{ started_at: string }>("select started_at from uploads where digest = $1", [digest]);
    if (upload !== undefined && upload.started_at > before) return false;
    const found = needed.length === 0 && (await blobs.resolve(digest)) !== undefined && (await removeIfPossible(blobs, digest));
    if (upload !== undefined) await tx.query("delete from uploads where digest = $1", [digest]);
    return found;
  });
}

/** Many registries do not let manifests be deleted; then it stays there, and is no version all the same. */
async function removeIfPossible(blobs: BlobStore, digest: string): Promise<boolean> {
  try {
    return await blobs.removeManifest(digest);
  } catch (error) {
    if ((error as { code?: string }).code === "oci-unsupported") return false;
    throw error;
  }
}
