// Bulk runs by several workers over a real Postgres, of which some are killed, some suspended beyond their leases and woken,
// while Postgres is restarted and crashes; each compared by digest with a run of one process.
//   node --conditions=@slipway/source scripts/chaos/batch-workers.ts MODEL INPUT [RUNS] [csv|jsonl|parquet] [folder|s3]
// RUNS: 20. With s3 the output is an object in MinIO (scripts/testing-tools.sh minio), and no folder is shared. Ends by itself;
// everything is in a temporary folder. Needs initdb (apt-get install postgresql).

import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { S3Client } from "../../packages/slipway/src/batch/remote/s3/s3-client.ts";
import { readS3Config } from "../../packages/slipway/src/batch/remote/s3/s3-config.ts";
import { startMinio } from "../testing-minio.ts";
import { startPostgres } from "../testing-postgres.ts";
import { goTool } from "../testing-tools.ts";

const [model, input, runs = "20", format = "csv", storage = "folder"] = process.argv.slice(2);
if (model === undefined || input === undefined) throw new Error("MODEL and INPUT are needed");
const BIN = fileURLToPath(new URL("../../packages/slipway/bin/slipway.mjs", import.meta.url));
const WORKERS = 4;
const LEASE = "2s";
/** More than the lease. */
const SUSPENDED_MS = 3000;
const folder = mkdtempSync(join(tmpdir(), "slipway-workers-"));
const postgres = await startPostgres();
const minio = storage === "s3" ? await startMinio(goTool("minio")!, "runs") : undefined;
const env = { ...process.env, SLIPWAY_DATABASE_URL: postgres.create("batch"), ...(minio === undefined ? {} : { AWS_ENDPOINT_URL_S3: minio.endpoint, AWS_ACCESS_KEY_ID: minio.user, AWS_SECRET_ACCESS_KEY: minio.password, AWS_REGION: "us-east-1" }) };
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

async function digestOfObject(key: string): Promise<string> {
  const client = new S3Client(undefined, readS3Config(env));
  try {
    return await client.send({ method: "GET", bucket: "runs", key, expect: [200] }, async (answer) => {
      const hash = createHash("sha256");
      for await (const piece of answer.body) hash.update(piece as Buffer);
      return hash.digest("hex");
    });
  } finally {
    client.close();
  }
}
/** Uploads in parts that were begun and neither completed nor aborted. */
function uploadsIn(root: string): number {
  const begun = join(root, ".minio.sys", "multipart");
  return existsSync(begun) ? readdirSync(begun, { recursive: true, withFileTypes: true }).filter((e) => e.name === "xl.meta" || e.name === "fs.json").length : 0;
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
      const name = `run-${i}.${format}`;
      const out = minio === undefined ? join(folder, name) : `s3://runs/${name}`;
      const submitted = start("batch", model, "--in", input, "--out", out, "--shard-mb", "1", "--on", "postgres", "--lease", LEASE, "--attempts", "100", "--resume");
      if (await submitted.ended !== 0) throw new Error(`run ${i}: ${submitted.said()}`);
      counts.runs++;
      // MinIO keeps an object as a folder, and has one wherever there is something below a prefix; uploads in parts are in one of their own.
      const left = minio === undefined ? existsSync(`${out}.parts`) : existsSync(join(minio.folder, "runs", `${name}.parts`)) || uploadsIn(minio.folder) > 0;
      if ((minio === undefined ? await digest(out) : await digestOfObject(name)) !== expected || left) throw new Error(`run ${i} differs, or left its parts`);
      counts.same++;
      for (const path of minio === undefined ? [out, `${out}.run.json`] : [name, `${name}.run.json`].map((n) => join(minio.folder, "runs", n))) rmSync(path, { recursive: true, force: true });
      if ((i + 1) % 5 === 0) console.error(JSON.stringify(counts));
    }
  } finally {
    state.going = false;
    await Promise.allSettled(trouble);
  }
  console.log(JSON.stringify(counts));
} finally {
  await minio?.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
