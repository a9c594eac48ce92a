// Labels from a database, SQLite and a real Postgres: again and again only what is new, and nothing twice.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { testDatabases } from "../../../../../scripts/testing-databases.ts";
import { openDatabase } from "../../database/index.ts";
import { MonitorStore } from "../../monitor/index.ts";

const bin = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
const databases = testDatabases("labels");
const { folder, real } = databases;

async function labels(args: readonly string[]): Promise<{ readonly status: number; readonly out: string }> {
  return promisify(execFile)(process.execPath, [bin, "monitor", "labels", ...args, "--json"], { cwd: folder }).then(
    ({ stdout }) => ({ status: 0, out: stdout }), (error: { readonly code: number; readonly stderr: string; readonly stdout: string }) => ({ status: error.code, out: error.stderr + error.stdout }));
}

describe.each(["sqlite", "postgres"])("from %s", (dialect) => {
  it.skipIf(dialect === "postgres" && !real)("come once, as they grow", async () => {
    const [shop, store] = dialect === "sqlite" ? [`sqlite:${join(folder, "shop.db")}`, join(folder, "store.db")] : [databases.postgres.create("shop"), databases.postgres.create("labels")];
    await (await MonitorStore.open(dialect === "sqlite" ? `sqlite:${store}` : store)).close();
    const database = await openDatabase(shop);
    try {
      await database.query("create table outcomes (customer_id text, outcome text, decided_at text)");
      const decided = async (id: string, outcome: string, at: string | null): Promise<void> => void await database.query("insert into outcomes values ($1, $2, $3)", [id, outcome, at]);
      await decided("a", "stays", "2026-03-01 10:00");
      await decided("b", "leaves", "2026-03-01 11:00");
      await decided("c", "leaves", null);
      const args = ["--from", shop, "--query", "select customer_id, outcome, decided_at from outcomes", "--key-column", "customer_id", "--label-column", "outcome", "--watermark", "decided_at", "--store", store];
      const run = async (): Promise<Record<string, unknown>> => JSON.parse((await labels(args)).out) as Record<string, unknown>;
      expect(await run()).toMatchObject({ labels: 2, new: 2, watermark: "2026-03-01 11:00", without: 1 });
      expect(await run()).toMatchObject({ labels: 0, watermark: null });
      await decided("a", "leaves", "2026-03-02 09:00");
      await decided("d", "stays", "2026-03-02 10:00");
      expect(await run()).toMatchObject({ labels: 2, new: 1, corrected: 1, watermark: "2026-03-02 10:00" });
      // Without a watermark all rows come, and those that are known change nothing.
      expect(JSON.parse((await labels(["--from", `${shop}?table=outcomes`, "--key-column", "customer_id", "--label-column", "outcome", "--store", store])).out)).toMatchObject({ labels: 5, new: 1 });
      const kept = await openDatabase(dialect === "sqlite" ? `sqlite:${store}` : store);
      expect((await kept.query<{ ref: string; label: string }>("select ref, label from monitor_labels order by ref")).map((r) => [r.ref, r.label])).toEqual([["a", "leaves"], ["b", "leaves"], ["c", "leaves"], ["d", "stays"]]);
      await kept.close();
    } finally {
      await database.close();
    }
  }, 120_000);
});

describe("a source of labels", () => {
  it("that is no database, or whose watermark has no place, is refused with what to do", async () => {
    const file = await labels(["--from", "labels.csv"]);
    expect(file).toMatchObject({ status: 2, out: expect.stringContaining("monitor feedback FILE") });
    const server = await labels(["--from", "sqlite:shop.db?table=outcomes", "--watermark", "at", "--server", "http://127.0.0.1:1"]);
    expect(server).toMatchObject({ status: 2, out: expect.stringContaining("--store") });
  }, 60_000);
});
