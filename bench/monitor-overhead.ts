// What watching costs a server: `slipway serve` with the monitor as it is by default, beside the same with --monitor-off. Two
// servers of each kind stand side by side and take turns in short rounds (off, on, on, off); a pair of rounds gives one ratio,
// and the median of all ratios is told, as the noise of other work on the machine falls on both sides alike.
//   node --conditions=@slipway/source bench/monitor-overhead.ts PYTHON [--seconds 1] [--rounds 40] [--rows 1,64]
// PYTHON has scikit-learn and pandas, and makes the model: 20 numbers and 4 texts, boosting. The load comes from wrk.
//   ... bench/monitor-overhead.ts --package FILE.slip --bodies FILE.json: another package instead; the file is a list of bodies

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, needWrk, wrk } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: "string", default: "1" }, rounds: { type: "string", default: "40" }, rows: { type: "string", default: "1,64" }, package: { type: "string" }, bodies: { type: "string" } } });
const python = positionals[0];
const given = values.package === undefined || values.bodies === undefined ? undefined : { file: values.package, bodies: (JSON.parse(readFileSync(values.bodies, "utf8")) as unknown[]).map((body) => Buffer.from(JSON.stringify(body))) };
if (python === undefined && given === undefined) throw new Error("PYTHON, or --package and --bodies, are needed");
needWrk();
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
const bin = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));
const SERVERS = 2;
const BODIES = 16;

interface Contender {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}
async function start(args: readonly string[]): Promise<Contender> {
  const child = spawn("taskset", ["-c", "0", process.execPath, bin, "serve", given?.file ?? join(folder, "model.slip"), "--port", "0", "--json", "--log-level", "error", "--drain-ms", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of child.stdout) {
    text += String(piece);
    const url = /"url":\s*"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return { url, pid: child.pid!, stop: () => new Promise((resolve) => { child.once("exit", () => resolve()); child.kill("SIGTERM"); }) };
  }
  throw new Error(`the server did not start: ${text}`);
}
/** Of all its threads, by the scheduler's own clock. */
function cpuMicroseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1000, 0);
}
interface Round {
  /** Microseconds of processor time a request. */
  readonly cpu: number;
  readonly rps: number;
}
async function round(c: Contender, bodies: readonly Buffer[], seconds: number): Promise<Round> {
  const before = cpuMicroseconds(c.pid);
  const { rps, failed } = await wrk({ url: `${c.url}/predict`, bodies, connections: 16, seconds });
  if (failed > rps * seconds * 0.01) throw new Error(`${failed} requests failed`);
  return { cpu: (cpuMicroseconds(c.pid) - before) / (rps * seconds), rps };
}

try {
  if (python !== undefined) execFileSync(python, [fileURLToPath(new URL("monitor_model.py", import.meta.url)), folder]);
  if (python !== undefined) execFileSync(process.execPath, [bin, "pack", join(folder, "model.pkl"), "--training", join(folder, "rows.json"), "--name", "table", "--version", "1.0.0", "-o", join(folder, "model.slip")], { stdio: ["ignore", "ignore", "inherit"] });
  const rows = python === undefined ? [] : (JSON.parse(readFileSync(join(folder, "rows.json"), "utf8")) as object[]);
  const [off, on] = [await Promise.all(Array.from({ length: SERVERS }, () => start(["--monitor-off"]))), await Promise.all(Array.from({ length: SERVERS }, () => start([])))];
  for (const count of given === undefined ? values.rows.split(",").map(Number) : [NaN]) {
    const bodies = given?.bodies ?? Array.from({ length: BODIES }, (_, i) => Buffer.from(JSON.stringify(rows.slice(i * count, (i + 1) * count))));
    for (const c of [...off, ...on]) await round(c, bodies, 4);
    const pairs: (readonly [off: Round, on: Round])[] = [];
    for (let i = 0; i < Number(values.rounds); i++) {
      const [a, b] = [off[i % SERVERS]!, on[Math.floor(i / 2) % SERVERS]!];
      const first = i % 2 === 0 ? await round(a, bodies, Number(values.seconds)) : undefined;
      const watched = await round(b, bodies, Number(values.seconds));
      pairs.push([first ?? await round(a, bodies, Number(values.seconds)), watched]);
    }
    const [cpu, rps] = [pairs.map(([a, b]) => b.cpu / a.cpu), pairs.map(([a, b]) => b.rps / a.rps)];
    const spread = (list: readonly number[]): string => { const s = list.toSorted((a, b) => a - b); return `${s[Math.floor(s.length / 4)]!.toFixed(3)} to ${s[Math.floor((3 * s.length) / 4)]!.toFixed(3)}`; };
    console.log(`${given?.file ?? `${count} rows a request`}: processor time a request ${median(pairs.map(([a]) => a.cpu)).toFixed(1)} us without, ${median(pairs.map(([, b]) => b.cpu)).toFixed(1)} with; ratio ${median(cpu).toFixed(3)} (half of the pairs ${spread(cpu)}); requests a second ${median(pairs.map(([a]) => a.rps)).toFixed(0)} without, ratio ${median(rps).toFixed(3)} (${spread(rps)})`);
  }
  await Promise.all([...off, ...on].map((c) => c.stop()));
} finally {
  rmSync(folder, { recursive: true });
}
