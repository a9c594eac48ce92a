// Webhooks in an export of a registry: where events go, and which. A copy of a registry must not call the receivers of the
// first, so they come switched off, and somebody switches on those that this registry is to call. A secret travels sealed,
// as it lies in the database: it opens where the same SLIPWAY_SECRETS_KEY is given, and is renewed where it is not.

import { JsonObject, type Fail } from "@slipway/core/package";
import { everyEntry, type Actor, type AuditEvent } from "../audit/index.ts";
import { migrate, type Database } from "../database/index.ts";
import { readDestination } from "./destinations.ts";
import { isSealed } from "./secret-box.ts";
import { WEBHOOK_MIGRATIONS } from "./tables.ts";
import { readEvents, readModels } from "./webhook.ts";

interface Row {
  readonly id: string;
  readonly url: string;
  readonly events: string;
  readonly models: string | null;
  readonly description: string;
  /** Sealed; empty where there is none to hand on. */
  readonly secret: string;
  readonly created_at: string;
  readonly created_by: string;
}
interface Into {
  readonly actor: Actor;
  readonly at: string;
  readonly export: string;
  record(event: AuditEvent): Promise<void>;
}
interface Problem {
  readonly where: string;
  readonly message: string;
}

const NAME = "webhooks";
const MOST = 1000;
const ID = /^[0-9a-f-]{36}$/;
const SELECT = "select id, url, events, models, description, secret, created_at, created_by from webhooks order by created_at, id";

/** For `companions` of the registry's options. */
export const webhooksCompanion: {
  readonly name: string;
  write(tx: Database, models: readonly string[] | undefined): Promise<unknown>;
  restore(tx: Database, rows: unknown, fail: Fail): Promise<number>;
  merge(tx: Database, rows: unknown, into: Into, fail: Fail): Promise<{ readonly taken: number; readonly left: readonly string[] }>;
  compare(tx: Database): Promise<readonly Problem[]>;
} = { name: NAME, write, restore, merge, compare };

/** With all of a registry; some models have none of their own. */
async function write(tx: Database, models: readonly string[] | undefined): Promise<unknown> {
  if (models !== undefined) return undefined;
  await migrate(tx, NAME, WEBHOOK_MIGRATIONS);
  const rows = await tx.query<Row>(SELECT);
  return { webhooks: rows.map((r) => ({ ...r, secret: isSealed(r.secret) ? r.secret : "" })) };
}

async function restore(tx: Database, given: unknown, fail: Fail): Promise<number> {
  await migrate(tx, NAME, WEBHOOK_MIGRATIONS);
  const rows = readRows(given, fail);
  for (const row of rows) await insert(tx, row, "came with an export that was restored");
  return rows.length;
}

async function merge(tx: Database, given: unknown, into: Into, fail: Fail): Promise<{ readonly taken: number; readonly left: readonly string[] }> {
  await migrate(tx, NAME, WEBHOOK_MIGRATIONS);
  let taken = 0;
  for (const row of readRows(given, fail)) {
    if ((await tx.query("select id from webhooks where id = $1", [row.id])).length > 0) continue;
    await insert(tx, row, `imported by ${into.actor.name} at ${into.at}`);
    await into.record({ actor: into.actor, action: "webhook.imported", detail: { webhook: row.id, origin: new URL(row.url).origin, events: JSON.parse(row.events), models: row.models === null ? null : JSON.parse(row.models), createdBy: row.created_by, export: into.export } });
    taken++;
  }
  return { taken, left: [] };
}

function readRows(given: unknown, fail: Fail): Row[] {
  return new JsonObject(given, NAME, fail).array("webhooks", MOST, (value, where) => {
    const row = new JsonObject(value, where, fail);
    const text = (key: string): string => row.string(key);
    const checked = <T>(key: string, read: (value: unknown) => T): T => {
      try {
        return read(key === "url" ? text(key) : row.get(key) === null ? null : JSON.parse(text(key)));
      } catch {
        throw fail(`this is no ${key} of a webhook`, row.at(key));
      }
    };
    const secret = text("secret");
    if (!ID.test(text("id"))) throw fail("this is no webhook's id", row.at("id"));
    if (secret !== "" && !isSealed(secret)) throw fail("a secret that is not sealed", row.at("secret"));
    const models = checked("models", readModels);
    return {
      id: text("id"), url: checked("url", readDestination).href, events: JSON.stringify(checked("events", readEvents)), models: models === null ? null : JSON.stringify(models), description: text("description"), secret,
      created_at: text("created_at"), created_by: text("created_by"),
    };
  });
}

/** Its first event is the next one that happens here. */
async function insert(tx: Database, { id, url, events, models, description, secret, created_at: at, created_by: by }: Row, note: string): Promise<void> {
  await tx.query(`insert into webhooks (id, url, events, models, description, secret, state, note, position, failures, created_at, created_by)
    values ($1, $2, $3, $4, $5, $6, 'disabled', $7, (select coalesce(max(seq), 0) from audit), 0, $8, $9)`, [
    id, url, events, models, description, secret, `${note}: switch it on where this registry is to call it${secret === "" ? ", after giving it a new secret" : ""}`, at, by]);
}

async function compare(tx: Database): Promise<readonly Problem[]> {
  await migrate(tx, NAME, WEBHOOK_MIGRATIONS);
  const told = new Set<string>();
  for await (const { action, detail } of everyEntry(tx)) {
    const id = String(detail["webhook"]);
    if (action === "webhook.created" || action === "webhook.imported") told.add(id);
    else if (action === "webhook.deleted") told.delete(id);
    // From an export without them they stayed behind.
    else if (action === "registry.restored" && (!Array.isArray(detail["companions"]) || !detail["companions"].includes(NAME))) told.clear();
  }
  const problems: Problem[] = [];
  for (const { id } of await tx.query<{ id: string }>("select id from webhooks order by id")) {
    if (!told.delete(id)) problems.push({ where: `webhook ${id}`, message: "the audit log does not know it" });
  }
  for (const id of told) problems.push({ where: `webhook ${id}`, message: "the audit log knows it, and it is not there" });
  return problems;
}
