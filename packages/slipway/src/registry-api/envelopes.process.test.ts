// Envelopes of decisions that were made while the artifact store was away, on each pair of a database and a store: kept with
// the decision, attached once when the store is back, and seen meanwhile.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backends, type Backend } from "../../../../scripts/testing-backends.ts";
import { examplePackage } from "../../../../scripts/testing-packages.ts";
import { listAudit, type Actor } from "../audit/index.ts";
import { ociError, type BlobStore } from "../oci/index.ts";
import { decide } from "./decide.ts";
import { openRegistryService, type RegistryService } from "./index.ts";

const who = (name: string): Actor => ({ name, roles: ["admin"], groups: [], how: "key" });
const [dana, anna, otto] = [who("dana"), who("anna"), who("otto")];
const folder = mkdtempSync(join(tmpdir(), "slipway-envelopes-"));
const open: RegistryService[] = [];
afterAll(() => rmSync(folder, { recursive: true }));

/** A store that can be away, as a registry behind a network that fails. */
function failing(store: BlobStore): { readonly blobs: BlobStore; away: boolean } {
  const state = { away: false, blobs: store };
  state.blobs = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => {
        if (state.away && name !== "close") return Promise.reject(ociError("oci-unavailable", "the registry does not answer"));
        return (value as (...args: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  return state;
}

describe.each(backends)("on $name", (backend: Backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(async () => {
    for (const service of open.splice(0)) {
      await service.close();
      await service.registry.close();
    }
    await backend.stop();
  }, 60_000);

  it.skipIf(!backend.there)("are attached when the store is back, once, whoever tries", async () => {
    const place = backend.place();
    const store = await place.open();
    const state = failing(store.blobs);
    const again = async (): Promise<RegistryService> => {
      const service = await openRegistryService({ database: (await place.open()).database, blobs: state.blobs, folder, background: false, secretsKey: Buffer.alloc(32, 1).toString("base64") });
      open.push(service);
      return service;
    };
    const service = await openRegistryService({ database: store.database, blobs: state.blobs, folder, background: false, secretsKey: Buffer.alloc(32, 1).toString("base64") });
    open.push(service);
    const { registry, approvals } = service;
    await registry.offer(await examplePackage("churn", 1), { actor: dana });
    const { id } = await approvals.open({ model: "churn", version: 1, alias: "production", actor: dana });
    const kinds = async (): Promise<string[]> => (await registry.attachments("churn", 1)).map((a) => `${a.kind} ${a.createdBy}`);

    state.away = true;
    const { decisions } = await decide({ registry, approvals, onError: () => undefined }, id, { decision: "approve", actor: anna, credential: "key:1" });
    expect(decisions).toMatchObject([{ person: "anna", counts: true }]);
    expect(await registry.waiting()).toMatchObject([{ id: decisions[0]!.id, model: "churn", version: 1, kind: "approval", attempts: 1, error: "the registry does not answer" }]);
    // Not asked again before its time, and then less and less often.
    const { nextAt } = (await registry.waiting())[0]!;
    expect(await registry.attachWaiting({ now: Date.parse(nextAt) - 1 })).toBe(0);
    expect(await registry.waiting()).toMatchObject([{ attempts: 1 }]);
    expect(await registry.attachWaiting({ now: Date.parse(nextAt) })).toBe(0);
    expect(await registry.waiting()).toMatchObject([{ attempts: 2, nextAt: new Date(Date.parse(nextAt) + 20_000).toISOString() }]);
    // A second decision, whose process was killed before it could try; it is the first that is asked for both.
    await approvals.decide(id, { decision: "approve", actor: otto, credential: "key:2" });
    expect(await registry.attachWaiting({ all: true })).toBe(0);
    expect((await registry.waiting()).map((w) => w.attempts)).toEqual([3, 0]);
    expect(await kinds()).toEqual([]);

    state.away = false;
    expect(await registry.verify()).toMatchObject({ problems: [], waiting: [{ attempts: 3 }, { attempts: 0 }] });
    const others = [service, await again(), await again()];
    const attached = await Promise.all(others.map((one) => one.registry.attachWaiting({ all: true })));
    expect(attached.reduce((sum, n) => sum + n, 0)).toBe(2);
    expect(await kinds()).toEqual(["approval anna", "approval otto"]);
    expect((await listAudit(registry.database)).filter((e) => e.action === "attachment.added").map((e) => [e.actor, e.how, e.detail["attachment"]])).toEqual(
      (await approvals.get(id)).decisions.map((d) => [d.person, "key", d.id]));
    const [attachment] = await registry.attachments("churn", 1);
    expect(JSON.parse(Buffer.from(await registry.readAttachment(attachment!)).toString("utf8"))).toEqual(decisions[0]!.envelope);
    expect(await registry.verify()).toMatchObject({ problems: [], waiting: [] });

    // Made before envelopes were kept, and never attached.
    await registry.database.query("delete from attachments where created_by = 'otto'");
    const later = await again();
    expect(await later.registry.waiting()).toMatchObject([{ kind: "approval", attempts: 0 }]);
    // To a version that is gone nothing is attached; it waits for the version.
    await approvals.withdraw(id, dana);
    await registry.removeVersion("churn", 1, { actor: dana });
    expect(await later.registry.attachWaiting({ all: true })).toBe(0);
    expect(await later.registry.waiting()).toEqual([]);
    await registry.offer(await examplePackage("churn", 1), { actor: dana });
    const last = await again();
    expect(await last.registry.attachWaiting({ all: true })).toBe(1);
    expect(await kinds()).toEqual(["approval anna", "approval slipway"]);

    // However many there are.
    const many = Array.from({ length: 105 }, (_, i) => ({ id: `many-${String(i).padStart(3, "0")}`, model: "churn", version: 1, kind: "approval" as const, mediaType: "application/json", title: `${i}.json`, body: JSON.stringify({ i }), summary: {}, actor: dana }));
    await registry.database.transaction(async (tx) => {
      for (const one of many) await registry.keepWaiting(one, tx);
    });
    expect(await last.registry.attachWaiting({ all: true })).toBe(105);
    expect(await last.registry.waiting()).toEqual([]);

    // Lost again, behind all those that belong to no decision.
    await registry.database.query("delete from attachments where created_by = 'anna'");
    const found = await again();
    expect(await found.registry.waiting()).toMatchObject([{ id: decisions[0]!.id, kind: "approval" }]);
    expect(await found.registry.attachWaiting({ all: true })).toBe(1);
  }, 120_000);
});
