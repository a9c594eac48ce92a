// Requests a second of `slipway serve`, side by side in one run with the limit of the platform, a bare node:http server
// that parses the same JSON and writes it back, in rounds that take turns.
//   node --conditions=@slipway/source bench/serve.ts MODEL BODY.json [--connections 16] [--seconds 3] [--rounds 3]
//        [--path /predict] [--arg "--placement=thread"] [--peer 'NAME=URL'] ...
// The load comes from wrk (Debian's package); the server and the load are pinned to a core each. BODY.json is one request.
// --peer measures a server that runs already, so that others can be in the same rounds.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "16" }, seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "3" }, path: { type: "string", default: "/predict" },
    arg: { type: "string", multiple: true, default: [] }, peer: { type: "string", multiple: true, default: [] }, cores: { type: "string", default: "0" }, json: { type: "boolean", default: false },
  },
});
const [model, bodyFile] = positionals;
if (model === undefined || bodyFile === undefined) throw new Error("MODEL and BODY.json are needed");
if (spawnSync("wrk", ["--version"]).error !== undefined) throw new Error("wrk is not here: apt-get install wrk");
const body = readFileSync(bodyFile, "utf8");
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
const bin = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));

writeFileSync(join(folder, "echo.mjs"), `import { createServer } from "node:http";
createServer((q, r) => {
  const pieces = [];
  q.on("data", (d) => pieces.push(d));
  q.on("end", () => {
    const text = JSON.stringify(JSON.parse(Buffer.concat(pieces).toString()));
    r.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    r.end(text);
  });
}).listen(0, "127.0.0.1", function () { console.log(JSON.stringify({ url: "http://127.0.0.1:" + this.address().port })); });
process.on("SIGTERM", () => process.exit(0));`);
writeFileSync(join(folder, "post.lua"), `local f = io.open("${join(folder, "body.json")}", "rb")
wrk.method = "POST"
wrk.body = f:read("*a")
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end`);
writeFileSync(join(folder, "body.json"), body);

interface Contender {
  readonly name: string;
  readonly url: string;
  readonly pid?: number;
  stop(): Promise<void>;
}
async function start(name: string, args: readonly string[]): Promise<Contender> {
  const child = spawn("taskset", ["-c", values.cores, process.execPath, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of child.stdout) {
    text += String(piece);
    const url = /"url":\s*"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return { name, url, pid: child.pid!, stop: () => new Promise((resolve) => { child.once("exit", () => resolve()); child.kill("SIGTERM"); }) };
  }
  throw new Error(`${name} did not start: ${text}`);
}

const contenders: Contender[] = [
  await start("node:http echo", [join(folder, "echo.mjs")]),
  await start("slipway serve", [bin, "serve", model, "--port", "0", "--json", "--log-level", "error", "--drain-ms", "0", ...values.arg.flatMap((a) => a.split(/[ =]/))]),
  ...values.peer.map((p): Contender => ({ name: p.slice(0, p.indexOf("=")), url: p.slice(p.indexOf("=") + 1), stop: () => Promise.resolve() })),
];
const answer = await fetch(`${contenders[1]!.url}${values.path}`, { method: "POST", headers: { "content-type": "application/json" }, body });
if (answer.status !== 200) throw new Error(`slipway answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);

interface Round {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** Microseconds of processor time a request: what is left of the noise of a busy machine. */
  readonly cpu: number;
}
/** Seconds of processor time that a process has used: /proc/PID/stat, fields 14 and 15, in hundredths. */
function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
function load(contender: Contender, seconds: number): Round {
  const url = contender.name.startsWith("slipway") ? contender.url + values.path : contender.url;
  const before = cpuSeconds(contender.pid);
  const run = spawnSync("taskset", ["-c", "1", "wrk", "-t1", `-c${values.connections}`, `-d${seconds}s`, "-s", join(folder, "post.lua"), "--latency", url], { encoding: "utf8" });
  const match = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(run.stdout);
  if (match === null) throw new Error(run.stdout + run.stderr);
  const [requests, duration, p50, p99, status, broken] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  return { rps: requests / (duration / 1e6), p50: p50 / 1000, p99: p99 / 1000, failed: status + broken, cpu: ((cpuSeconds(contender.pid) - before) * 1e6) / requests };
}
for (const contender of contenders) load(contender, 1);
const rounds = new Map<string, Round[]>(contenders.map((c) => [c.name, []]));
for (let i = 0; i < Number(values.rounds); i++) for (const c of contenders) rounds.get(c.name)!.push(load(c, Number(values.seconds)));
await Promise.all(contenders.map((c) => c.stop()));
rmSync(folder, { recursive: true });

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
const of = (name: string, key: keyof Round): number => median(rounds.get(name)!.map((r) => r[key]));
const rows = contenders.map(({ name }) => ({
  name, "requests/s": Math.round(of(name, "rps")), "of echo": Number(median(rounds.get(name)!.map((r, i) => r.rps / rounds.get("node:http echo")![i]!.rps)).toFixed(2)),
  "cpu us": Number(of(name, "cpu").toFixed(1)), "cpu of echo": Number((of("node:http echo", "cpu") / of(name, "cpu")).toFixed(2)), "p50 ms": Number(of(name, "p50").toFixed(3)), "p99 ms": Number(of(name, "p99").toFixed(3)), "p99 of echo": Number((of(name, "p99") / of("node:http echo", "p99")).toFixed(2)), failed: rounds.get(name)!.reduce((n, r) => n + r.failed, 0),
}));
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
