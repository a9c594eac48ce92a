// Requests and decisions in an export, on each pair of a database and a store: they come back as they were, still count, and
// are refused where they are not what the audit log tells.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSigningKey, makeApproval, signStatement, type SigningKey } from "@slipway/core/signing";
import { backends, type Backend } from "../../../../scripts/testing-backends.ts";
import { examplePackage } from "../../../../scripts/testing-packages.ts";
import type { Actor } from "../audit/index.ts";
import { Registry } from "../registry/index.ts";
import { addPersonKey, Approvals, approvalsCompanion, readPolicies, removePersonKey } from "./index.ts";

const who = (name: string, groups: readonly string[] = []): Actor => ({ name, roles: ["admin"], groups, how: "key" });
const [dana, anna, otto, root] = [who("dana"), who("Anna", ["business"]), who("otto"), who("root")];
const policies = readPolicies({ production: { approvals: 2, groups: { business: 1 }, author: false, signed: false, expires: 1_209_600_000, rollback: true } });
const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: { code?: string }) => error.code ?? String(error));
const folder = mkdtempSync(join(tmpdir(), "slipway-companion-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

interface Store {
  readonly registry: Registry;
  approvals(): Promise<Approvals>;
}

async function openStore(backend: Backend, serverKey: SigningKey): Promise<Store> {
  let approvals: Approvals | undefined;
  const registry = await Registry.open({ ...(await backend.place().open()), companions: [approvalsCompanion], guard: async (change, tx) => approvals?.guard(change, tx) });
  return { registry, approvals: async () => (approvals ??= await Approvals.open({ database: registry.database, policies, serverKey: () => Promise.resolve(serverKey) })) };
}

describe.each(backends)("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);

  it.skipIf(!backend.there)("what was asked and decided comes back with an export, counts there, and cannot be added to on the way", async () => {
    const { key: serverKey } = await generateSigningKey();
    const { key: annas } = await generateSigningKey();
    const { key: gone } = await generateSigningKey();
    const from = await openStore(backend, serverKey);
    const approvals = await from.approvals();
    for (const seed of [1, 2]) await from.registry.offer(await examplePackage("churn", seed), { actor: dana });
    await addPersonKey(from.registry.database, anna, annas.publicKey.pem);
    await addPersonKey(from.registry.database, otto, gone.publicKey.pem);
    await removePersonKey(from.registry.database, root, gone.publicKey.id, true);
    const rejected = await approvals.open({ model: "churn", version: 2, alias: "production", comment: "try it", actor: dana });
    await approvals.decide(rejected.id, { decision: "reject", actor: otto, credential: "key:1", comment: "no" });
    const { id, digest } = await approvals.open({ model: "churn", version: 1, alias: "production", actor: dana });
    const said = { decision: "approve", request: id, model: "churn", version: 1, alias: "production", person: "Anna", group: "business", comment: null, time: new Date().toISOString(), via: null } as const;
    await approvals.decide(id, { decision: "approve", as: "business", actor: anna, credential: "key:2", envelope: await signStatement(makeApproval(digest, said), [annas]) });
    await approvals.decide(id, { decision: "approve", actor: otto, credential: "key:3" });
    await approvals.comment(id, "looks good", root);
    const exported = join(folder, `export-${count++}`);
    await from.registry.exportTo(exported, { actor: root });
    expect((await from.registry.verify()).problems).toEqual([]);

    const tables = readFileSync(join(exported, "registry.json"), "utf8");
    const wrong = (from: string | RegExp, to: string): string => {
      expect(tables).toMatch(from);
      return tables.replace(from, to);
    };
    for (const [what, text] of [
      ["a decision", wrong('"decision": "reject"', '"decision": "approve"')],
      ["whose it is", wrong('"owner": "otto"', '"owner": "eva"')],
      ["a request's state", wrong('"state": "rejected"', '"state": "promoted"')],
      ["how long it is open", wrong(/"expires_at": "\d{4}/, '"expires_at": "2999')],
      ["a key that was removed", wrong(/"removed_by": "root"/, '"removed_by": null')],
      ["another key", wrong(JSON.stringify(annas.publicKey.pem), JSON.stringify(gone.publicKey.pem))],
      ["a column", wrong('"from_version": null', '"from_version": "x"')],
    ] as const) {
      writeFileSync(join(exported, "registry.json"), text);
      const other = await openStore(backend, serverKey);
      expect(await code(other.registry.importFrom(exported, { actor: root })), what).toBe("registry-export");
      await other.registry.close();
    }

    writeFileSync(join(exported, "registry.json"), tables);
    const to = await openStore(backend, serverKey);
    expect(await to.registry.importFrom(exported, { actor: root })).toMatchObject({ restored: true, left: [] });
    const there = await to.approvals();
    for (const request of [id, rejected.id]) expect(await there.get(request)).toEqual(await approvals.get(request));
    expect((await to.registry.verify()).problems).toEqual([]);
    await to.registry.setAlias("churn", "production", 1, { actor: root });
    expect(await there.get(id)).toMatchObject({ state: "promoted" });
    await to.registry.database.query("update requests set state = 'open' where id = $1", [id]);
    expect((await to.registry.verify()).problems).toEqual([{ where: `request ${id}`, message: "its row and the audit log differ: state" }]);

    for (const { registry } of [from, to]) await registry.close();
  }, 120_000);
});
