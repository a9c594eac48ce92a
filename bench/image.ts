// The image of a tabular model beside what is usual: FastAPI with scikit-learn in a virtual environment, the same model.
//   node --conditions=@slipway/source bench/image.ts PYTHON [--runs 7] [--json]
// PYTHON is that of a virtual environment with fastapi, uvicorn, scikit-learn, pandas and joblib. Sizes are compressed with
// gzip: the image's layers as they are pulled, with its base; the environment's site-packages with the interpreter's own
// library, which is less than a python:3-slim image has. Starts are from the process to the first correct answer, both as
// plain processes, taking turns: the image's own Node and files unpacked, and uvicorn.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: "string", default: "7" }, json: { type: "boolean", default: false } } });
const [python] = positionals;
if (python === undefined) throw new Error("the Python of an environment with fastapi, uvicorn and scikit-learn is needed");
const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples", "churn", "churn.joblib");
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-image-"));
const slipway = (...args: string[]): string => execFileSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

slipway("pack", example, "--name", "churn", "--version", "1.0.0", "-o", "churn.slip");
const told = JSON.parse(slipway("image", "churn.slip", "-o", "layout", "--base", "host", "--json")) as { platforms: [{ bytes: number; layers: { comment: string; bytes: number }[] }] };
slipway("image", "churn.slip", "--dockerfile", "context", "--base", "host");
const rootfs = join(folder, "rootfs");
mkdirSync(rootfs);
for (const tar of execFileSync("ls", [join(folder, "context")], { encoding: "utf8" }).split("\n").filter((name) => name.endsWith(".tar"))) execFileSync("tar", ["-xf", join(folder, "context", tar), "-C", rootfs]);

writeFileSync(join(folder, "app.py"), `
import joblib, pandas
from fastapi import FastAPI
model = joblib.load(${JSON.stringify(example)})
app = FastAPI()
@app.post("/predict")
def predict(row: dict):
    return {"predictions": [{"label": str(model.predict(pandas.DataFrame([row]))[0])}]}
`);
const [site, stdlib] = execFileSync(python, ["-c", "import sysconfig; p = sysconfig.get_paths(); print(p['purelib']); print(p['stdlib'])"], { encoding: "utf8" }).trim().split("\n") as [string, string];
const compressed = (path: string, ...more: string[]): number => Number(execFileSync("bash", ["-o", "pipefail", "-c", 'tar -C "$0" "${@:1}" -cf - . | gzip -6 | wc -c', path, ...more], { encoding: "utf8" }));
const sizes = { slipway: told.platforms[0].bytes, fastapi: compressed(site) + compressed(stdlib, "--exclude=site-packages", "--exclude=test") };

const BODY = JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: 0 });
const contenders: Record<string, (port: number) => { readonly program: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }> = {
  slipway: (port) => ({ program: join(rootfs, "usr/local/bin/node"), args: [join(rootfs, "opt/slipway/container.js"), "serve"], env: { PORT: String(port), SLIPWAY_HOST: "127.0.0.1", SLIPWAY_DRAIN_MS: "0", _SLIPWAY_IMAGE_ROOT: rootfs } }),
  fastapi: (port) => ({ program: python, args: ["-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "warning"], env: { PATH: process.env["PATH"] } }),
};

async function start(name: string): Promise<number> {
  const port = await freePort();
  const { program, args, env } = contenders[name]!(port);
  const began = performance.now();
  const child = spawn(program, args, { cwd: folder, env, stdio: "ignore" });
  try {
    for (;;) {
      const text = await ask(port);
      if (text.includes('"label":"stays"') || text.includes('"label": "stays"')) return performance.now() - began;
      if (text !== "") throw new Error(`${name} answers ${text.slice(0, 300)}`);
      if (child.exitCode !== null || performance.now() - began > 60_000) throw new Error(`${name} does not start`);
      await pause(5);
    }
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    if (child.exitCode === null) await ended;
  }
}

/** What it answers; nothing where nothing listens yet. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/predict", method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece)).on("end", () => resolve(text));
    });
    asked.on("error", () => resolve(""));
    asked.end(BODY);
  });
}
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const times: Record<string, number[]> = { slipway: [], fastapi: [] };
for (let i = 0; i <= Number(values.runs); i++) {
  for (const name of Object.keys(contenders)) {
    const ms = await start(name);
    // The first of each reads its files from the disk.
    if (i > 0) times[name]!.push(ms);
  }
}
rmSync(folder, { recursive: true });
const rows = Object.keys(contenders).map((name) => ({ name, megabytes: Number((sizes[name as keyof typeof sizes] / 1e6).toFixed(1)), startMs: Math.round(median(times[name]!)), fastestMs: Math.round(Math.min(...times[name]!)) }));
const [ours, theirs] = rows as [(typeof rows)[number], (typeof rows)[number]];
const ratios = { size: Number((ours.megabytes / theirs.megabytes).toFixed(2)), start: Number((ours.startMs / theirs.startMs).toFixed(2)), fastest: Number((ours.fastestMs / theirs.fastestMs).toFixed(2)), modelLayer: told.platforms[0].layers.at(-1)!.bytes };
if (values.json) console.log(JSON.stringify({ rows, ratios }, null, 2));
else {
  console.table(rows);
  console.log(ratios);
}
