// The image of a tabular model beside what is usual: FastAPI with scikit-learn, BentoML and MLflow in virtual environments, the
// same model.
//   node --conditions=@slipway/source bench/image.ts PYTHON [--bentoml PYTHON] [--mlflow PYTHON] [--runs 7] [--json]
// PYTHON is that of a virtual environment with fastapi, uvicorn, scikit-learn, pandas and joblib; those of the others have
// bentoml or mlflow beside these. Sizes are compressed with gzip: the image's layers as they are pulled, with its base; an
// environment's site-packages with the interpreter's own library, which is less than a python:3-slim image has. Starts are
// from the process to the first correct answer, all as plain processes, taking turns: the image's own Node and files
// unpacked, uvicorn, \`bentoml serve\`, \`mlflow models serve\` (without an environment of its own, which it would install).

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { processTree } from "./shared/process-tree.ts";
import { median } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { bentoml: { type: "string" }, mlflow: { type: "string" }, runs: { type: "string", default: "7" }, json: { type: "boolean", default: false } } });
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
writeFileSync(join(folder, "service.py"), `
import bentoml, joblib, pandas
@bentoml.service
class Churn:
    def __init__(self):
        self.model = joblib.load(${JSON.stringify(example)})
    @bentoml.api
    def predict(self, row: dict) -> dict:
        return {"label": str(self.model.predict(pandas.DataFrame([row]))[0])}
`);
if (values.mlflow !== undefined) execFileSync(values.mlflow, ["-c", `import joblib, mlflow.sklearn; mlflow.sklearn.save_model(joblib.load(${JSON.stringify(example)}), "mlmodel", serialization_format="pickle")`], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
const pathsOf = (program: string): string[] => execFileSync(program, ["-c", "import sysconfig; p = sysconfig.get_paths(); print(p['purelib']); print(p['stdlib'])"], { encoding: "utf8" }).trim().split("\n");
const compressed = (path: string, ...more: string[]): number => Number(execFileSync("bash", ["-o", "pipefail", "-c", 'tar -C "$0" "${@:1}" -cf - . | gzip -6 | wc -c', path, ...more], { encoding: "utf8" }));
const environmentSize = (program: string): number => {
  const [site, stdlib] = pathsOf(program) as [string, string];
  return compressed(site) + compressed(stdlib, "--exclude=site-packages", "--exclude=test");
};

const ROW = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: 0 };
interface Contender {
  readonly bytes: number;
  readonly program: string;
  readonly args: (port: number) => readonly string[];
  readonly env: (port: number) => NodeJS.ProcessEnv;
  readonly path: string;
  readonly body: object;
}
const own = (program: string): NodeJS.ProcessEnv => ({ PATH: `${dirname(program)}:${process.env["PATH"]}`, HOME: folder, BENTOML_DO_NOT_TRACK: "True", MLFLOW_DISABLE_TELEMETRY: "true" });
const { bentoml, mlflow } = values;
const contenders: Readonly<Record<string, Contender>> = {
  slipway: { bytes: told.platforms[0].bytes, program: join(rootfs, "usr/local/bin/node"), args: () => [join(rootfs, "opt/slipway/container.js"), "serve"], env: (port) => ({ PORT: String(port), SLIPWAY_HOST: "127.0.0.1", SLIPWAY_DRAIN_MS: "0", _SLIPWAY_IMAGE_ROOT: rootfs }), path: "/predict", body: ROW },
  fastapi: { bytes: environmentSize(python), program: python, args: (port) => ["-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "warning"], env: () => own(python), path: "/predict", body: ROW },
  ...(bentoml === undefined ? {} : { bentoml: { bytes: environmentSize(bentoml), program: bentoml, args: (port: number) => ["-m", "bentoml", "serve", "service:Churn", "--host", "127.0.0.1", "--port", String(port)], env: () => own(bentoml), path: "/predict", body: { row: ROW } } }),
  ...(mlflow === undefined ? {} : { mlflow: { bytes: environmentSize(mlflow), program: mlflow, args: (port: number) => ["-m", "mlflow", "models", "serve", "-m", "mlmodel", "--env-manager", "local", "-h", "127.0.0.1", "-p", String(port)], env: () => own(mlflow), path: "/invocations", body: { dataframe_records: [ROW] } } }),
};

async function start(name: string): Promise<number> {
  const port = await freePort();
  const contender = contenders[name]!;
  const began = performance.now();
  // A group of its own: some start processes that do the work.
  const child = spawn(contender.program, contender.args(port), { cwd: folder, env: contender.env(port), stdio: "ignore", detached: true });
  try {
    for (;;) {
      const { status, text } = await ask(port, contender);
      if (status === 200 && text.includes('"stays"')) return performance.now() - began;
      // Not ready yet is said in several ways.
      if (status !== 0 && status !== 502 && status !== 503) throw new Error(`${name} answers ${text.slice(0, 300)}`);
      if (child.exitCode !== null || performance.now() - began > 60_000) throw new Error(`${name} does not start`);
      await pause(5);
    }
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null) {
      // BentoML's workers make groups of their own.
      for (const pid of processTree(child.pid).reverse()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
      await ended;
    }
  }
}

/** Status 0 where nothing listens yet. */
function ask(port: number, { path, body }: Contender): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path, method: "POST", headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece)).on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on("error", () => resolve({ status: 0, text: "" }));
    asked.end(JSON.stringify(body));
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

const times: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let i = 0; i <= Number(values.runs); i++) {
  for (const name of Object.keys(contenders)) {
    const ms = await start(name);
    // The first of each reads its files from the disk.
    if (i > 0) times[name]!.push(ms);
  }
}
rmSync(folder, { recursive: true });
const rows = Object.entries(contenders).map(([name, { bytes }]) => ({ name, megabytes: Number((bytes / 1e6).toFixed(1)), startMs: Math.round(median(times[name]!)), fastestMs: Math.round(Math.min(...times[name]!)) }));
const [ours, ...others] = rows as [(typeof rows)[number], ...(typeof rows)[number][]];
const part = (a: number, b: number): number => Number((a / b).toFixed(3));
const ratios = { modelLayer: told.platforms[0].layers.at(-1)!.bytes, ours: Object.fromEntries(others.map((o) => [`of ${o.name}`, { size: part(ours.megabytes, o.megabytes), start: part(ours.startMs, o.startMs), fastest: part(ours.fastestMs, o.fastestMs) }])) };
if (values.json) console.log(JSON.stringify({ rows, ratios }, null, 2));
else {
  console.table(rows);
  console.log(JSON.stringify(ratios, null, 2));
}
