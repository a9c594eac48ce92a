// A registry taken into another that has things already, on each pair of a database and a store: who offered, asked, decided
// and said what comes along and is marked with who brought it; what was decided elsewhere moves nothing here; webhooks come
// switched off with their secrets sealed.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backends, type Backend } from "../../../../scripts/testing-backends.ts";
import { examplePackage } from "../../../../scripts/testing-packages.ts";
import { listAudit, listForeign, type Actor } from "../audit/index.ts";
import { allKeys } from "../approvals/index.ts";
import { openRegistryService, type RegistryService } from "./index.ts";

const who = (name: string, groups: readonly string[] = []): Actor => ({ name, roles: ["admin"], groups, how: "key" });
const [dana, anna, otto, root, ivan] = [who("dana"), who("Anna", ["business"]), who("otto"), who("root"), who("ivan")];
const approvals = { production: { approvals: 1, author: false, signed: false, expires: 1_209_600_000, rollback: true } };
const secretsKey = Buffer.alloc(32, 7).toString("base64");
const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: { code?: string }) => error.code ?? String(error));
const folder = mkdtempSync(join(tmpdir(), "slipway-merged-"));
const open: RegistryService[] = [];
let count = 0;
afterAll(() => rmSync(folder, { recursive: true }));

async function openAt(backend: Backend, key = secretsKey): Promise<RegistryService> {
  const service = await openRegistryService({ ...(await backend.place().open()), folder: join(folder, `keys-${count++}`), background: false, secretsKey: key, settings: { approvals, webhooks: { allow: ["loopback"] } } });
  open.push(service);
  return service;
}

/** Two versions, one released, one asked for and half decided; a webhook; a version that was removed. */
async function fill(from: RegistryService): Promise<{ readonly done: string; readonly asked: string; readonly gone: string; readonly hook: string }> {
  const { registry } = from;
  for (const seed of [1, 2, 3]) await registry.offer(await examplePackage("churn", seed), { actor: dana, lineage: { trainingData: `s3://${seed}` } });
  await registry.attach("churn", 2, { kind: "gate-report", mediaType: "application/json", bytes: new TextEncoder().encode("{}"), summary: { passed: true }, actor: otto });
  const { id: hook } = await from.webhooks.create({ url: "http://127.0.0.1:9/secret-path", events: ["alias.*"] }, root);
  const request = (version: number): Promise<{ readonly id: string }> => from.approvals.open({ model: "churn", version, alias: "production", comment: "try it", actor: dana });
  const { id: done } = await request(1);
  await from.approvals.decide(done, { decision: "approve", as: "business", comment: "yes", actor: anna, credential: "key:1" });
  await registry.setAlias("churn", "production", 1, { actor: root });
  const { id: asked } = await request(2);
  await from.approvals.decide(asked, { decision: "approve", actor: otto, credential: "key:2" });
  await from.approvals.comment(asked, "looks good", anna);
  const { id: gone } = await request(3);
  await from.approvals.withdraw(gone, dana);
  await registry.removeVersion("churn", 3, { actor: root });
  return { done, asked, gone, hook };
}

describe.each(backends)("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(async () => {
    for (const service of open.splice(0)) {
      await service.close();
      await service.registry.close();
    }
    await backend.stop();
  }, 60_000);

  it.skipIf(!backend.there)("brings everything along, marked with who brought it, and what was decided there counts for nothing here", async () => {
    const from = await openAt(backend);
    const { done, asked, gone, hook } = await fill(from);
    const at = join(folder, `export-${count++}`);
    await from.registry.exportTo(at, { actor: root });
    const to = await openAt(backend);
    // The number 2 is taken here.
    for (const seed of [8, 9]) await to.registry.offer(await examplePackage("churn", seed), { actor: ivan });
    const report = await to.registry.importFrom(at, { actor: ivan });
    expect(await to.registry.waiting()).toEqual([]);
    expect(report).toMatchObject({ restored: false, versions: 2, attachments: 3, renumbered: [{ from: 1, to: 3 }, { from: 2, to: 4 }], companions: { approvals: 6, webhooks: 1 }, history: (await listAudit(from.registry.database, { limit: 1000 })).length });
    expect(report.left).toEqual([`the request ${gone} for churn:3 as production, whose version did not come along`]);
    expect(report.skipped).toMatchObject([{ alias: "production" }]);
    expect((await to.registry.verify()).problems).toEqual([]);

    // Who did what.
    const [there, here] = [await from.registry.details("churn:2"), await to.registry.details("churn:4")];
    expect([here.createdBy, here.createdAt, here.imported?.by, there.imported]).toEqual(["dana", there.createdAt, "ivan", null]);
    expect(here.attachments).toMatchObject(there.attachments.map(({ kind, createdBy, createdAt }) => ({ kind, createdBy, createdAt, imported: { by: "ivan" } })));
    expect(here.attachments.map((a) => a.kind)).toEqual(["gate-report", "approval"]);
    const foreign = await listForeign(to.registry.database, { model: "churn", actor: "Anna" });
    expect(foreign.filter((f) => f.entry.action.startsWith("request.")).map((f) => [f.entry.action, f.importedBy])).toEqual([["request.commented", "ivan"], ["request.approved", "ivan"]]);

    // What was decided there is here, and counts for nothing.
    const before = await from.approvals.get(done);
    expect(await to.approvals.get(done)).toMatchObject({
      version: 3, state: "promoted", requestedBy: "dana", closedBy: "root", createdAt: before.createdAt, imported: { by: "ivan", version: 1 },
      decisions: [{ person: "Anna", as: "business", comment: "yes", counts: false, importedBy: "ivan", envelope: before.decisions[0]!.envelope }],
    });
    expect((await allKeys(to.registry.database)).map((k) => k.importedBy)).toEqual(["ivan"]);
    const request = await to.approvals.get(asked);
    expect(request).toMatchObject({ version: 4, state: "open", comments: [{ author: "Anna", text: "looks good", importedBy: "ivan" }], verdict: { met: false, counted: [] } });
    expect(await code(to.registry.setAlias("churn", "production", 4, { actor: root }))).toBe("policy-unmet");
    expect(await code(to.registry.setAlias("churn", "production", 3, { actor: root }))).toBe("policy-unmet");
    // The author is who offered it there, not who brought it.
    expect(await code(to.approvals.decide(asked, { decision: "approve", actor: dana, credential: "key:3" }))).toBe("decision-by-author");
    await to.approvals.decide(asked, { decision: "approve", actor: ivan, credential: "key:4" });
    await to.registry.setAlias("churn", "production", 4, { actor: root });
    expect(await to.approvals.get(asked)).toMatchObject({ state: "promoted", closedBy: "root" });
    // Promoted here, it is a way back here.
    const { id: own } = await to.approvals.open({ model: "churn", version: 1, alias: "production", actor: dana });
    await to.approvals.decide(own, { decision: "approve", actor: otto, credential: "key:2" });
    await to.registry.setAlias("churn", "production", 1, { actor: root });
    await to.registry.setAlias("churn", "production", 4, { actor: root });

    // Webhooks.
    expect(await to.webhooks.list()).toMatchObject([{ id: hook, url: "http://127.0.0.1:9/secret-path", events: ["alias.*"], state: "disabled", createdBy: "root" }]);
    expect(await to.webhooks.secretsOf(hook, Date.now())).toEqual(await from.webhooks.secretsOf(hook, Date.now()));
    expect(readFileSync(join(at, "registry.json"), "utf8")).not.toContain("whsec_");
    expect(await to.webhooks.activate(hook, root)).toMatchObject({ state: "active", note: "" });

    // The same again, and a later export of the same registry, bring only what is new.
    expect(await to.registry.importFrom(at, { actor: root })).toMatchObject({ versions: 0, attachments: 0, companions: { approvals: 0, webhooks: 0 }, history: 0 });
    await from.approvals.comment(done, "it runs", otto);
    const later = join(folder, `export-${count++}.tar`);
    await from.registry.exportTo(later, { actor: root });
    expect(await to.registry.importFrom(later, { actor: root })).toMatchObject({ versions: 0, companions: { approvals: 1, webhooks: 0 }, history: 1 });
    expect((await to.approvals.get(done)).comments).toMatchObject([{ text: "it runs", importedBy: "root" }]);
    expect((await to.registry.verify()).problems).toEqual([]);

    // What came along goes on with an export, as it is and into a third.
    const onward = join(folder, `export-${count++}`);
    await to.registry.exportTo(onward, { actor: root });
    const restored = await openAt(backend, Buffer.alloc(32, 9).toString("base64"));
    expect(await restored.registry.importFrom(onward, { actor: root })).toMatchObject({ restored: true });
    expect(await restored.registry.details("churn:4")).toEqual(await to.registry.details("churn:4"));
    expect(await restored.approvals.get(done)).toEqual(await to.approvals.get(done));
    expect(await listForeign(restored.registry.database, { limit: 1000 })).toEqual(await listForeign(to.registry.database, { limit: 1000 }));
    expect((await restored.registry.verify()).problems).toEqual([]);
    // Under another key for secrets a webhook is given a new one before it is switched on.
    expect(await code(restored.webhooks.activate(hook, root))).toBe("webhook-secret-key");
    const { secret } = await restored.webhooks.renewSecret(hook, root);
    await restored.webhooks.activate(hook, root);
    expect(await restored.webhooks.secretsOf(hook, Date.now())).toEqual([secret]);
    const third = await openAt(backend);
    await third.registry.offer(await examplePackage("other", 1), { actor: ivan });
    expect(await third.registry.importFrom(onward, { actor: otto })).toMatchObject({ restored: false, versions: 4 });
    expect(await third.registry.version("churn:4")).toMatchObject({ createdBy: "dana", imported: { by: "otto" } });
    expect(await third.approvals.get(done)).toMatchObject({ imported: { by: "otto", version: 1 } });
    expect((await listForeign(third.registry.database, { actor: "Anna" })).map((f) => f.importedBy)).toEqual(["otto", "otto", "otto"]);
    expect((await third.registry.verify()).problems).toEqual([]);
  }, 180_000);

  it.skipIf(!backend.there)("some models bring their requests and what the log told of them, and no webhooks", async () => {
    const from = await openAt(backend);
    const { asked } = await fill(from);
    await from.registry.offer(await examplePackage("credit", 1), { actor: otto });
    const at = join(folder, `export-${count++}`);
    await from.registry.exportTo(at, { models: ["churn"], actor: root });
    const to = await openAt(backend);
    expect(await to.registry.importFrom(at, { actor: ivan })).toMatchObject({ restored: false, versions: 2, companions: { approvals: 6 } });
    expect(await to.webhooks.list()).toEqual([]);
    expect(await to.approvals.get(asked)).toMatchObject({ version: 2, imported: { by: "ivan", version: 2 } });
    const told = await listForeign(to.registry.database, { limit: 1000 });
    expect(new Set(told.map((f) => f.entry.model))).toEqual(new Set(["churn"]));
    expect(told.map((f) => f.entry.action)).toContain("version.removed");
    expect((await to.registry.verify()).problems).toEqual([]);
  }, 120_000);

  it.skipIf(backend !== backends[0])("an export that an earlier version wrote is read", async () => {
    const from = await openAt(backend);
    const { done } = await fill(from);
    const at = join(folder, `export-${count++}`);
    await from.registry.exportTo(at, { actor: root });
    const { history: _, companions: { webhooks: __, approvals: rows }, ...tables } = JSON.parse(readFileSync(join(at, "registry.json"), "utf8")) as { history: object; companions: Record<string, Record<string, object[]>> };
    const plain = (list: object[]): object[] => list.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith("imported") && key !== "origin_version")));
    const earlier = Object.fromEntries(Object.entries(tables).map(([key, value]) => [key, Array.isArray(value) ? plain(value as object[]) : value]));
    writeFileSync(join(at, "registry.json"), JSON.stringify({ ...earlier, companions: { approvals: Object.fromEntries(Object.entries(rows!).map(([table, list]) => [table, plain(list)])) } }));
    rmSync(join(at, "history.jsonl"));
    const to = await openAt(backend);
    expect(await to.registry.importFrom(at, { actor: ivan })).toMatchObject({ restored: true });
    expect(await to.approvals.get(done)).toEqual(await from.approvals.get(done));
    expect((await to.registry.verify()).problems).toEqual([]);
  }, 60_000);

  it.skipIf(backend !== backends[0])("an open request that is made out to another package than its version's is refused", async () => {
    const from = await openAt(backend);
    await from.registry.offer(await examplePackage("churn", 1), { actor: dana });
    const { digest } = await from.approvals.open({ model: "churn", version: 1, alias: "production", actor: dana });
    const at = join(folder, `export-${count++}`);
    await from.registry.exportTo(at, { models: ["churn"], actor: root });
    const tables = JSON.parse(readFileSync(join(at, "registry.json"), "utf8")) as { companions: { approvals: { requests: { digest: string }[] } } };
    const [request] = tables.companions.approvals.requests as [{ digest: string }];
    expect(request.digest).toBe(digest);
    request.digest = `sha256:${"0".repeat(64)}`;
    writeFileSync(join(at, "registry.json"), JSON.stringify(tables));
    const to = await openAt(backend);
    expect(await code(to.registry.importFrom(at, { actor: root }))).toBe("registry-export");
    expect(await to.approvals.list()).toEqual([]);
  }, 60_000);

  // Tables and files are the same on every pair; once is enough.
  it.skipIf(backend !== backends[0])("what was changed on the way or afterwards is refused or found", async () => {
    const from = await openAt(backend);
    const { done, hook } = await fill(from);
    const at = join(folder, `export-${count++}`);
    await from.registry.exportTo(at, { models: ["churn"], actor: root });
    const [tables, history] = [readFileSync(join(at, "registry.json"), "utf8"), readFileSync(join(at, "history.jsonl"), "utf8")];
    const changes: readonly (readonly [string, string, string, string])[] = [
      ["whose decision it is", tables.replace('"owner": "anna"', '"owner": "eva"').replace('"person": "Anna"', '"person": "Eva"'), history, "registry-export"],
      ["what was decided", tables.replaceAll('"decision": "approve"', '"decision": "reject"'), history, "registry-export"],
      ["what is told of a decision", tables.replace('"decision": "approve"', '"decision": "reject"'), history, "registry-export"],
      ["who offered it", tables.replace('"createdBy": "dana",\n   "sourceName"', '"createdBy": "eva",\n   "sourceName"'), history, "registry-export"],
      ["the gate's word", tables.replace('"passed": true', '"passed": false'), history, "registry-export"],
      ["a request's state", tables.replace('"state": "promoted"', '"state": "done"'), history, "registry-export"],
      ["when it was closed", tables.replace(/"closed_at": "\d{4}/, '"closed_at": "x'), history, "registry-export"],
      ["the history", tables, history.replace("dana", "eva"), "registry-export"],
      ["an entry of the history that is told rightly", tables.replace(/("history": \{\s+"entries": \d+,\s+"digest": ")[^"]+/, `$1sha256:${await sha256(history.replace("looks good", "looks bad"))}`), history.replace("looks good", "looks bad"), "audit-broken"],
    ];
    for (const [what, json, lines, wanted] of changes) {
      expect(json !== tables || lines !== history, what).toBe(true);
      writeFileSync(join(at, "registry.json"), json);
      writeFileSync(join(at, "history.jsonl"), lines);
      const other = await openAt(backend);
      expect(await code(other.registry.importFrom(at, { actor: root })), what).toBe(wanted);
      expect(await other.registry.models(), what).toEqual([]);
    }
    writeFileSync(join(at, "registry.json"), tables);
    writeFileSync(join(at, "history.jsonl"), history);
    const to = await openAt(backend);
    await to.registry.importFrom(at, { actor: ivan });
    for (const [sql, where] of [
      ["update versions set created_by = 'ivan' where version = 1", "churn:1"],
      ["update decisions set imported_by = null where id in (select id from decisions order by id limit 1)", "decision"],
      ["update person_keys set imported_by = null", "key"],
      [`update requests set state = 'open' where id = '${done}'`, `request ${done}`],
      [`insert into webhooks (id, url, events, description, secret, state, note, position, failures, created_at, created_by) values ('${hook}', 'https://x.example', '["*"]', '', '', 'disabled', '', 0, 0, '', '')`, `webhook ${hook}`],
      ["update attachments set summary = '{\"passed\":false}' where kind = 'gate-report'", "churn:2, attachment"],
      ["drop trigger audit_foreign_no_update; update audit_foreign set actor = 'eva' where action = 'version.removed'", "entry"],
      ["drop trigger audit_foreign_no_delete; delete from audit_foreign where action = 'version.removed'", "the history that came with"],
    ] as const) {
      for (const statement of sql.split("; ")) await to.registry.database.query(statement);
      expect((await to.registry.verify()).problems.map((p) => p.where).some((w) => w.startsWith(where)), sql).toBe(true);
    }
  }, 120_000);
});

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("hex");
}
