// Requests, decisions and promotions, on each pair of a database and a store.

import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { generateSigningKey, makeApproval, signEnvelope, signStatement, verifyStatement, type Approval, type SigningKey } from "@slipway/core/signing";
import { backends, type Place } from "../../../../scripts/testing-backends.ts";
import { examplePackage } from "../../../../scripts/testing-packages.ts";
import { listAudit, verifyAudit, type Actor } from "../audit/index.ts";
import { Registry } from "../registry/index.ts";
import { addPersonKey, allKeys, Approvals, keysOfPerson, readPolicies, removePersonKey, type RequestDetails } from "./index.ts";

const DAY = 86_400_000;
/** A disk that others use as well. */
const HOOK_MS = 60_000;
const who = (name: string, roles: readonly string[], groups: readonly string[] = []): Actor => ({ name, roles, groups, how: "key" });
const dana = who("dana", ["developer"]);
const anna = who("anna", ["reviewer"], ["business"]);
const otto = who("otto", ["reviewer"], ["operations", "security"]);
const eva = who("eva", ["reviewer"]);
const olga = who("olga", ["operator"]);
const root = who("root", ["admin"]);
const policies = readPolicies({
  production: { approvals: 2, groups: { business: 1 }, author: false, gate: 7 * DAY, signed: true, expires: 14 * DAY, rollback: true },
  staging: { approvals: 1, author: true, signed: false, expires: DAY, rollback: false },
});
const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: { code?: string }) => error.code ?? String(error));
const missing = (work: Promise<unknown>): Promise<unknown> => work.then(() => "none", (error: { data?: { missing?: readonly { what: string }[] } }) => error.data?.missing?.map((m) => m.what) ?? String(error));

describe.each(backends)("on $name", (backend) => {
  beforeAll(() => backend.start(), HOOK_MS);
  afterAll(() => backend.stop());
  const test = it.skipIf(!backend.there);
  let registry: Registry;
  let approvals: Approvals;
  let place: Place;
  let now = 0;
  let trusted = new Set<string>();
  let serverKey: SigningKey;
  const opened: Registry[] = [];

  const open = async (): Promise<{ registry: Registry; approvals: Approvals }> => {
    const { database, blobs } = await place.open();
    let made: Approvals | undefined;
    const one = await Registry.open({ database, blobs, guard: (change, tx) => made!.guard(change, tx), keepers: [(tx, m, v) => made!.keeper(tx, m, v)] });
    opened.push(one);
    made = await Approvals.open({ database, policies, serverKey: () => Promise.resolve(serverKey), verifySignature: (_version, { digest }) => Promise.resolve(trusted.has(digest)), now: () => now });
    return { registry: one, approvals: made };
  };
  beforeEach(async () => {
    if (!backend.there) return;
    now = Date.now();
    trusted = new Set();
    ({ key: serverKey } = await generateSigningKey());
    place = backend.place();
    ({ registry, approvals } = await open());
    for (const seed of [1, 2, 3]) await registry.offer(await examplePackage("churn", seed), { actor: dana });
  }, HOOK_MS);
  afterEach(async () => {
    for (const one of opened) await verifyAudit(one.database);
    for (const one of opened.splice(0)) await one.close();
  });
  const gate = (version: number, passed: boolean): Promise<unknown> => registry.attach("churn", version, { kind: "gate-report", mediaType: "application/json", bytes: Buffer.from(`{"passed":${passed},"n":${Math.random()}}`), summary: { passed }, actor: dana });
  const sign = async (version: number): Promise<void> => void trusted.add((await registry.attach("churn", version, { kind: "signature", mediaType: "application/json", bytes: Buffer.from(`{"v":${version}}`), actor: dana })).digest);
  const ask = (version: number, alias = "production", actor = dana): Promise<{ id: string }> => approvals.open({ model: "churn", version, alias, comment: "better recall", actor });
  const decide = (id: string, actor: Actor, as?: string, more: object = {}): Promise<unknown> => approvals.decide(id, { decision: "approve", actor, as, credential: "key:1", ...more });
  const promote = (version: number, alias = "production", expected: number | null = null): Promise<unknown> => registry.setAlias("churn", alias, version, { actor: olga, expected });
  const ready = async (version: number): Promise<string> => {
    await gate(version, true);
    await sign(version);
    const { id } = await ask(version);
    await decide(id, anna, "business");
    await decide(id, otto);
    return id;
  };

  test("a version is promoted when all that its policy asks is there, and not before", async () => {
    expect(await missing(promote(1))).toEqual(["approvals", "group", "gate", "signature"]);
    const { id } = await ask(1);
    await decide(id, otto, "operations");
    expect(await missing(promote(1))).toEqual(["approvals", "group", "gate", "signature"]);
    await decide(id, anna, "business");
    expect(await missing(promote(1))).toEqual(["gate", "signature"]);
    await gate(1, true);
    await registry.attach("churn", 1, { kind: "signature", mediaType: "application/json", bytes: Buffer.from("{}"), actor: dana });
    expect(await missing(promote(1))).toEqual(["signature"]);
    await sign(1);
    expect((await approvals.get(id)).verdict).toMatchObject({ met: true, counted: [{ person: "otto", group: "operations" }, { person: "anna", group: "business" }] });
    await promote(1);
    expect(await approvals.get(id)).toMatchObject({ state: "promoted", closedBy: "olga" });
    expect((await listAudit(registry.database, { model: "churn" })).map((e) => e.action).slice(-2)).toEqual(["request.promoted", "alias.moved"]);
    expect((await registry.aliases("churn"))[0]).toMatchObject({ alias: "production", version: 1 });
  });

  test("an alias under a policy is not taken away around it, only past it with a reason", async () => {
    await ready(1);
    await promote(1);
    const remove = (alias: string): Promise<unknown> => registry.removeAlias("churn", alias, { actor: root });
    expect(await code(remove("production"))).toBe("policy-unmet");
    expect(await registry.aliases("churn")).toHaveLength(1);
    await registry.setAlias("churn", "canary", 2, { actor: olga });
    await remove("canary");
    await approvals.override("the model is wrong for everyone", () => remove("production"));
    expect(await registry.aliases("churn")).toEqual([]);
    expect((await listAudit(registry.database, { model: "churn" })).slice(-2).map((e) => [e.action, e.version, e.detail["to"] ?? e.detail["alias"]])).toEqual([["alias.overridden", 1, "production"], ["alias.removed", 1, "production"]]);
  });

  test("a request whose time is over keeps no version from being removed, also before anybody closed it", async () => {
    await ask(1, "staging");
    expect(await code(registry.removeVersion("churn", 1, { actor: root }))).toBe("registry-in-use");
    now += 2 * DAY;
    await registry.removeVersion("churn", 1, { actor: root });
  });

  test("a red gate after a green one counts, and an old one does not", async () => {
    const id = await ready(1);
    await gate(1, false);
    expect(await missing(promote(1))).toEqual(["gate"]);
    now += 10;
    await gate(1, true);
    now += 8 * DAY;
    expect(await missing(promote(1))).toEqual(["gate"]);
    expect((await approvals.get(id)).state).toBe("open");
  });

  test("people count once, authors not at all, and groups only for those who speak for them", async () => {
    const { id } = await ask(1);
    expect(await code(decide(id, dana))).toBe("decision-by-author");
    expect(await code(decide(id, who("Dana", ["reviewer"])))).toBe("decision-by-author");
    expect(await code(decide(id, eva, "business"))).toBe("group-foreign");
    await decide(id, anna, "business");
    expect(await code(decide(id, anna))).toBe("decision-repeated");
    expect(await code(decide(id, who("ANNA ", ["reviewer"], ["operations"]), "operations"))).toBe("decision-repeated");
    expect((await approvals.get(id)).verdict.missing.map((m) => m.what)).toEqual(["approvals", "gate", "signature"]);
  });

  test("a rejection ends the request, also after approvals; a new version needs a new one", async () => {
    const id = await ready(1);
    await approvals.decide(id, { decision: "reject", actor: anna, credential: "key:1", comment: "the numbers of May are wrong" });
    expect(await approvals.get(id)).toMatchObject({ state: "rejected", closedBy: "anna" });
    expect(await missing(promote(1))).toEqual(["approvals", "group"]);
    expect(await code(decide(id, eva))).toBe("request-closed");
    expect(await missing(promote(2))).toEqual(["approvals", "group", "gate", "signature"]);
    await ask(1);
    expect(await code(ask(1))).toBe("request-open");
    await ask(2);
    expect((await approvals.list({ state: "open" })).map((r) => r.version)).toEqual([2, 1]);
    expect((await approvals.list({ model: "churn", limit: 2 })).map((r) => r.state)).toEqual(["open", "open"]);
  });

  test("a request expires, and is taken back by who opened it or an administrator", async () => {
    const id = await ready(1);
    now += 15 * DAY;
    expect(await missing(promote(1))).toContain("approvals");
    expect((await approvals.get(id)).state).toBe("expired");
    expect((await listAudit(registry.database)).at(-1)).toMatchObject({ action: "request.expired", actor: "slipway" });
    const two = await ask(1);
    expect(await code(approvals.withdraw(two.id, eva))).toBe("not-yours");
    expect((await approvals.withdraw(two.id, dana)).state).toBe("withdrawn");
    const three = await ask(1);
    expect((await approvals.withdraw(three.id, root)).state).toBe("withdrawn");
  });

  test("what is asked for is not removed, and comments stay", async () => {
    const { id } = await ask(1);
    await approvals.comment(id, "why now?", eva);
    expect(await code(approvals.comment(id, " ", eva))).toBe("decision-invalid");
    expect(await code(registry.removeVersion("churn", 1, { actor: root }))).toBe("registry-in-use");
    expect((await approvals.get(id)).comments).toMatchObject([{ author: "eva", text: "why now?" }]);
    expect(await code(approvals.get("none"))).toBe("request-unknown");
    expect(await code(ask(9))).toBe("request-unknown");
    expect(await code(ask(1, "2x"))).toBe("decision-invalid");
    expect(await code(ask(1, "latest"))).toBe("decision-invalid");
  });

  test("a decision is signed over the digest: by the person's own key, or by the server", async () => {
    const { key } = await generateSigningKey();
    const registered = await addPersonKey(registry.database, anna, key.publicKey.pem, "laptop");
    const { id } = await ask(1, "staging");
    const request = await approvals.get(id);
    const approval: Approval = { decision: "approve", request: id, model: "churn", version: 1, alias: "staging", person: "anna", group: "business", comment: null, time: new Date(now).toISOString(), via: null };
    const signed = (change: Partial<Approval> = {}, digest = request.digest, by = key) => signStatement(makeApproval(digest, { ...approval, ...change }), [by]);
    for (const change of [{ decision: "reject" }, { request: "other" }, { version: 2 }, { alias: "production" }, { group: null }, { person: "otto" }, { comment: "x" }, { via: { how: "key", credential: "x" } }, { time: "2020-01-01T00:00:00Z" }] as const) {
      expect(await code(decide(id, anna, "business", { envelope: await signed(change) })), JSON.stringify(change)).toBe("envelope-foreign");
    }
    expect(await code(decide(id, anna, "business", { envelope: await signed({}, `sha256:${"0".repeat(64)}`) }))).toBe("statement-mismatch");
    expect(await code(decide(id, anna, "business", { envelope: await signed({}, request.digest, serverKey) }))).toBe("signature-invalid");
    expect(await code(decide(id, anna, "business", { envelope: await signEnvelope("text/plain", Buffer.from("yes"), [key]) }))).toBe("statement-mismatch");
    expect(await code(decide(id, anna, "business", { envelope: { payload: 3 } }))).toBe("envelope-malformed");
    expect(await code(decide(id, eva, undefined, { envelope: await signed({ person: "eva", group: null }) }))).toBe("envelope-foreign");
    await decide(id, anna, "business", { envelope: await signed() });
    await decide(id, otto);
    const { decisions }: RequestDetails = await approvals.get(id);
    expect(decisions.map((d) => [d.person, d.signedBy, d.key, d.counts])).toEqual([["anna", "person", registered.id, true], ["otto", "server", serverKey.publicKey.id, true]]);
    // Whoever has the public keys can check without us.
    await verifyStatement(decisions[0]!.envelope, [key.publicKey], { digest: request.digest });
    await verifyStatement(decisions[1]!.envelope, [serverKey.publicKey], { digest: request.digest });
    expect((await allKeys(registry.database)).map((k) => k.person)).toEqual(["anna", null]);
  });

  test("what a removed key signed counts no longer, nor a row that somebody wrote by hand", async () => {
    const { key } = await generateSigningKey();
    const { id: keyId } = await addPersonKey(registry.database, anna, key.publicKey.pem);
    const { id } = await ask(1, "staging");
    const { digest } = await approvals.get(id);
    const envelope = await signStatement(makeApproval(digest, { decision: "approve", request: id, model: "churn", version: 1, alias: "staging", person: "anna", group: null, comment: null, time: new Date(now).toISOString(), via: null }), [key]);
    await decide(id, anna, undefined, { envelope });
    expect((await approvals.get(id)).verdict.met).toBe(true);
    expect(await code(removePersonKey(registry.database, eva, keyId))).toBe("person-key-unknown");
    await removePersonKey(registry.database, root, keyId, true);
    expect((await approvals.get(id)).verdict.met).toBe(false);
    expect(await missing(promote(1, "staging"))).toEqual(["approvals"]);
    expect(await code(addPersonKey(registry.database, eva, key.publicKey.pem))).toBe("person-key-exists");
    expect(await keysOfPerson(registry.database, "anna")).toEqual([]);
    // She may approve again, with a key that is not taken away.
    await decide(id, anna);
    expect((await approvals.get(id)).verdict.met).toBe(true);
    // A server's key that somebody may have read is taken away as well, by an administrator only.
    expect(await code(removePersonKey(registry.database, eva, serverKey.publicKey.id))).toBe("person-key-unknown");
    await removePersonKey(registry.database, root, serverKey.publicKey.id, true);
    expect((await approvals.get(id)).verdict.met).toBe(false);
    expect(await code(decide(id, eva))).toBe("envelope-foreign");
    const { key: fresh } = await generateSigningKey();
    const renewed = await Approvals.open({ database: registry.database, policies, serverKey: () => Promise.resolve(fresh), now: () => now });
    await renewed.decide(id, { decision: "approve", actor: eva, credential: "key:9" });
    expect((await approvals.get(id)).verdict.met).toBe(true);
    const { id: forged } = await ask(2, "staging");
    await registry.database.query("insert into decisions (id, request, person, owner, decision, group_name, comment, envelope, key_id, created_at) select 'x', $1, person, owner, decision, group_name, comment, envelope, key_id, created_at from decisions where request = $2 and key_id = $3", [forged, id, serverKey.publicKey.id]);
    expect((await approvals.get(forged)).decisions).toMatchObject([{ person: "anna", counts: false }]);
    expect(await missing(promote(2, "staging"))).toEqual(["approvals"]);
  });

  test("an administrator passes the policy by with a reason, which the log tells loudly", async () => {
    const { id } = await ask(1);
    expect(await code(approvals.override("too short", () => promote(1)))).toBe("override-reason");
    await approvals.override("production is down, called with Anna at 03:10", () => registry.setAlias("churn", "production", 1, { actor: root, expected: null }));
    expect((await listAudit(registry.database)).find((e) => e.action === "alias.overridden")).toMatchObject({ actor: "root", version: 1, detail: { reason: "production is down, called with Anna at 03:10", alias: "production", request: id, missing: [{ what: "approvals" }, { what: "group" }, { what: "gate" }, { what: "signature" }] } });
    expect((await approvals.get(id)).state).toBe("overridden");
    // Having been there that way is no promotion.
    await approvals.override("rolling back after the incident", () => registry.setAlias("churn", "production", 2, { actor: root }));
    expect(await missing(promote(1, "production", 2))).toContain("approvals");
  });

  test("what was promoted before may be put back at once where the policy says so", async () => {
    await ready(1);
    await promote(1);
    await ready(2);
    await promote(2, "production", 1);
    now += 30 * DAY;
    await promote(1, "production", 2);
    expect((await listAudit(registry.database)).some((e) => e.action === "alias.rolled-back")).toBe(true);
    await promote(2, "production", 1);
    // A rejection is the last word on it.
    const again = await ask(1);
    await approvals.decide(again.id, { decision: "reject", actor: eva, credential: "key:1" });
    expect(await missing(promote(1, "production", 2))).toContain("approvals");
    const { id } = await ask(3, "staging");
    await decide(id, eva);
    await promote(3, "staging");
    const other = await ask(1, "staging");
    await decide(other.id, eva);
    await promote(1, "staging", 3);
    expect(await missing(promote(3, "staging", 1))).toEqual(["approvals"]);
  });

  test("aliases without a policy move freely, and close the request", async () => {
    const { id } = await ask(1, "canary");
    await promote(1, "canary");
    expect((await approvals.get(id)).state).toBe("promoted");
    await promote(2, "canary", 1);
  });

  test("of a promotion and a rejection at the same time, one comes first and the other knows", async () => {
    const other = await open();
    let won = { promoted: 0, rejected: 0 };
    for (let round = 0; round < 12; round++) {
      const alias = "production";
      const version = (round % 3) + 1;
      const current = (await registry.aliases("churn")).find((a) => a.alias === alias)?.version ?? null;
      if (current === version) continue;
      // Whatever came of the last round, this version has to be asked for anew.
      await registry.database.query("update requests set state = 'rejected' where state = 'promoted'");
      const id = await ready(version);
      const [moved, rejected] = await Promise.all([
        code(promote(version, alias, current)),
        code(other.approvals.decide(id, { decision: "reject", actor: eva, credential: "key:2" })),
      ]);
      const { state } = await approvals.get(id);
      const names = (await registry.aliases("churn")).find((a) => a.alias === alias)?.version ?? null;
      if (state === "promoted") expect([moved, rejected, names]).toEqual(["none", "request-closed", version]);
      else expect([state, moved, rejected, names]).toEqual(["rejected", "policy-unmet", "none", current]);
      won = state === "promoted" ? { ...won, promoted: won.promoted + 1 } : { ...won, rejected: won.rejected + 1 };
    }
    expect(won.promoted + won.rejected).toBeGreaterThan(5);
  });

  test("of two approvals by one person at the same time, one is kept", async () => {
    const other = await open();
    const { id } = await ask(1);
    const outcomes = await Promise.all([decide(id, anna, "business"), other.approvals.decide(id, { decision: "approve", actor: anna, credential: "key:2" }), decide(id, eva)].map(code));
    expect(outcomes.sort()).toEqual(["decision-repeated", "none", "none"]);
    expect((await approvals.get(id)).verdict.counted.map((c) => c.person).sort()).toEqual(["anna", "eva"]);
  });
});
