// The same class of Python's behind `slipway serve --engine python` and behind the servers that people use for that.
//   node --conditions=@slipway/source bench/python.ts ENVS [--seconds 2] [--rounds 3]
// ENVS holds virtual environments named mlserver, bentoml and litserve, each with that package and NumPy; those that are not
// there are left out. One worker each (MLServer computes in its own process); servers take turns; wrk asks over 16 connections. Ratios are medians over rounds.

import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openPython } from "../packages/slipway/src/runtime/index.ts";
import { median, needWrk, wrk, type Measured } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: "string", default: "2" }, rounds: { type: "string", default: "3" } } });
if (positionals[0] === undefined) throw new Error("the folder with the environments is needed");
needWrk();
const envs = resolve(positionals[0]);
const here = fileURLToPath(new URL("python/", import.meta.url));
const bin = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-python-"));
const rows = Array.from({ length: 1 }, (_, r) => Array.from({ length: 20 }, (_, i) => Math.sin(r + i)));

interface Contender {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
  readonly env?: (port: number) => Record<string, string>;
  readonly path: string;
  readonly body: unknown;
}
const python = ["mlserver", "bentoml", "litserve"].map((e) => join(envs, e, "bin", "python")).find((p) => existsSync(p));
if (python === undefined) throw new Error(`there is no environment in ${envs}`);
mkdirSync(join(folder, "model"));
for (const file of ["scoring.py", "predict.py"]) cpSync(join(here, file), join(folder, "model", file));
const names = rows[0]!.map((_, i) => `x${i}`);
writeFileSync(join(folder, "check.csv"), `${names.join()}\n${rows[0]!.join()}\n`);
const digest = await openPython(join(folder, "model"), { trust: [] }).then(() => "", (e: unknown) => (e as { data: { digest: string } }).data.digest);
mkdirSync(join(folder, "mlserver"));
writeFileSync(join(folder, "mlserver", "model-settings.json"), JSON.stringify({ name: "m", implementation: "mlserver_runtime.Runtime" }));

const CONTENDERS: readonly Contender[] = [
  { name: "slipway", command: (port) => [process.execPath, bin, "serve", join(folder, "model"), "--engine", "python", "--python", python, "--python-check", join(folder, "check.csv"), "--trust", digest, "--port", String(port), "--drain-ms", "0"], path: "/predict", body: { instances: rows } },
  { name: "mlserver", command: () => [join(envs, "mlserver/bin/mlserver"), "start", join(folder, "mlserver")], env: (port) => ({ MLSERVER_HOST: "127.0.0.1", MLSERVER_HTTP_PORT: String(port), MLSERVER_GRPC_PORT: String(port + 1), MLSERVER_METRICS_PORT: String(port + 2), MLSERVER_PARALLEL_WORKERS: "0" }), path: "/v2/models/m/infer", body: { inputs: [{ name: "x", shape: [rows.length, 20], datatype: "FP64", data: rows.flat() }] } },
  { name: "bentoml", command: (port) => [join(envs, "bentoml/bin/bentoml"), "serve", "bento_service:Service", "--port", String(port), "--host", "127.0.0.1", "--working-dir", here], env: () => ({ BENTOML_DO_NOT_TRACK: "1" }), path: "/predict", body: { instances: rows } },
  { name: "litserve", command: () => [join(envs, "litserve/bin/python"), join(here, "lit_service.py")], env: (port) => ({ PORT: String(port) }), path: "/predict", body: { instances: rows } },
];
const usual = CONTENDERS.map((c) => (c.name === "slipway" ? { ...c, body: Object.fromEntries(rows[0]!.map((v, i) => [names[i], v])) } : c));

const started: { readonly c: Contender; readonly child: ChildProcess; readonly url: string; readonly rounds: Measured[] }[] = [];
try {
  let port = 18_400;
  for (const c of usual) {
    const [program, ...args] = c.command(port);
    if (!existsSync(program!)) continue;
    const child = spawn(program!, args, { cwd: here, env: { ...process.env, PYTHONPATH: here, HOME: folder, ...c.env?.(port) }, stdio: "ignore", detached: true });
    const url = `http://127.0.0.1:${port}`;
    started.push({ c, child, url, rounds: [] });
    port += 10;
    const until = performance.now() + 120_000;
    for (;;) {
      const answer = await fetch(url + c.path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(c.body) }).catch(() => undefined);
      const text = await answer?.text();
      if (answer?.ok === true && text!.includes("low")) break;
      if (performance.now() > until) throw new Error(`${c.name} does not answer: ${text ?? "no connection"}`);
      await new Promise((r) => setTimeout(r, 200));
    }
  }
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const { c, child, url, rounds } of started) {
      const found = await wrk({ url: url + c.path, pid: child.pid!, bodies: [Buffer.from(JSON.stringify(c.body))], headers: { "content-type": "application/json" }, connections: 16, seconds: Number(values.seconds), cores: "0,1" });
      if (round >= 0) rounds.push(found);
    }
  }
  const [first] = started;
  console.table(started.map(({ c, rounds }) => ({
    name: c.name, "requests/s": Math.round(median(rounds.map((r) => r.rps))), "p50 ms": Number(median(rounds.map((r) => r.p50)).toPrecision(3)), "p99 ms": Number(median(rounds.map((r) => r.p99)).toPrecision(3)),
    "slipway, times": Number(median(rounds.map((r, i) => first!.rounds[i]!.rps / r.rps)).toPrecision(3)), failed: rounds.reduce((n, r) => n + r.failed, 0),
  })));
} finally {
  for (const { child } of started) {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}
