// Requests a second of `slipway serve`, side by side in one run with the limit of the platform, a bare node:http server
// that parses the same JSON and writes it back, in rounds that take turns.
//   node --conditions=@slipway/source bench/serve.ts MODEL BODY.json [--connections 16] [--seconds 3] [--rounds 3]
//        [--path /predict] [--arg "--placement=thread"] [--peer 'NAME=URL'] ...
// The load comes from wrk (Debian's package); the server and the load are pinned to a core each. BODY.json is one request.
// --peer measures a server that runs already, so that others can be in the same rounds.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, needWrk, wrk, type Measured } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "16" }, seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "3" }, path: { type: "string", default: "/predict" },
    arg: { type: "string", multiple: true, default: [] }, peer: { type: "string", multiple: true, default: [] }, cores: { type: "string", default: "0" }, json: { type: "boolean", default: false },
  },
});
const [model, bodyFile] = positionals;
if (model === undefined || bodyFile === undefined) throw new Error("MODEL and BODY.json are needed");
needWrk();
const body = readFileSync(bodyFile);
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

function load(contender: Contender, seconds: number): Promise<Measured> {
  const url = contender.name.startsWith("slipway") ? contender.url + values.path : contender.url;
  return wrk({ url, pid: contender.pid, bodies: [body], connections: Number(values.connections), seconds });
}
for (const contender of contenders) await load(contender, 1);
const rounds = new Map<string, Measured[]>(contenders.map((c) => [c.name, []]));
for (let i = 0; i < Number(values.rounds); i++) for (const c of contenders) rounds.get(c.name)!.push(await load(c, Number(values.seconds)));
await Promise.all(contenders.map((c) => c.stop()));
rmSync(folder, { recursive: true });

const of = (name: string, key: keyof Measured): number => median(rounds.get(name)!.map((r) => r[key]));
const rows = contenders.map(({ name }) => ({
  name, "requests/s": Math.round(of(name, "rps")), "of echo": Number(median(rounds.get(name)!.map((r, i) => r.rps / rounds.get("node:http echo")![i]!.rps)).toFixed(2)),
  "cpu us": Number(of(name, "cpu").toFixed(1)), "cpu of echo": Number((of("node:http echo", "cpu") / of(name, "cpu")).toFixed(2)), "p50 ms": Number(of(name, "p50").toFixed(3)), "p99 ms": Number(of(name, "p99").toFixed(3)), "p99 of echo": Number((of(name, "p99") / of("node:http echo", "p99")).toFixed(2)), failed: rounds.get(name)!.reduce((n, r) => n + r.failed, 0),
}));
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
