// Two `slipway up` over one real Postgres make a schedule's runs, and one of them is killed with SIGKILL in the middle of a
// run, again and again. Every run is made once, and its output is that of a run that was left alone.
//   node --conditions=@slipway/source scripts/chaos/schedule-kills.ts [KILLS] [ROWS] [workers]
// KILLS: 4 by default, each of which costs half a minute, a lease's length. With `workers` the parts are made by two
// `slipway worker` processes, of which one is killed with every server. Ends by itself; all is in a temporary folder.

import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ScheduleRun } from "../../packages/slipway/src/schedules/index.ts";
import { churnSlip } from "../testing-models.ts";
import { startPostgres } from "../testing-postgres.ts";
import { startUp, workingFolder, type Running } from "../testing-up.ts";

const [kills = "4", rows = "3000000", who] = process.argv.slice(2);
const bin = fileURLToPath(new URL("../../packages/slipway/bin/slipway.mjs", import.meta.url));
const postgres = await startPostgres();
const place = workingFolder({ root: { roles: ["admin"] } }, { schedules: { many: { model: "churn@production", input: "in.csv", output: "out/{{datetime}}.csv", every: "0 0 1 1 *", retries: 3, backoff: "1s", ids: false, keep: "none", ...(who === "workers" ? { on: "postgres" } : { threads: 1 }) } } });
const env = { SLIPWAY_DATABASE_URL: postgres.create("kills"), SLIPWAY_SECRETS_KEY: randomBytes(32).toString("base64") };
const at = (name: string): string => join(place.folder, name);
const slipway = (...args: string[]): string => execFileSync(process.execPath, [bin, ...args], { cwd: place.folder, env: { ...process.env, ...env }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

async function ask<T>(up: Running, method: string, path: string): Promise<T> {
  const answer = await fetch(`${up.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${place.keys["root"]!}`, "content-type": "application/json" }, ...(method === "GET" ? {} : { body: "{}" }) });
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.json() as T;
}

const servers: Running[] = [];
const workers: ChildProcess[] = [];
const startWorker = (): ChildProcess => spawn(process.execPath, [bin, "worker", "--threads", "1"], { env: { ...process.env, ...env }, stdio: "ignore" });
let workersKilled = 0;
try {
  writeFileSync(at("churn.slip"), await churnSlip("1.0.0"));
  const file = createWriteStream(at("in.csv"));
  file.write("contract,internet,tenure_months,monthly_charges,support_calls,senior\n");
  for (let i = 0; i < Number(rows); i++) if (!file.write(`${i % 3 === 0 ? "one year" : "month-to-month"},${i % 2 === 0 ? "dsl" : "fibre"},${i % 70},${20 + (i % 8000) / 100},${i % 5},${i % 7 === 0}\n`)) await once(file, "drain");
  file.end();
  await once(file, "close");
  slipway("registry", "push", "churn.slip", "--alias", "production");
  slipway("batch", "churn.slip", "--in", "in.csv", "--out", "alone.csv", "--no-ids", "--keep", "none");
  const expected = digest(at("alone.csv"));
  servers.push(await startUp(place.folder, [], env), await startUp(place.folder, [], env));
  if (who === "workers") workers.push(startWorker(), startWorker());
  let killed = 0;
  let tries = 0;
  let runs = 0;
  while (killed < Number(kills)) {
    const { id } = await ask<ScheduleRun>(servers[0]!, "POST", "/schedules/many/runs");
    runs++;
    let kill = true;
    for (;;) {
      const run = await ask<ScheduleRun>(servers[0]!, "GET", `/schedules/many/runs/${id}`);
      if (run.state === "succeeded") {
        tries += run.attempt;
        if (digest(resolve(place.folder, run.output!)) !== expected) throw new Error(`run ${id} differs`);
        break;
      }
      if (run.state === "failed" || run.state === "skipped") throw new Error(`run ${id}: ${run.reason}`);
      if (kill && run.state === "running" && run.percent > 5) {
        kill = false;
        // Whichever of them holds it: its process of the run ends with it.
        const held = servers.findIndex((s) => spawnSync("pgrep", ["-P", String(s.process.pid), "-f", "schedules/child/main"]).status === 0);
        servers[held]!.process.kill("SIGKILL");
        await once(servers[held]!.process, "exit");
        if (workers.length > 0) {
          const [worker] = workers.splice(0, 1, startWorker());
          worker!.kill("SIGKILL");
          workersKilled++;
        }
        servers[held] = await startUp(place.folder, [], env);
        killed++;
      }
      await sleep(200);
    }
  }
  const all = await ask<{ runs: ScheduleRun[] }>(servers[0]!, "GET", "/schedules/many/runs");
  console.log(JSON.stringify({ kills: killed, workersKilled, runs, succeeded: all.runs.filter((r) => r.state === "succeeded").length, tries, same: runs }));
} finally {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(servers.map((s) => s.stop()));
  await postgres.stop();
  place.remove();
}
