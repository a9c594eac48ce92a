// Load from wrk (Debian's package): a closed loop of POST requests that take turns among some bodies, on cores of its own.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSeconds, processTree } from "./process-tree.ts";

export interface Load {
  readonly url: string;
  /** Whose processor time is counted, with all that it started. */
  readonly pid?: number | undefined;
  readonly bodies: readonly Buffer[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** Of the load, as taskset writes them. */
  readonly cores?: string;
}

export interface Measured {
  readonly rps: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** Microseconds of processor time a request, NaN where no process is known: what is left of the noise of a busy machine. */
  readonly cpu: number;
}

export function needWrk(): void {
  if (spawnSync("wrk", ["--version"]).error !== undefined) throw new Error("wrk is not here: apt-get install wrk");
}

export async function wrk({ url, pid, bodies, headers = { "content-type": "application/json" }, connections, seconds, cores = "1" }: Load): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-wrk-"));
  try {
    bodies.forEach((body, i) => writeFileSync(join(folder, `${i}`), body));
    writeFileSync(join(folder, "post.lua"), `wrk.method = "POST"
${Object.entries(headers).map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`).join("\n")}
local requests, at = {}, 0
init = function()
  for i = 1, ${bodies.length} do
    local f = io.open("${folder}/" .. (i - 1), "rb")
    requests[i] = wrk.format(nil, nil, nil, f:read("*a"))
    f:close()
  end
end
request = function()
  at = at % ${bodies.length} + 1
  return requests[at]
end
done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end`);
    const before = cpuSeconds(processTree(pid));
    const text = await output("taskset", ["-c", cores, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", join(folder, "post.lua"), "--latency", url]);
    const used = cpuSeconds(processTree(pid)) - before;
    const match = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(text);
    if (match === null) throw new Error(text);
    const [requests, duration, p50, p99, status, broken] = match.slice(1).map(Number) as [number, number, number, number, number, number];
    return { rps: requests / (duration / 1e6), p50: p50 / 1000, p99: p99 / 1000, failed: status + broken, cpu: pid === undefined ? NaN : (used * 1e6) / requests };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.on("data", (piece) => (text += String(piece)));
  child.stderr.on("data", (piece) => (text += String(piece)));
  await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  return text;
}

export function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
}
