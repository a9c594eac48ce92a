// The commands of docs/batch-many.md, with a real Postgres; what they make is what one process makes.

import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { parse } from "yaml";
import { hasPostgres, startPostgres } from "../scripts/testing-postgres.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const lines = [...readFileSync(`${root}/docs/batch-many.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const BIN = `${root}/packages/slipway/bin/slipway.mjs`;
const words = (line: string): string[] => line.split(" ").slice(1);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(!hasPostgres())("the commands of docs/batch-many.md", async () => {
  const postgres = await startPostgres();
  const env = { ...process.env, SLIPWAY_DATABASE_URL: postgres.create("batch") };
  const run = (args: readonly string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, [BIN, ...args], { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
  const worker = spawn(process.execPath, [BIN, ...words(lines[0]!)], { cwd: folder, env, stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => worker.once("close", resolve));
  try {
    copyFileSync(`${root}/examples/churn/check.csv`, join(folder, "customers.csv"));
    run(["pack", `${root}/examples/churn/churn.joblib`, "-o", "churn.slip"]);
    run(["batch", "churn.slip", "--in", "customers.csv", "--out", "alone.csv"]);
    const [, csv, parquet, job] = lines.map(words);
    expect(run(csv!).stdout).toContain("rows scored");
    expect(readFileSync(join(folder, "scores.csv"), "utf8")).toBe(readFileSync(join(folder, "alone.csv"), "utf8"));
    expect(run(parquet!).stdout).toContain("rows scored");
    expect([existsSync(join(folder, "parts/_SUCCESS")), existsSync(join(folder, "parts/_run"))]).toEqual([true, false]);
    rmSync(join(folder, "scores.csv"));
    const printed = run(job!).stdout;
    expect((parse(printed) as { kind: string }).kind).toBe("Job");
    expect(existsSync(join(folder, "scores.csv.parts"))).toBe(false);
    worker.kill("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    worker.kill("SIGKILL");
    await ended;
    await postgres.stop();
  }
}, 120_000);
