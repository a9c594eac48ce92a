// The registry: models and their versions, over a database and an OCI store.

import { readSlip, writeSlip, type ModelPackage, type Attachment as PackageAttachment } from "@slipway/core/package";
import { AUDIT_MIGRATIONS, type Actor, type AuditEntry } from "../audit/index.ts";
import { migrate, type Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import { aliasesOf, dropAlias, moveAlias, movesOf, type MoveOptions } from "./aliases.ts";
import { addAttachment, adoptAttachments, attachedCard, attachmentsOf, findAttachment, readAttachment, type NewAttachment } from "./attachments.ts";
import type { RegistryContext } from "./context.ts";
import { registryError } from "./errors.ts";
import { findModel, listModels, type ModelQuery } from "./models.ts";
import { offerPackage } from "./offer.ts";
import { loadPackage, patiently } from "./package-store.ts";
import { collectGarbage, holdVersion, markRemoved, releaseVersion, retainVersions, takeManifest, type GarbageReport, type Retained, type RetentionPolicy } from "./removal.ts";
import { attachWaiting, keepWaiting, waitingOf, type NewWaiting } from "./outbox.ts";
import { REGISTRY_MIGRATIONS } from "./tables.ts";
import { exportRegistry, type ExportReport } from "./transfer/export.ts";
import { importRegistry, type ImportOptions, type ImportReport } from "./transfer/import.ts";
import { isEmpty } from "./transfer/restore.ts";
import type { Alias, AliasMove, Attachment, Companion, Guard, Keeper, Lineage, ModelSummary, Version, VersionDetails, Waiting } from "./types.ts";
import { complete, findVersion, searchVersions, versionsOf, type VersionQuery } from "./version-rows.ts";
import { verifyRegistry, type VerifyRegistryOptions, type VerifyReport } from "./verify.ts";

export interface RegistryOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly guard?: Guard | undefined;
  readonly keepers?: readonly Keeper[] | undefined;
  readonly companions?: readonly Companion[] | undefined;
  readonly onAudit?: ((entry: AuditEntry, tx: Database) => Promise<void>) | undefined;
}

export class Registry {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly #context: RegistryContext;

  private constructor(context: RegistryContext) {
    this.database = context.database;
    this.blobs = context.blobs;
    this.#context = context;
  }

  /** @throws database-newer */
  static async open({ database, blobs, guard, keepers = [], companions = [], onAudit }: RegistryOptions): Promise<Registry> {
    await migrate(database, "audit", AUDIT_MIGRATIONS);
    await migrate(database, "registry", REGISTRY_MIGRATIONS);
    return new Registry({ database, blobs, guard, keepers, companions, onAudit });
  }

  /**
   * Makes a version of a package. The same package again answers with the version it has; signatures that it carries are
   * attached where they are new.
   * @throws package-* for bytes that are none, registry-lineage
   */
  async offer(pkg: Uint8Array | ModelPackage, given: { readonly actor: Actor; readonly lineage?: Lineage | undefined }): Promise<Version> {
    const read = pkg instanceof Uint8Array ? await readSlip(pkg) : pkg;
    const version = await offerPackage(this.#context, read, given);
    await adoptAttachments(this.#context, read.manifest.name, version, read.attachments, given.actor);
    return this.version(`${read.manifest.name}:${version}`);
  }

  models(query: ModelQuery = {}): Promise<ModelSummary[]> {
    return listModels(this.database, query);
  }
  /** @throws registry-not-found */
  model(name: string): Promise<ModelSummary> {
    return findModel(this.database, name);
  }
  /** The newest first, those that were removed included. @throws registry-not-found */
  async versions(name: string, query: VersionQuery = {}): Promise<Version[]> {
    const found = await versionsOf(this.database, name, query);
    if (found.length === 0) await this.model(name);
    return found;
  }
  search(text: string, limit?: number): Promise<Version[]> {
    return searchVersions(this.database, text, limit);
  }
  /** NAME, NAME:3, NAME@ALIAS or NAME@sha256:DIGEST. @throws registry-reference, registry-not-found */
  async version(reference: string): Promise<Version> {
    return (await complete(this.database, [await findVersion(this.database, reference)]))[0]!;
  }
  /** With signature, card and attachments. */
  async details(reference: string): Promise<VersionDetails> {
    const row = await findVersion(this.database, reference);
    const [version] = await complete(this.database, [row]);
    const attachments = await attachmentsOf(this.database, row.model, row.version);
    return { ...version!, signature: JSON.parse(row.signature), card: (await attachedCard(this.#context, attachments)) ?? row.card, attachments };
  }

  aliases(name: string): Promise<Alias[]> {
    return aliasesOf(this.database, name);
  }
  /** @throws registry-alias-name, registry-not-found, registry-version-removed, registry-alias-moved, and what the guard throws */
  setAlias(name: string, alias: string, version: number, options: MoveOptions): Promise<Alias> {
    return moveAlias(this.#context, name, alias, version, options);
  }
  /** @throws registry-not-found, registry-alias-moved, and what the guard throws */
  removeAlias(name: string, alias: string, options: MoveOptions): Promise<void> {
    return dropAlias(this.#context, name, alias, options);
  }
  aliasHistory(name: string, alias: string, limit?: number): Promise<AliasMove[]> {
    return movesOf(this.database, name, alias, limit);
  }

  /** @throws registry-not-found, registry-version-removed, registry-attachment */
  attach(name: string, version: number, attachment: NewAttachment): Promise<Attachment> {
    return addAttachment(this.#context, name, version, attachment);
  }
  /** Signatures and attestations of a package, as `slipway sign` makes them. @throws registry-version-removed */
  adopt(name: string, version: number, attachments: readonly PackageAttachment[], actor: Actor): Promise<void> {
    return adoptAttachments(this.#context, name, version, attachments, actor);
  }
  /** Something to attach as soon as the store is there; on a transaction it is part of that. */
  keepWaiting(waiting: NewWaiting, tx: Database = this.database): Promise<void> {
    return keepWaiting(tx, waiting);
  }
  /** Attaches what waits: what is due, or all of it. @returns how many were attached */
  attachWaiting(options: { readonly all?: boolean | undefined; readonly now?: number | undefined } = {}): Promise<number> {
    return attachWaiting(this.#context, options);
  }
  waiting(): Promise<Waiting[]> {
    return waitingOf(this.database);
  }
  attachments(name: string, version: number): Promise<Attachment[]> {
    return attachmentsOf(this.database, name, version);
  }
  /** @throws registry-not-found */
  attachment(id: string): Promise<Attachment> {
    return findAttachment(this.database, id);
  }
  readAttachment(attachment: Pick<Attachment, "digest" | "size">): Promise<Uint8Array> {
    return readAttachment(this.#context, attachment);
  }

  /** The package, every byte of it hashed. @throws registry-not-found, registry-version-removed, and what the store throws */
  async package(reference: string): Promise<ModelPackage> {
    const row = await findVersion(this.database, reference);
    const removed = (): Error => registryError("registry-version-removed", `${row.model}:${row.version} was removed; its package is gone`, { hint: "Offer the same package again and it is back under its number." });
    if (row.state !== "available") throw removed();
    return patiently("oci-not-found", async () => {
      try {
        return await loadPackage(this.blobs, row.digest, row.package_version);
      } catch (error) {
        // It may have been removed since the look above.
        const [now] = await this.database.query<{ state: string }>("select state from versions where model = $1 and version = $2", [row.model, row.version]);
        throw now?.state === "available" ? error : removed();
      }
    });
  }
  /** The package as a .slip file: the same bytes that were offered, and the signatures that were attached since. */
  async pull(reference: string): Promise<Uint8Array> {
    return writeSlip(await this.package(reference));
  }

  /** Removes a version and takes its package from the store. @throws registry-not-found, registry-version-removed, registry-in-use */
  async removeVersion(name: string, version: number, { actor, why }: { readonly actor: Actor; readonly why?: string | undefined }): Promise<void> {
    await markRemoved(this.#context, name, version, actor, why);
    const { digest } = await this.version(`${name}:${version}`);
    await takeManifest(this.#context, digest, new Date(0).toISOString());
  }
  /** @throws registry-policy */
  async retain(policy: RetentionPolicy): Promise<Retained> {
    return retainVersions(this.#context, policy);
  }
  /** A day of grace by default. */
  collectGarbage({ graceMs = 86_400_000 }: { readonly graceMs?: number } = {}): Promise<GarbageReport> {
    return collectGarbage(this.#context, graceMs);
  }
  /** Keeps a version from removal until it is released; on a transaction it is part of that. */
  hold(name: string, version: number, holder: string, tx: Database = this.database): Promise<void> {
    return holdVersion(tx, name, version, holder);
  }
  release(name: string, version: number, holder: string, tx: Database = this.database): Promise<void> {
    return releaseVersion(tx, name, version, holder);
  }

  /** Looks at everything: the audit log, the tables against it, every blob against its digest. */
  verify(options: VerifyRegistryOptions = {}): Promise<VerifyReport> {
    return verifyRegistry(this.#context, options);
  }
  /**
   * Writes everything, or some models, to a folder, or to one file where the name ends in .tar.
   * @throws registry-not-found, registry-export-exists, audit-broken
   */
  async exportTo(target: string, { models, actor }: { readonly models?: readonly string[] | undefined; readonly actor: Actor }): Promise<ExportReport> {
    await this.attachWaiting({ all: true });
    return exportRegistry(this.#context, target, models, actor);
  }
  /** Whether nothing ever happened here, not even in the audit log: what `importFrom` then restores is the export itself. */
  isEmpty(): Promise<boolean> {
    return isEmpty(this.database);
  }
  /** Takes an export in: as it was where this registry is empty, else beside what is there. @throws registry-export, audit-broken */
  importFrom(source: string, options: ImportOptions): Promise<ImportReport> {
    return importRegistry(this.#context, source, options);
  }

  async close(): Promise<void> {
    await this.blobs.close();
    await this.database.close();
  }
}
