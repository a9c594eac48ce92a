// What watching costs a server: `slipway serve` with the monitor as it is by default (and with a store), beside the same with
// --monitor-off, in rounds that take turns, by processor time a request and by requests a second.
//   node --conditions=@slipway/source bench/monitor-overhead.ts [--seconds 4] [--rounds 5] [--rows 1,16]
// The load comes from wrk (Debian's package). The model is the churn example, with a profile of a thousand rows.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { execFileSync } from "node:child_process";
import { customer } from "../scripts/testing-watched.ts";
import { median, needWrk, wrk, type Measured } from "./shared/wrk.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" }, rounds: { type: "string", default: "5" }, rows: { type: "string", default: "1,16" } } });
needWrk();
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
const bin = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));
const churn = fileURLToPath(new URL("../examples/churn/churn.joblib", import.meta.url));
writeFileSync(join(folder, "train.json"), JSON.stringify(Array.from({ length: 1000 }, () => customer())));
execFileSync(process.execPath, [bin, "pack", churn, "--training", join(folder, "train.json"), "--name", "churn", "--version", "1.0.0", "-o", join(folder, "churn.slip")], { stdio: "ignore" });

interface Contender {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}
async function start(name: string, args: readonly string[]): Promise<Contender> {
  const child = spawn("taskset", ["-c", "0", process.execPath, bin, "serve", join(folder, "churn.slip"), "--port", "0", "--json", "--log-level", "error", "--drain-ms", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of child.stdout) {
    text += String(piece);
    const url = /"url":\s*"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return { name, url, pid: child.pid!, stop: () => new Promise((resolve) => { child.once("exit", () => resolve()); child.kill("SIGTERM"); }) };
  }
  throw new Error(`${name} did not start: ${text}`);
}

try {
  const contenders = [await start("off", ["--monitor-off"]), await start("in memory", []), await start("with a store", ["--monitor-store", join(folder, "monitor.db")])];
  for (const rows of values.rows.split(",").map(Number)) {
    const bodies = Array.from({ length: 8 }, () => Buffer.from(JSON.stringify(Array.from({ length: rows }, () => customer()))));
    const load = (c: Contender, seconds: number): Promise<Measured> => wrk({ url: `${c.url}/predict`, pid: c.pid, bodies, connections: 16, seconds });
    for (const c of contenders) await load(c, 2);
    const rounds = new Map<string, Measured[]>(contenders.map((c) => [c.name, []]));
    for (let i = 0; i < Number(values.rounds); i++) for (const c of contenders) rounds.get(c.name)!.push(await load(c, Number(values.seconds)));
    const off = rounds.get("off")!;
    console.log(`${rows} rows a request`);
    console.table(contenders.map(({ name }) => {
      const of = rounds.get(name)!;
      return {
        name, "cpu us": Number(median(of.map((r) => r.cpu)).toFixed(1)), "cpu of off": Number(median(of.map((r, i) => r.cpu / off[i]!.cpu)).toFixed(3)), "least cpu of off": Number((Math.min(...of.map((r) => r.cpu)) / Math.min(...off.map((r) => r.cpu))).toFixed(3)),
        "requests/s": Math.round(median(of.map((r) => r.rps))), "requests/s of off": Number(median(of.map((r, i) => r.rps / off[i]!.rps)).toFixed(3)), failed: of.reduce((n, r) => n + r.failed, 0),
      };
    }));
  }
  await Promise.all(contenders.map((c) => c.stop()));
} finally {
  rmSync(folder, { recursive: true });
}
