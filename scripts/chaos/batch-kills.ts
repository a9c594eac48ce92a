// Batch runs killed with SIGKILL at random moments and gone on with, each compared by digest with one that was left alone.
//   node --conditions=@slipway/source scripts/chaos/batch-kills.ts MODEL INPUT [RUNS] [csv|jsonl|parquet]
// RUNS: so many that were killed at least once (200). Ends by itself; everything is in a temporary folder.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedCommand } from "../../bench/shared/installed.ts";

const [model, input, runs = "200", format = "csv"] = process.argv.slice(2);
if (model === undefined || input === undefined) throw new Error("MODEL and INPUT are needed");
const folder = mkdtempSync(join(tmpdir(), "slipway-kills-"));
const bin = await installedCommand(folder);

/** Milliseconds after which it is killed; undefined: never. Gives its exit status, null where it was killed, and what it said. */
function run(out: string, killAfter: number | undefined): Promise<{ status: number | null; said: string }> {
  const child = spawn(process.execPath, [bin, "batch", model!, "--in", input!, "--out", out, "--shard-mb", "1", "--resume"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  return new Promise((resolve) => child.once("close", (status) => {
    clearTimeout(timer);
    resolve({ status, said });
  }));
}
async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

try {
  const began = performance.now();
  const alone = join(folder, `alone.${format}`);
  const first = await run(alone, undefined);
  if (first.status !== 0) throw new Error(first.said);
  const wholeMs = performance.now() - began;
  const expected = await digest(alone);
  let same = 0;
  let kills = 0;
  let killed = 0;
  for (let i = 0; killed < Number(runs); i++) {
    const out = join(folder, `run-${i}.${format}`);
    const before = kills;
    for (;;) {
      const { status, said } = await run(out, Math.random() < 0.8 ? Math.random() * wholeMs * 1.2 : undefined);
      if (status === 0) break;
      if (status !== null) throw new Error(`run ${i}: exit ${status}: ${said}`);
      kills++;
    }
    if ((await digest(out)) !== expected) throw new Error(`run ${i} differs`);
    if (existsSync(`${out}.parts`)) throw new Error(`run ${i} left its parts`);
    same++;
    for (const path of [out, `${out}.run.json`]) rmSync(path, { force: true });
    if (kills > before && ++killed % 20 === 0) console.error(`${i + 1} runs, ${killed} of them killed, ${kills} kills, ${same} the same`);
  }
  console.log(JSON.stringify({ runs: same, killed, kills, wholeMs: Math.round(wholeMs) }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
