// Registering webhooks and looking at what was delivered. Every act has its row in the audit log.

import { SlipwayError } from "@slipway/core/base";
import { appendAudit, listAudit, type Actor } from "../audit/index.ts";
import { migrate, type Database, type Value } from "../database/index.ts";
import { isIP } from "node:net";
import { randomUUID } from "node:crypto";
import { readDestination, type Destinations } from "./destinations.ts";
import { webhookError } from "./errors.ts";
import { secretBox, type SecretBox } from "./secret-box.ts";
import { makeSecret } from "./sign.ts";
import { WEBHOOK_MIGRATIONS } from "./tables.ts";
import { DELIVERY_COLUMNS, deliveryOf, readEvents, readModels, WEBHOOK_COLUMNS, webhookOf, type Delivery, type Webhook } from "./webhook.ts";

const MAX_WEBHOOKS = 100;
const MAX_DESCRIPTION = 1000;
const OVERLAP_MS = 86_400_000;

interface SecretRow {
  readonly id: string;
  readonly secret: string;
  readonly old_secret: string | null;
  readonly old_until: string | null;
}

export class Webhooks {
  readonly database: Database;
  readonly destinations: Destinations;
  readonly #secrets: SecretBox;

  private constructor(database: Database, destinations: Destinations, secrets: SecretBox) {
    this.database = database;
    this.destinations = destinations;
    this.#secrets = secrets;
  }
  /** The audit log's table is there already. Secrets that lie there plainly, or under an older key, are sealed anew. */
  static async open(database: Database, destinations: Destinations, secrets: SecretBox = secretBox([])): Promise<Webhooks> {
    await migrate(database, "webhooks", WEBHOOK_MIGRATIONS);
    const webhooks = new Webhooks(database, destinations, secrets);
    await webhooks.#sealAnew();
    return webhooks;
  }

  /** Events from now on. The secret is given here and never again. @throws webhook-invalid, webhook-address-refused, webhook-limit */
  async create(given: { readonly url?: unknown; readonly events?: unknown; readonly models?: unknown; readonly description?: unknown }, actor: Actor): Promise<Webhook & { readonly secret: string }> {
    const url = readDestination(given.url);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // A name is looked up when it is called; what an address is can be told now.
    if (isIP(host) !== 0 && !this.destinations.allows(host)) throw webhookError("webhook-address-refused", `${host} is an address of this machine or of a private network`, { where: "url", hint: "Name it under webhooks.allow of the configuration where it is meant." });
    const events = readEvents(given.events);
    const models = readModels(given.models);
    const { description = "" } = given;
    if (typeof description !== "string" || description.length > MAX_DESCRIPTION) throw webhookError("webhook-invalid", `a description is a text of at most ${MAX_DESCRIPTION} characters`, { where: "description" });
    const secret = makeSecret();
    return this.database.transaction(async (tx) => {
      const [{ n }] = (await tx.query<{ n: number }>("select count(*) as n from webhooks")) as [{ n: number }];
      if (Number(n) >= MAX_WEBHOOKS) throw webhookError("webhook-limit", `there are ${MAX_WEBHOOKS} webhooks already`);
      const id = randomUUID();
      const entry = await appendAudit(tx, { actor, action: "webhook.created", detail: { webhook: id, origin: url.origin, events, models } });
      const [row] = await tx.query(`insert into webhooks (id, url, events, models, description, secret, state, note, position, failures, created_at, created_by) values ($1, $2, $3, $4, $5, $6, 'active', '', $7, 0, $8, $9) returning ${WEBHOOK_COLUMNS}`, [
        id, url.href, JSON.stringify(events), models === null ? null : JSON.stringify(models), description, this.#secrets.seal(secret, id), entry.seq, entry.time, actor.name]);
      return { ...webhookOf(row!), secret };
    });
  }

  /**
   * A new secret, given here and never again. For a day calls carry a signature of the one before beside it, so that the
   * receiver can be changed meanwhile.
   * @throws webhook-unknown, webhook-secret-key
   */
  renewSecret(id: string, actor: Actor, now: number = Date.now()): Promise<Webhook & { readonly secret: string }> {
    const secret = makeSecret();
    return this.database.transaction(async (tx) => {
      const [kept] = await tx.query<Pick<SecretRow, "secret">>("select secret from webhooks where id = $1", [id]);
      if (kept === undefined) throw unknown(id);
      // One that cannot be read any more signs nothing beside the new one.
      const old = this.#opens(kept.secret, id) ? kept.secret : null;
      const until = old === null ? null : new Date(now + OVERLAP_MS).toISOString();
      const [row] = await tx.query(`update webhooks set old_secret = $4, old_until = $3, secret = $2 where id = $1 returning ${WEBHOOK_COLUMNS}`, [id, this.#secrets.seal(secret, id), until, old]);
      if (row === undefined) throw unknown(id);
      await appendAudit(tx, { actor, action: "webhook.secret-renewed", detail: { webhook: id, until } });
      return { ...webhookOf(row), secret };
    });
  }

  /** What calls are signed with: the secret, and for a day after an exchange the one before. @throws webhook-unknown, webhook-secret-key */
  async secretsOf(id: string, now: number): Promise<readonly string[]> {
    const [row] = await this.database.query<SecretRow>("select id, secret, old_secret, old_until from webhooks where id = $1", [id]);
    if (row === undefined) throw unknown(id);
    const { secret, old_secret: old, old_until: until } = row;
    return [this.#secrets.open(secret, id), ...(old === null || until === null || until <= new Date(now).toISOString() ? [] : [this.#secrets.open(old, id)])];
  }

  #opens(kept: string, id: string): boolean {
    try {
      this.#secrets.open(kept, id);
      return true;
    } catch (error) {
      if (error instanceof SlipwayError) return false;
      throw error;
    }
  }

  async #sealAnew(): Promise<void> {
    const select = "select id, secret, old_secret, old_until from webhooks";
    const stale = ({ secret, old_secret: old }: SecretRow): boolean => !this.#secrets.isCurrent(secret) || (old !== null && !this.#secrets.isCurrent(old));
    if (!this.#secrets.seals || !(await this.database.query<SecretRow>(select)).some(stale)) return;
    await this.database.transaction(async (tx) => {
      for (const row of (await tx.query<SecretRow>(select)).filter(stale)) {
        try {
          const anew = (kept: string): string => this.#secrets.seal(this.#secrets.open(kept, row.id), row.id);
          await tx.query("update webhooks set secret = $2, old_secret = $3 where id = $1", [row.id, anew(row.secret), row.old_secret === null ? null : anew(row.old_secret)]);
        } catch (error) {
          // Under a key that is not given here: its calls say so.
          if (!(error instanceof SlipwayError)) throw error;
        }
      }
    });
  }

  async list(): Promise<Webhook[]> {
    return (await this.database.query(`select ${WEBHOOK_COLUMNS} from webhooks order by created_at, id`)).map(webhookOf);
  }

  /** @throws webhook-unknown */
  async get(id: string): Promise<Webhook> {
    const [row] = await this.database.query(`select ${WEBHOOK_COLUMNS} from webhooks where id = $1`, [id]);
    if (row === undefined) throw unknown(id);
    return webhookOf(row);
  }

  /** With what is known of its deliveries. @throws webhook-unknown */
  remove(id: string, actor: Actor): Promise<void> {
    return this.database.transaction(async (tx) => {
      await tx.query("delete from deliveries where webhook = $1", [id]);
      const [row] = await tx.query<{ url: string }>("delete from webhooks where id = $1 returning url", [id]);
      if (row === undefined) throw unknown(id);
      await appendAudit(tx, { actor, action: "webhook.deleted", detail: { webhook: id, origin: new URL(row.url).origin } });
    });
  }

  /**
   * Switches one on again that was disabled, or lets one that waits call at once.
   * @param skip gives up what waits
   * @throws webhook-unknown, webhook-secret-key for one that came with an export and whose secret cannot be read here
   */
  activate(id: string, actor: Actor, skip = false): Promise<Webhook> {
    return this.database.transaction(async (tx) => {
      const [kept] = await tx.query<Pick<SecretRow, "secret">>("select secret from webhooks where id = $1", [id]);
      if (kept === undefined) throw unknown(id);
      this.#secrets.open(kept.secret, id);
      const entry = await appendAudit(tx, { actor, action: "webhook.enabled", detail: { webhook: id, skip } });
      if (skip) {
        await tx.query("update deliveries set state = 'skipped' where webhook = $1 and state = 'pending'", [id]);
        await tx.query("update webhooks set position = $2 where id = $1", [id, entry.seq - 1]);
      }
      const [row] = await tx.query(`update webhooks set state = 'active', note = '', failures = 0, failing_since = null, next_at = null, lease_owner = null, lease_until = null where id = $1 returning ${WEBHOOK_COLUMNS}`, [id]);
      if (row === undefined) throw unknown(id);
      return webhookOf(row);
    });
  }

  /** The latest first. @throws webhook-unknown */
  async deliveries(id: string, { before, limit = 50 }: { readonly before?: number | undefined; readonly limit?: number | undefined } = {}): Promise<Delivery[]> {
    await this.get(id);
    const parameters: Value[] = [id, Math.min(Math.max(limit, 1), 200)];
    if (before !== undefined) parameters.push(before);
    return (await this.database.query(`select ${DELIVERY_COLUMNS} from deliveries where webhook = $1 ${before === undefined ? "" : "and seq < $3"} order by seq desc limit $2`, parameters)).map(deliveryOf);
  }

  /** @throws webhook-unknown */
  async delivery(webhook: string, id: string): Promise<Delivery> {
    const [row] = await this.database.query(`select ${DELIVERY_COLUMNS} from deliveries where webhook = $1 and id = $2`, [webhook, id]);
    if (row === undefined) throw webhookError("webhook-unknown", `the webhook has no delivery ${JSON.stringify(id.slice(0, 100))}`);
    return deliveryOf(row);
  }

  /** The audit entry that a delivery tells. */
  async entryOf(delivery: Delivery): Promise<Awaited<ReturnType<typeof listAudit>>[number]> {
    return (await listAudit(this.database, { after: delivery.seq - 1, limit: 1 }))[0]!;
  }
}

function unknown(id: string): Error {
  return webhookError("webhook-unknown", `there is no webhook ${JSON.stringify(id.slice(0, 100))}`);
}
