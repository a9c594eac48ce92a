// What the registry hands out.

import type { Actor, AuditEvent } from "../audit/index.ts";
import type { Fail } from "@slipway/core/package";
import type { Database } from "../database/index.ts";

/** What is known of a version besides what its package tells; of one that was removed there is nothing else. */
export interface VersionRecord {
  readonly model: string;
  /** 1, 2, 3 ...: given when it was offered. */
  readonly version: number;
  /** "sha256:..." of the package's manifest. */
  readonly digest: string;
  /** The semantic version that the package itself states. */
  readonly packageVersion: string;
  readonly state: "available" | "deleted";
  readonly createdAt: string;
  readonly createdBy: string;
  readonly sourceName: string;
  /** "sha256:..." of the saved model's file. */
  readonly sourceDigest: string;
  /** The version of the same model that it replaces or was retrained from. */
  readonly parent: number | null;
  /** Where its training data is: an address, a query, a digest. */
  readonly trainingData: string | null;
  /** The commit of the code that trained it. */
  readonly commit: string | null;
  /** Who brought it here from another registry, where it did not begin here; `createdBy` is then who offered it there. */
  readonly imported: Imported | null;
}

export interface Imported {
  readonly by: string;
  readonly at: string;
}

export interface Version extends VersionRecord {
  /** Bytes of all its blobs. */
  readonly size: number;
  readonly description: string;
  readonly authors: readonly string[];
  /** Of the saved model: "pickle", "keras" ... */
  readonly format: string;
  /** The outermost class of the saved model. */
  readonly rootClass: string;
  /** Library versions: {"scikit-learn": "1.5.2"}. */
  readonly producer: Readonly<Record<string, string>>;
  /** Aliases that name it now, in lexical order. */
  readonly aliases: readonly string[];
  /** By the latest report of the gate that is attached. */
  readonly gate: { readonly state: "green" | "red" | "none"; readonly at: string | null };
  /** Whether a signature is attached; whose it is, is for `slipway verify` to say. */
  readonly signed: boolean;
}

/** A version with what only its own page needs. */
export interface VersionDetails extends Version {
  /** signature.json of the package. */
  readonly signature: unknown;
  /** The card: the latest that was attached, else the package's own. */
  readonly card: string;
  readonly attachments: readonly Attachment[];
}

export interface ModelRecord {
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
}

export interface ModelSummary extends ModelRecord {
  /** The newest version that was not removed; null when all were. */
  readonly latest: number | null;
  /** How many there are, without those that were removed. */
  readonly versions: number;
  readonly aliases: Readonly<Record<string, number>>;
}

export interface Alias {
  readonly model: string;
  readonly alias: string;
  readonly version: number;
  /** How often it was set. */
  readonly revision: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  readonly revision: number;
  /** Null where it was removed. */
  readonly version: number | null;
  /** What it named before. */
  readonly previous: number | null;
  readonly at: string;
  readonly by: string;
}

export const ATTACHMENT_KINDS = ["gate-report", "signature", "bom", "attestation", "card", "approval"] as const;
export type AttachmentKind = (typeof ATTACHMENT_KINDS)[number];

export interface Attachment {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly kind: AttachmentKind;
  readonly mediaType: string;
  /** "sha256:..." of its bytes. */
  readonly digest: string;
  /** "sha256:..." of the manifest by which it refers to the package in the OCI store. */
  readonly manifestDigest: string;
  readonly size: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly imported: Imported | null;
}

/** Something that is to be attached and is not in the store yet. */
export interface Waiting {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly kind: AttachmentKind;
  readonly since: string;
  readonly attempts: number;
  readonly nextAt: string;
  /** Why the last attempt failed; empty before the first. */
  readonly error: string;
}

export interface Lineage {
  readonly parent?: number | undefined;
  readonly trainingData?: string | undefined;
  readonly commit?: string | undefined;
}

/** A move of an alias that is about to happen. */
export interface AliasChange {
  readonly model: string;
  readonly alias: string;
  /** What it names now; null where it is new. */
  readonly from: number | null;
  /** What it is to name; null where it is to be removed. */
  readonly to: number | null;
  /** Of the version it is to name. */
  readonly digest: string | null;
  readonly actor: Actor;
}
/** Asked in the transaction that moves the alias; throws to refuse. */
export type Guard = (change: AliasChange, tx: Database) => Promise<void>;
/** A place where something does not fit. */
export interface Problem {
  /** "churn:3", "churn@production", "audit entry 17", "churn:3, attachment ID". */
  readonly where: string;
  readonly message: string;
}
/** Tables of another room over the same database that belong to the registry: they are verified and exported with it. */
export interface Companion {
  /** Their key in an export. */
  readonly name: string;
  /** Their rows as JSON, of some models or of all; undefined where there is nothing to hand on of these. */
  write(tx: Database, models: readonly string[] | undefined): Promise<unknown>;
  /** Into tables that are empty, or not made yet. @returns how many @throws what `fail` makes, for rows that cannot be understood */
  restore(tx: Database, rows: unknown, fail: Fail): Promise<number>;
  /** Beside what is there. Each row that is taken has its entry in the audit log. @throws as restore */
  merge(tx: Database, rows: unknown, into: MergeInto, fail: Fail): Promise<CompanionReport>;
  /** What does not fit the audit log. */
  compare(tx: Database): Promise<readonly Problem[]>;
}
/** Where a companion's rows of an export go. */
export interface MergeInto {
  /** Who imports, and when. */
  readonly actor: Actor;
  readonly at: string;
  /** "sha256:..." of the export. */
  readonly export: string;
  /** The number that a version of the export has here; undefined where it did not come along. */
  numberOf(model: string, version: number): number | undefined;
  record(event: AuditEvent): Promise<void>;
}
export interface CompanionReport {
  /** How many rows are new here. */
  readonly taken: number;
  /** What was left behind, and why. */
  readonly left: readonly string[];
}
/** Says, in the transaction that would remove a version, what still needs it; undefined where nothing does. */
export type Keeper = (tx: Database, model: string, version: number) => Promise<string | undefined>;
