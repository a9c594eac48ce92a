// Several replicas and one store, on SQLite and on a real Postgres: merged counts are exactly those of one process that saw
// every row, and one that is killed takes with it at most what it counted since it wrote last.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { writeSlip } from "@slipway/core/package";
import { encodeWindow } from "@slipway/core/stats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { packModel } from "../runtime/pack.ts";
import { MonitorStore } from "./index.ts";
import { loanRows, START, watchedApp } from "./testing.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-monitor-"));
const real = hasPostgres();
let postgres: TestPostgres | undefined;
const slip = join(folder, "churn.slip");
beforeAll(async () => {
  if (real) postgres = await startPostgres();
  const churn = join(root, "examples", "churn");
  const check = { file: "check.csv", text: readFileSync(join(churn, "check.csv"), "utf8") };
  const { package: packed } = await packModel(join(churn, "churn.joblib"), readFileSync(join(churn, "churn.joblib")), { check, name: "churn", version: "1.0.0" });
  writeFileSync(slip, writeSlip(packed));
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

let count = 0;
const fresh = (dialect: string): string => (dialect === "sqlite" ? `sqlite:${join(folder, `${count++}.db`)}` : postgres!.create(`monitor${count++}`));

describe.each(["sqlite", "postgres"])("on %s", (dialect) => {
  const test = it.skipIf(dialect === "postgres" && !real);

  test("counts of two replicas are exactly those of one that saw all", async () => {
    const url = fresh(dialect);
    const [a, b, whole] = [await watchedApp({ store: () => MonitorStore.open(url) }), await watchedApp({ store: () => MonitorStore.open(url) }), await watchedApp()];
    try {
      for (let k = 0; k < 12; k++) {
        for (const w of [a, b, whole]) w.clock.now = START + k * 200_000;
        const rows = [...loanRows(40, k, 40 + k), { age: 1e9, plan: k % 2 === 0 ? "pro" : "basic", member: true, note: `note ${k}` }];
        await (k % 3 === 0 ? a : b).ask(rows);
        await whole.ask(rows);
        if (k % 4 === 1) await Promise.all([a.monitor.flush(), b.monitor.flush()]);
      }
      await Promise.all([a, b, whole].map((w) => w.monitor.flush()));
      const [merged, one] = await Promise.all([a.monitor, whole.monitor].map(async (m) => {
        const store = await m.store();
        const [subject] = await store.subjects("loan");
        return (await store.windows(subject!, 0)).map((w) => [w.begins, w.counter] as const);
      }));
      // Times of requests are not the same twice; everything else is.
      for (const windows of [merged!, one!]) for (const [, counter] of windows) counter.latency.counts.fill(0);
      expect(merged!.length).toBe(4);
      expect(merged!.map(([begins, c]) => [begins, Buffer.from(encodeWindow(c)).toString("hex")])).toEqual(one!.map(([begins, c]) => [begins, Buffer.from(encodeWindow(c)).toString("hex")]));
      // One stops, and its rows become nobody's: the counts stay.
      await b.monitor.close();
      const store = await a.monitor.store();
      await store.sweep(START + 3_600_000, 30 * 86_400_000);
      const replicas = await store.database.query<{ replica: string }>("select distinct replica from monitor_windows order by replica");
      expect(replicas.map((r) => r.replica)).toEqual(["", a.monitor.id]);
      const [subject] = await store.subjects("loan");
      const after = await store.windows(subject!, 0);
      for (const { counter } of after) counter.latency.counts.fill(0);
      expect(after.map((w) => Buffer.from(encodeWindow(w.counter)).toString("hex"))).toEqual(one!.map(([, c]) => Buffer.from(encodeWindow(c)).toString("hex")));
    } finally {
      for (const w of [a, b, whole]) await w.close();
    }
  }, 30_000);

  test("a replica that is killed loses no more than what it had not written, and that is counted", async () => {
    const url = fresh(dialect);
    const served = await Promise.all([serve(url), serve(url)]);
    const sent = [0, 0];
    const csv = readFileSync(join(root, "examples/churn/new-customers.csv"));
    const ask = async (i: number): Promise<void> => {
      const answer = await fetch(`${served[i]!.url}/predict`, { method: "POST", headers: { "content-type": "text/csv" }, body: csv });
      sent[i]! += ((await answer.json()) as { predictions: unknown[] }).predictions.length;
    };
    try {
      for (let k = 0; k < 10; k++) await Promise.all([ask(0), ask(1)]);
      await sleep(700);
      const before = sent[0]!;
      for (let k = 0; k < 5; k++) await Promise.all([ask(0), ask(1)]);
      served[0]!.child.kill("SIGKILL");
      await once(served[0]!.child, "close");
      for (let k = 0; k < 5; k++) await ask(1);
      served[1]!.child.kill("SIGTERM");
      await once(served[1]!.child, "close");
      const store = await MonitorStore.open(url);
      try {
        await store.sweep(Date.now() + 60_000, 30 * 86_400_000);
        const replicas = await store.replicas();
        const [killed, ended] = [replicas.find((r) => r.state === "lost")!, replicas.find((r) => r.state === "stopped")!];
        expect(ended.rows).toBe(sent[1]);
        expect(killed.rows).toBeGreaterThanOrEqual(before);
        expect(killed.rows).toBeLessThanOrEqual(sent[0]!);
        const [subject] = await store.subjects("churn");
        const rows = (await store.windows(subject!, 0)).reduce((n, w) => n + w.counter.rows, 0);
        expect(rows).toBe(killed.rows + ended.rows);
      } finally {
        await store.close();
      }
    } finally {
      for (const { child } of served) child.kill("SIGKILL");
    }
  }, 30_000);
});

async function serve(store: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [join(root, "packages/slipway/bin/slipway.mjs"), "serve", slip, "--port", "0", "--json", "--monitor-store", store, "--monitor-interval", "200ms", "--drain-ms", "0", "--log-level", "error"], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    out += piece.toString();
    const url = /"url":\s*"([^"]+)"/.exec(out)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the server ended: ${out}`);
}
