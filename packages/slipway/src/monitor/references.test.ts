// References made from traffic: they take the profile's place, have numbers, and give it back.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AUDIT_MIGRATIONS, hasAudit, listAudit, verifyAudit, type Actor } from "../audit/index.ts";
import { migrate, openDatabase } from "../database/index.ts";
import { testDatabases } from "../../../../scripts/testing-databases.ts";
import { inject, type InjectedAnswer } from "../server/testing.ts";
import { changeReference, MonitorStore, type ReferenceAnswer, type ReferenceRequest } from "./index.ts";
import { loanRows, START, watchedApp } from "./testing.ts";

const databases = testDatabases("references");
const { folder, real } = databases;
const MINUTE = 60_000;
const who: Actor = { name: "olga", roles: ["operator"], groups: [], how: "key" };

describe.each(["sqlite", "postgres"])("on %s", (dialect) => {
  it.skipIf(dialect === "postgres" && !real)("what was drift beside the profile is usual beside a healthy period, and the other way round", async () => {
    const url = dialect === "sqlite" ? `sqlite:${join(folder, "a.db")}` : databases.postgres.create("from_traffic");
    const watched = await watchedApp({ store: () => MonitorStore.open(url) });
    const state = async (): Promise<string> => ((await watched.get("/models/loan?hours=1")).json() as { state: string }).state;
    const change = (request: ReferenceRequest): Promise<ReferenceAnswer> => changeReference(watched.monitor, "loan", request, who);
    try {
      // People are older than those of the training, and nothing is wrong with that.
      for (let k = 0; k < 6; k++) {
        watched.clock.now = START + 10 * k * MINUTE;
        await watched.ask(loanRows(400, k, 53));
      }
      expect(await state()).toBe("drift");
      const made = await change({ from: new Date(START).toISOString(), to: new Date(START + 60 * MINUTE).toISOString() });
      expect(made).toMatchObject({ model: "loan", reference: { number: 1, rows: 2400, from: new Date(START).toISOString(), to: new Date(START + 60 * MINUTE).toISOString() } });
      watched.clock.now += 70 * MINUTE;
      for (let k = 0; k < 3; k++) {
        watched.clock.now += 10 * MINUTE;
        await watched.ask(loanRows(400, 20 + k, 53));
      }
      const view = (await watched.get("/models/loan?hours=1")).json() as { state: string; trafficReference: object; columns: readonly { name: string; mean: readonly number[] }[] };
      expect(view).toMatchObject({ state: "ok", referenceRows: 2400, trafficReference: { number: 1 } });
      expect(view.columns.find((c) => c.name === "age")!.mean[1]).toBeCloseTo(53, 0);
      // Who comes as in the training is unusual now.
      for (let k = 0; k < 3; k++) {
        watched.clock.now += 10 * MINUTE;
        await watched.ask(loanRows(400, 30 + k));
      }
      expect(await state()).toBe("drift");
      expect(await change({})).toMatchObject({ reference: null });
      expect(await state()).toBe("ok");
      expect(await change({ from: new Date(watched.clock.now - 30 * MINUTE).toISOString() })).toMatchObject({ reference: { number: 3 } });
      for (const bad of [{ from: "soon" }, { from: "2026-03-02", to: "2026-03-01" }, { from: "2020-01-01", to: "2020-01-02" }]) await expect(change(bad)).rejects.toMatchObject({ code: "monitor-reference" });
      expect((await inject(watched.app, { method: "POST", url: "/api/v1/monitor/models/loan/reference", payload: "{}" })).errorCode).toBe("credentials-missing");
    } finally {
      await watched.close();
    }
  }, 60_000);
});

it("by HTTP, what is misspelt or no text changes nothing", async () => {
  const watched = await watchedApp({ server: { auth: { anonymous: "admin", administration: "any-port" } } });
  const change = (payload: string): Promise<InjectedAnswer> => inject(watched.app, { method: "POST", url: "/api/v1/monitor/models/loan/reference", payload });
  const number = async (): Promise<number | undefined> => ((await watched.get("/models/loan?hours=1")).json() as { trafficReference: { number: number } | null }).trafficReference?.number;
  try {
    await watched.ask(loanRows(400, 1));
    expect((await change(JSON.stringify({ from: new Date(START).toISOString() }))).json()).toMatchObject({ reference: { number: 1, rows: 400 } });
    for (const bad of ['{"form": "2026-03-02T10:00:00Z"}', '{"from": 1772445600000}', '{"from": null}', '["from"]', '{"from', "", "5"]) expect((await change(bad)).errorCode, bad).toBe("monitor-reference");
    expect(await number()).toBe(1);
    expect((await change("{}")).json()).toMatchObject({ reference: null });
    expect(await number()).toBeUndefined();
  } finally {
    await watched.close();
  }
}, 60_000);

it.each(["the store's own database", "another one"])("is told in the audit log of %s, once for each change, and not where it failed", async (where) => {
  const database = await openDatabase("sqlite::memory:");
  await migrate(database, "audit", AUDIT_MIGRATIONS);
  const own = where.startsWith("the store");
  const watched = await watchedApp({ store: () => (own ? MonitorStore.over(database) : MonitorStore.open("sqlite::memory:")), options: { audit: database }, server: { auth: { anonymous: "admin", administration: "any-port" } } });
  const change = (payload: string): Promise<InjectedAnswer> => inject(watched.app, { method: "POST", url: "/api/v1/monitor/models/loan/reference", payload });
  try {
    await watched.ask(loanRows(400, 1));
    expect((await change('{"from": "2020-01-01", "to": "2020-01-02"}')).errorCode).toBe("monitor-reference");
    expect((await change(JSON.stringify({ from: new Date(START).toISOString() }))).statusCode).toBe(200);
    await changeReference(watched.monitor, "loan", {}, who);
    const { digest } = (await watched.get("/models/loan")).json() as { digest: string };
    expect((await listAudit(database)).map(({ actor, action, model, version, detail }) => ({ actor, action, model, version, detail }))).toEqual([
      { actor: "anonymous", action: "monitor.reference", model: "loan", version: null, detail: { served: "1.2.0", digest, reference: { number: 1, from: new Date(START).toISOString(), to: new Date(START + 10 * MINUTE).toISOString(), rows: 400 } } },
      { actor: "olga", action: "monitor.reference", model: "loan", version: null, detail: { served: "1.2.0", digest, reference: null } },
    ]);
    expect(await verifyAudit(database)).toMatchObject({ entries: 2 });
    expect([await hasAudit(database), await hasAudit((await watched.monitor.store()).database)]).toEqual([true, own]);
  } finally {
    await watched.close();
    await database.close();
  }
}, 60_000);
