// Deliveries to a real receiver, from SQLite and from a real Postgres.

import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { appendAudit, AUDIT_MIGRATIONS, listAudit, type Actor } from "../audit/index.ts";
import { migrate, openDatabase, type Database } from "../database/index.ts";
import { Deliverer, destinations, secretBox, verifyWebhook, Webhooks, type DelivererOptions } from "./index.ts";

const secrets = secretBox([randomBytes(32)]);
const actor: Actor = { name: "root", roles: ["admin"], groups: [], how: "key" };
interface Received {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly data: { readonly type: string; readonly timestamp: string; readonly data: { readonly seq: number; readonly model: string | null; readonly detail: Record<string, unknown> } };
}
const received: Received[] = [];
/** What the receiver answers next, by path; 204 otherwise. */
let answers: Record<string, number[]> = {};
/** Called for every call before it is answered. */
let arrived: (() => Promise<void> | void) | undefined;
let server: Server;
let url = "";
let postgres: TestPostgres | undefined;
const folder = mkdtempSync(join(tmpdir(), "slipway-webhooks-"));

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      received.push({ path: request.url!, body, headers: request.headers as Received["headers"], data: JSON.parse(body) as Received["data"] });
      void Promise.resolve(arrived?.()).then(() => response.writeHead(answers[request.url!]?.shift() ?? 204).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (hasPostgres()) {
    postgres = await startPostgres();
  }
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

let stores = 0;
describe.each(["sqlite", "postgres"] as const)("deliveries from %s", (dialect) => {
  const skip = dialect === "postgres" && !hasPostgres();
  const address = (): string => (dialect === "sqlite" ? `sqlite:${join(folder, `${++stores}.db`)}` : postgres!.create(`w${++stores}`));
  let database: Database;
  let webhooks: Webhooks;
  let at = "";
  let now = 0;
  const deliverer = (more: Partial<DelivererOptions> = {}): Deliverer => new Deliverer({ webhooks, timeoutMs: 2000, now: () => now, ...more });
  const happens = (action: string, model?: string, detail: Record<string, unknown> = {}): Promise<unknown> => database.transaction((tx) => appendAudit(tx, { actor, action, model, detail }));

  beforeEach(async () => {
    if (skip) return;
    await database?.close();
    received.length = 0;
    answers = {};
    arrived = undefined;
    now = Date.now();
    at = address();
    database = await openDatabase(at);
    await migrate(database, "audit", AUDIT_MIGRATIONS);
    webhooks = await Webhooks.open(database, destinations(["loopback"]), secrets);
  });
  afterAll(() => database?.close());

  it.skipIf(skip)("secrets lie sealed; plain ones of earlier versions and those under an older key are sealed anew", async () => {
    const { secret, id } = await webhooks.create({ url: `${url}/a` }, actor);
    const kept = async (): Promise<string> => (await database.query<{ secret: string }>("select secret from webhooks"))[0]!.secret;
    expect(await kept()).toMatch(/^sealed:/);
    const newer = secretBox([randomBytes(32)]);
    expect(await (await Webhooks.open(database, destinations(), newer)).secretsOf(id, now).then(() => "none", (e: { code: string }) => e.code)).toBe("webhook-secret-key");
    await database.query("update webhooks set secret = $1", [secret]);
    const before = await kept();
    await Webhooks.open(database, destinations(), newer);
    expect([before, newer.isCurrent(await kept()), newer.open(await kept(), id)]).toEqual([secret, true, secret]);
  });

  it.skipIf(skip)("a new secret signs at once, the one before beside it for a day, and the log tells neither nor the address's path", async () => {
    const { secret, id } = await webhooks.create({ url: `${url}/hooks/T0KEN`, events: ["alias.*"] }, actor);
    const { secret: next } = await webhooks.renewSecret(id, actor, now);
    await happens("alias.moved", "churn");
    await deliverer().tick();
    now += 86_400_001;
    await happens("alias.moved", "churn");
    await deliverer().tick();
    expect(received.map((r, i) => [secret, next].map((one) => verifyWebhook(one, r.headers, r.body, i === 0 ? now - 86_400_001 : now)))).toEqual([[true, true], [false, true]]);
    const log = JSON.stringify(await listAudit(database));
    for (const hidden of [secret, next, "T0KEN"]) expect(log).not.toContain(hidden);
  });

  it.skipIf(skip)("are signed, in order, of the chosen events and models, from the time on at which the webhook was made", async () => {
    await happens("alias.moved", "churn");
    const { secret, id } = await webhooks.create({ url: `${url}/a`, events: ["alias.*", "request.opened"], models: ["churn*"] }, actor);
    await happens("alias.moved", "churn", { to: 3 });
    await happens("alias.moved", "fraud");
    await happens("request.rejected", "churn");
    await happens("request.opened", "churn-b");
    const d = deliverer();
    expect(await d.tick()).toBe(2);
    expect(received.map((r) => [r.data.type, r.data.data.model])).toEqual([["alias.moved", "churn"], ["request.opened", "churn-b"]]);
    expect(received[0]!.data.data.detail).toEqual({ to: 3 });
    for (const r of received) expect(verifyWebhook(secret, r.headers, r.body, now)).toBe(true);
    expect(await d.tick()).toBe(0);
    expect(JSON.stringify(await webhooks.list())).not.toContain(secret);
    expect((await webhooks.deliveries(id)).map((x) => [x.event, x.state, x.attempts, x.history[0]?.status])).toEqual([["request.opened", "delivered", 1, 204], ["alias.moved", "delivered", 1, 204]]);
  });

  it.skipIf(skip)("are tried again after a while, before any later event, and come with the same id", async () => {
    const { id } = await webhooks.create({ url: `${url}/b`, events: ["e.*"] }, actor);
    answers["/b"] = [500, 302];
    await happens("e.one");
    await happens("e.two");
    const d = deliverer();
    await d.tick();
    expect(received.length).toBe(1);
    expect(await webhooks.get(id)).toMatchObject({ failures: 1, state: "active" });
    expect((await webhooks.deliveries(id))[0]).toMatchObject({ state: "pending", history: [{ status: 500, error: "status 500" }] });
    await d.tick();
    expect(received.length).toBe(1);
    now += 7000;
    await d.tick();
    now += 60_000;
    await d.tick();
    expect(received.map((r) => r.data.type)).toEqual(["e.one", "e.one", "e.one", "e.two"]);
    expect(new Set(received.map((r) => r.headers["webhook-id"])).size).toBe(2);
    expect(await webhooks.get(id)).toMatchObject({ failures: 0, failingSince: null, nextAt: null });
    expect((await webhooks.deliveries(id)).map((x) => [x.state, x.attempts])).toEqual([["delivered", 1], ["delivered", 3]]);
  });

  it.skipIf(skip)("end after long failure with a note, and go on where they stopped when they are switched on", async () => {
    const { id } = await webhooks.create({ url: `${url}/c`, events: ["e.*"] }, actor);
    answers["/c"] = [500, 500];
    const d = deliverer({ disableAfterMs: 3_600_000 });
    await happens("e.one");
    await d.tick();
    now += 3_700_000;
    await d.tick();
    expect(await webhooks.get(id)).toMatchObject({ state: "disabled", note: expect.stringContaining("status 500") });
    expect((await listAudit(database)).at(-1)).toMatchObject({ action: "webhook.disabled", actor: "slipway" });
    now += 3_700_000;
    expect(await d.tick()).toBe(0);
    await webhooks.activate(id, actor);
    await d.tick();
    expect(received.map((r) => r.data.type)).toEqual(["e.one", "e.one", "e.one"]);
    expect(await webhooks.get(id)).toMatchObject({ state: "active", note: "" });
  });

  it.skipIf(skip)("end at once where the receiver is gone; what waits may be given up", async () => {
    const { id } = await webhooks.create({ url: `${url}/d`, events: ["e.*"] }, actor);
    answers["/d"] = [410];
    await happens("e.one");
    await happens("e.two");
    const d = deliverer();
    await d.tick();
    expect(await webhooks.get(id)).toMatchObject({ state: "disabled", note: expect.stringContaining("410") });
    await webhooks.activate(id, actor, true);
    await happens("e.three");
    await d.tick();
    expect(received.map((r) => r.data.type)).toEqual(["e.one", "e.three"]);
    expect((await webhooks.deliveries(id)).map((x) => x.state)).toEqual(["delivered", "skipped"]);
  });

  it.skipIf(skip)("can be made again by hand", async () => {
    const { id } = await webhooks.create({ url: `${url}/e`, events: ["e.*"] }, actor);
    await happens("e.one");
    const d = deliverer();
    await d.tick();
    const [first] = await webhooks.deliveries(id);
    answers["/e"] = [503];
    expect(await d.redeliver(id, first!.id, actor)).toMatchObject({ state: "delivered", attempts: 2, history: [{ manual: false }, { manual: true, status: 503 }] });
    expect(await d.redeliver(id, first!.id, actor)).toMatchObject({ state: "delivered", attempts: 3 });
    expect(new Set(received.map((r) => r.headers["webhook-id"])).size).toBe(1);
    expect((await listAudit(database)).filter((e) => e.action === "webhook.redelivered").length).toBe(2);
    await expect(d.redeliver(id, "none", actor)).rejects.toMatchObject({ code: "webhook-unknown" });
    await webhooks.remove(id, actor);
    await expect(webhooks.get(id)).rejects.toMatchObject({ code: "webhook-unknown" });
  });

  it.skipIf(skip)("are made once by two processes that look at the same time", async () => {
    await webhooks.create({ url: `${url}/f`, events: ["e.*"] }, actor);
    await webhooks.create({ url: `${url}/g`, events: ["e.*"] }, actor);
    for (let i = 0; i < 20; i++) await happens("e.many", "m", { i });
    const other = await openDatabase(at);
    const second = new Deliverer({ webhooks: await Webhooks.open(other, destinations(["loopback"]), secrets), timeoutMs: 2000, now: () => now });
    const first = deliverer();
    for (let i = 0; i < 10; i++) await Promise.all([first.tick(), second.tick()]);
    await other.close();
    for (const path of ["/f", "/g"]) expect(received.filter((r) => r.path === path).map((r) => r.data.data.detail["i"])).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it.skipIf(skip)("of a process that ended go on in another: at once where it stopped, after its lease where it was killed", async () => {
    const { id } = await webhooks.create({ url: `${url}/h`, events: ["e.*"] }, actor);
    await happens("e.one");
    const first = deliverer();
    let reached: () => void;
    const calling = new Promise<void>((resolve) => (reached = resolve));
    let release: () => void = () => undefined;
    arrived = () => {
      reached();
      return new Promise<void>((resolve) => (release = resolve));
    };
    const ticking = first.tick();
    await calling;
    const second = deliverer();
    expect(await second.tick()).toBe(0);
    await first.stop();
    await ticking;
    release();
    arrived = undefined;
    expect(await second.tick()).toBe(1);
    await happens("e.two");
    await database.query("update webhooks set lease_owner = 'killed', lease_until = $2 where id = $1", [id, new Date(now + 22_000).toISOString()]);
    expect(await second.tick()).toBe(0);
    now += 23_000;
    expect(await second.tick()).toBe(1);
    expect(received.map((r) => r.data.type)).toEqual(["e.one", "e.one", "e.two"]);
  });

  it.skipIf(skip)("of what is too long leave the detail out", async () => {
    await webhooks.create({ url: `${url}/i`, events: ["e.*"] }, actor);
    await happens("e.long", "m", { text: "x".repeat(100_000) });
    await deliverer().tick();
    expect(received[0]!.data.data).toMatchObject({ detail: {}, truncated: true });
  });

  it.skipIf(skip)("go nowhere that is not allowed, also by a name", async () => {
    const strict = await Webhooks.open(database, destinations(), secrets);
    await expect(strict.create({ url: `${url}/j` }, actor)).rejects.toMatchObject({ code: "webhook-address-refused" });
    const { id } = await strict.create({ url: `${url.replace("127.0.0.1", "localhost")}/j`, events: ["e.*"] }, actor);
    await happens("e.one");
    await new Deliverer({ webhooks: strict, now: () => now }).tick();
    expect(received).toEqual([]);
    expect((await strict.deliveries(id))[0]).toMatchObject({ state: "pending", history: [{ status: null, error: expect.stringContaining("webhook-address-refused") }] });
  });

  it.skipIf(skip).each([{}, { url: "https://a.example", events: [] }, { url: "https://a.example", events: ["Moved!"] }, { url: "https://a.example", models: ["a b"] }, { url: "https://a.example", description: 3 }])("are not made of %j", async (given) => {
    await expect(webhooks.create(given, actor)).rejects.toMatchObject({ code: "webhook-invalid" });
  });
});
