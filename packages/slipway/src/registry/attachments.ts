// What is said of a version afterwards: reports, signatures, a card that was edited. Each is an artifact of the OCI store
// whose subject is the package, so that other tools find it, and a row here. The package itself never changes.

import { Buffer } from "node:buffer";
import type { Actor } from "../audit/index.ts";
import type { Attachment as PackageAttachment } from "@slipway/core/package";
import { COSIGN_SIGN, MODEL_SIGNATURE, predicateTypeOf } from "@slipway/core/signing";
import { digestOf, writeAttachments } from "../oci/index.ts";
import { newId, type Database } from "../database/index.ts";
import { record, type RegistryContext } from "./context.ts";
import { registryError } from "./errors.ts";
import { storeReferrer } from "./package-store.ts";
import { importedOf } from "./version-rows.ts";
import { ATTACHMENT_KINDS, type Attachment, type AttachmentKind } from "./types.ts";

const MAX_BYTES = 64 << 20;
const MAX_SUMMARY = 16_384;
const MAX_PREDICATE = 300;
/** RFC 6838. */
const MEDIA = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

export interface NewAttachment {
  readonly kind: AttachmentKind;
  /** Of the bytes. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** What lists show of it, JSON; of a gate's report `passed`: true or false. */
  readonly summary?: Readonly<Record<string, unknown>> | undefined;
  readonly actor: Actor;
  /** The id of the latest attachment of this kind, null for none: refused where it is another. */
  readonly expected?: string | null | undefined;
  /** By which other tools look for it; the media type by default. */
  readonly artifactType?: string | undefined;
  /** The file's name for other tools. */
  readonly title?: string | undefined;
}

interface AttachmentRow {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly kind: string;
  readonly media_type: string;
  readonly digest: string;
  readonly manifest_digest: string;
  readonly size: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly summary: string;
  readonly imported_at: string | null;
  readonly imported_by: string | null;
}

export const ATTACHMENT_COLUMNS = "id, model, version, kind, media_type, digest, manifest_digest, size, created_at, created_by, summary, imported_at, imported_by";

/** @throws registry-not-found, registry-version-removed, registry-attachment, and what the store throws */
export async function addAttachment(context: RegistryContext, model: string, version: number, given: NewAttachment): Promise<Attachment> {
  const { kind, mediaType, bytes, actor } = given;
  const summary = JSON.stringify(given.summary ?? {});
  if (!ATTACHMENT_KINDS.includes(kind)) throw registryError("registry-attachment", `there is no kind ${JSON.stringify(String(kind).slice(0, 50))} of attachment`, { hint: `Kinds: ${ATTACHMENT_KINDS.join(", ")}.` });
  if (!MEDIA.test(mediaType) || (given.artifactType !== undefined && !MEDIA.test(given.artifactType))) throw registryError("registry-attachment", `${JSON.stringify(mediaType.slice(0, 100))} is not a media type`);
  if (bytes.length > MAX_BYTES) throw registryError("registry-attachment", `an attachment of ${bytes.length} bytes; at most ${MAX_BYTES} are allowed`);
  if (summary.length > MAX_SUMMARY) throw registryError("registry-attachment", `a summary of ${summary.length} characters; at most ${MAX_SUMMARY} are allowed`);
  const subject = await available(context.database, model, version);
  const stored = await storeReferrer(context.blobs, { subject, mediaType, artifactType: given.artifactType ?? mediaType, bytes, title: given.title ?? `${kind}${extensionOf(mediaType)}` });
  return context.database.transaction(async (tx) => {
    await available(tx, model, version);
    if (given.expected !== undefined) {
      const [latest] = await tx.query<{ id: string }>("select id from attachments where model = $1 and version = $2 and kind = $3 order by created_at desc, id desc limit 1", [model, version, kind]);
      if ((latest?.id ?? null) !== given.expected) throw registryError("registry-attachment-newer", `there is a newer ${kind} of ${model}:${version}: ${latest?.id ?? "none"}`, { hint: "Look at it, then decide again.", data: { latest: latest?.id ?? null } });
    }
    const attachment: Attachment = {
      id: newId(), model, version, kind, mediaType, digest: stored.digest, manifestDigest: stored.manifestDigest, size: bytes.length, createdAt: new Date().toISOString(), createdBy: actor.name,
      summary: JSON.parse(summary) as Record<string, unknown>, imported: null,
    };
    await insertAttachment(tx, attachment);
    await record(context, tx, { actor, action: "attachment.added", model, version, detail: { attachment: attachment.id, kind, digest: attachment.digest, manifestDigest: attachment.manifestDigest, summary: given.summary ?? {} } });
    return attachment;
  });
}

/**
 * The signatures and attestations that came with a package, or were made for it, byte for byte: their rows and manifests.
 * What the version has already is left.
 * @throws registry-version-removed, and what the store throws
 */
export async function adoptAttachments(context: RegistryContext, model: string, version: number, given: readonly PackageAttachment[], actor: Actor): Promise<void> {
  if (given.length === 0) return;
  await writeAttachments(context.blobs, given);
  await context.database.transaction(async (tx) => {
    await available(tx, model, version);
    const known = new Set((await attachmentsOf(tx, model, version)).map((a) => a.digest));
    for (const { mediaType, bytes, digest: manifestDigest } of given) {
      if (known.has(await digestOf(bytes))) continue;
      const predicateType = predicateTypeOf(bytes);
      const kind = predicateType === undefined || predicateType === MODEL_SIGNATURE || predicateType === COSIGN_SIGN ? "signature" : "attestation";
      // What a stranger wrote, as long as he liked: it goes into the log and into lists.
      const summary = predicateType === undefined ? {} : { predicateType: predicateType.slice(0, MAX_PREDICATE) };
      const attachment: Attachment = { id: newId(), model, version, kind, mediaType, digest: await digestOf(bytes), manifestDigest, size: bytes.length, createdAt: new Date().toISOString(), createdBy: actor.name, summary, imported: null };
      await insertAttachment(tx, attachment);
      await record(context, tx, { actor, action: "attachment.added", model, version, detail: { attachment: attachment.id, kind, digest: attachment.digest, manifestDigest, summary } });
    }
  });
}

export async function insertAttachment(tx: Database, a: Attachment): Promise<void> {
  await tx.query(`insert into attachments (${ATTACHMENT_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, [
    a.id, a.model, a.version, a.kind, a.mediaType, a.digest, a.manifestDigest, a.size, a.createdAt, a.createdBy, JSON.stringify(a.summary), a.imported?.at ?? null, a.imported?.by ?? null]);
}

/** In the order in which they were attached. */
export async function attachmentsOf(database: Database, model: string, version: number): Promise<Attachment[]> {
  return (await database.query<AttachmentRow>(`select ${ATTACHMENT_COLUMNS} from attachments where model = $1 and version = $2 order by created_at, id`, [model, version])).map(attachmentOf);
}

/** @throws registry-not-found */
export async function findAttachment(database: Database, id: string): Promise<Attachment> {
  const [row] = await database.query<AttachmentRow>(`select ${ATTACHMENT_COLUMNS} from attachments where id = $1`, [id]);
  if (row === undefined) throw registryError("registry-not-found", `there is no attachment ${JSON.stringify(id.slice(0, 100))}`);
  return attachmentOf(row);
}

export async function readAttachment({ blobs }: RegistryContext, { digest, size }: Pick<Attachment, "digest" | "size">): Promise<Uint8Array> {
  return blobs.readBlob(digest, { maxBytes: MAX_BYTES, size });
}

/** The latest card that was attached, else undefined. */
export async function attachedCard(context: RegistryContext, attachments: readonly Attachment[]): Promise<string | undefined> {
  const card = attachments.findLast((a) => a.kind === "card");
  return card === undefined ? undefined : Buffer.from(await readAttachment(context, card)).toString("utf8");
}

export function attachmentOf(row: AttachmentRow): Attachment {
  return {
    id: row.id, model: row.model, version: row.version, kind: row.kind as AttachmentKind, mediaType: row.media_type, digest: row.digest, manifestDigest: row.manifest_digest, size: row.size,
    createdAt: row.created_at, createdBy: row.created_by, summary: JSON.parse(row.summary) as Record<string, unknown>, imported: importedOf(row),
  };
}

async function available(database: Database, model: string, version: number): Promise<string> {
  const [row] = await database.query<{ digest: string; state: string }>("select digest, state from versions where model = $1 and version = $2", [model, version]);
  if (row === undefined) throw registryError("registry-not-found", `there is no version ${model}:${version}`, { hint: `slipway registry versions ${model} lists them.` });
  if (row.state !== "available") throw registryError("registry-version-removed", `${model}:${version} was removed; nothing can be attached to it`);
  return row.digest;
}

function extensionOf(mediaType: string): string {
  return mediaType.endsWith("json") ? ".json" : mediaType.endsWith("markdown") ? ".md" : mediaType.endsWith("html") ? ".html" : "";
}
