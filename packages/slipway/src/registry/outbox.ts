// What is to be attached to a version and is not yet in the store: kept in the transaction of the act that made it, attached
// as soon as the store is there. Attaching is idempotent: the manifest's digest follows from the bytes, and of several
// processes that try at once the one that takes the row writes the attachment.

import type { Actor } from "../audit/index.ts";
import type { Database } from "../database/index.ts";
import { insertAttachment } from "./attachments.ts";
import { record, type RegistryContext } from "./context.ts";
import { storeReferrer } from "./package-store.ts";
import type { Attachment, AttachmentKind, Waiting } from "./types.ts";

export interface NewWaiting {
  /** That of the attachment to be; the same again changes nothing. */
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly kind: AttachmentKind;
  readonly mediaType: string;
  readonly title: string;
  /** JSON or another text. */
  readonly body: string;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly actor: Pick<Actor, "name" | "how">;
}

interface Row {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly kind: AttachmentKind;
  readonly media_type: string;
  readonly title: string;
  readonly body: string;
  readonly summary: string;
  readonly actor: string;
  readonly how: Actor["how"];
  readonly created_at: string;
  readonly attempts: number;
  readonly next_at: string;
  readonly error: string;
}
const COLUMNS = "id, model, version, kind, media_type, title, body, summary, actor, how, created_at, attempts, next_at, error";
const FIRST_MS = 5000;
const LONGEST_MS = 3_600_000;
/** Of what is due. */
const AT_ONCE = 100;

/** In the transaction of the act. */
export async function keepWaiting(tx: Database, w: NewWaiting): Promise<void> {
  const now = new Date().toISOString();
  await tx.query(`insert into outbox (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $11, '') on conflict (id) do nothing`, [
    w.id, w.model, w.version, w.kind, w.mediaType, w.title, w.body, JSON.stringify(w.summary), w.actor.name, w.actor.how, now]);
}

/** In the order in which they came. */
export async function waitingOf(database: Database): Promise<Waiting[]> {
  const rows = await database.query<Row>(`select ${COLUMNS} from outbox order by created_at, id`);
  return rows.map((r) => ({ id: r.id, model: r.model, version: r.version, kind: r.kind, since: r.created_at, attempts: r.attempts, nextAt: r.next_at, error: r.error }));
}

/**
 * Attaches what is due, or everything that waits. A store that is away is asked once.
 * @returns how many were attached @throws never for the store: what failed is kept and told of by `waitingOf`
 */
export async function attachWaiting(context: RegistryContext, { all = false, now = Date.now() }: { readonly all?: boolean | undefined; readonly now?: number | undefined } = {}): Promise<number> {
  const { database } = context;
  const rows = await database.query<Row>(`select ${COLUMNS} from outbox${all ? "" : " where next_at <= $1"} order by created_at, id${all ? "" : ` limit ${AT_ONCE}`}`, all ? [] : [new Date(now).toISOString()]);
  let attached = 0;
  for (const row of rows) {
    try {
      if (await attach(context, row)) attached++;
    } catch (error) {
      const next = new Date(now + Math.min(LONGEST_MS, FIRST_MS * 4 ** Math.min(row.attempts, 10))).toISOString();
      const text = error instanceof Error ? error.message : String(error);
      await database.query("update outbox set attempts = attempts + 1, next_at = $2, error = $3 where id = $1", [row.id, next, text.slice(0, 1000)]);
      // The others would wait for it too.
      if (["unavailable", "timeout"].includes((error as { kind?: string }).kind ?? "")) {
        await database.query("update outbox set next_at = $1 where next_at < $1", [next]);
        break;
      }
    }
  }
  return attached;
}

async function attach(context: RegistryContext, row: Row): Promise<boolean> {
  const { id, model, version, kind } = row;
  const subject = (tx: Database): Promise<{ digest: string }[]> => tx.query<{ digest: string }>("select digest from versions where model = $1 and version = $2 and state = 'available'", [model, version]);
  const [found] = await subject(context.database);
  const bytes = new TextEncoder().encode(row.body);
  const stored = found === undefined ? undefined : await storeReferrer(context.blobs, { subject: found.digest, mediaType: row.media_type, artifactType: row.media_type, bytes, title: row.title });
  return context.database.transaction(async (tx) => {
    const mine = await tx.query("delete from outbox where id = $1 returning id", [id]);
    // To a version that was removed meanwhile nothing is attached.
    if (mine.length === 0 || stored === undefined || (await subject(tx)).length === 0) return false;
    if ((await tx.query("select id from attachments where id = $1 or (model = $2 and version = $3 and digest = $4)", [id, model, version, stored.digest])).length > 0) return false;
    const summary = JSON.parse(row.summary) as Record<string, unknown>;
    const attachment: Attachment = {
      id, model, version, kind, mediaType: row.media_type, digest: stored.digest, manifestDigest: stored.manifestDigest, size: bytes.length, createdAt: new Date().toISOString(), createdBy: row.actor, summary, imported: null,
    };
    await insertAttachment(tx, attachment);
    await record(context, tx, { actor: { name: row.actor, how: row.how, roles: [], groups: [] }, action: "attachment.added", model, version, detail: { attachment: id, kind, digest: stored.digest, manifestDigest: stored.manifestDigest, summary } });
    return true;
  });
}
