// Bulk runs by several workers over a real Postgres, of which some are killed, some suspended beyond their leases and woken,
// while Postgres is restarted and crashes; each compared by digest with a run of one process.
//   node --conditions=@slipway/source scripts/chaos/batch-workers.ts MODEL INPUT [RUNS] [csv|jsonl|parquet]
// RUNS: 20. Ends by itself; everything is in a temporary folder. Needs initdb (apt-get install postgresql).

import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../testing-postgres.ts";

const [model, input, runs = "20", format = "csv"] = process.argv.slice(2);
if (model === undefined || input === undefined) throw new Error("MODEL and INPUT are needed");
const BIN = fileURLToPath(new URL("../../packages/slipway/bin/slipway.mjs", import.meta.url));
const WORKERS = 4;
const LEASE = "2s";
/** More than the lease. */
const SUSPENDED_MS = 3000;
const folder = mkdtempSync(join(tmpdir(), "slipway-workers-"));
const postgres = await startPostgres();
const env = { ...process.env, SLIPWAY_DATABASE_URL: postgres.create("batch") };
const counts = { runs: 0, killed: 0, suspended: 0, restarts: 0, crashes: 0, same: 0 };
const state = { going: true };

function start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<number | null>; said(): string } {
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
  return { child, said: () => said, ended: new Promise((resolve) => child.once("close", (status) => resolve(status))) };
}
async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

/** One place of a worker: killed at random, suspended at random, and started anew. */
async function keepWorking(): Promise<void> {
  while (state.going) {
    const { child, ended } = start("worker", "--threads", "1");
    const worker = { alive: true };
    void ended.then(() => (worker.alive = false));
    while (worker.alive && state.going) {
      await sleep(500 + Math.random() * 4000);
      if (!worker.alive || !state.going) break;
      if (Math.random() < 0.4) {
        child.kill("SIGSTOP");
        counts.suspended++;
        await sleep(SUSPENDED_MS * (0.5 + Math.random()));
        child.kill("SIGCONT");
      } else {
        child.kill("SIGKILL");
        counts.killed++;
      }
    }
    if (worker.alive) child.kill("SIGKILL");
    await ended;
  }
}
async function troubleDatabase(): Promise<void> {
  while (state.going) {
    await sleep(3000 + Math.random() * 6000);
    if (!state.going) break;
    const crash = Math.random() < 0.5;
    await postgres.end(crash ? "kill" : "fast");
    await sleep(Math.random() * 1500);
    await postgres.start();
    counts[crash ? "crashes" : "restarts"]++;
  }
}

try {
  const alone = join(folder, `alone.${format}`);
  const first = start("batch", model, "--in", input, "--out", alone, "--shard-mb", "1");
  if (await first.ended !== 0) throw new Error(first.said());
  const expected = await digest(alone);
  const trouble = [...Array.from({ length: WORKERS }, keepWorking), troubleDatabase()];
  try {
    for (let i = 0; i < Number(runs); i++) {
      const out = join(folder, `run-${i}.${format}`);
      const submitted = start("batch", model, "--in", input, "--out", out, "--shard-mb", "1", "--on", "postgres", "--lease", LEASE, "--attempts", "100", "--resume");
      if (await submitted.ended !== 0) throw new Error(`run ${i}: ${submitted.said()}`);
      counts.runs++;
      if ((await digest(out)) !== expected || existsSync(`${out}.parts`)) throw new Error(`run ${i} differs, or left its parts`);
      counts.same++;
      for (const path of [out, `${out}.run.json`]) rmSync(path, { force: true });
      if ((i + 1) % 5 === 0) console.error(JSON.stringify(counts));
    }
  } finally {
    state.going = false;
    await Promise.allSettled(trouble);
  }
  console.log(JSON.stringify(counts));
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
