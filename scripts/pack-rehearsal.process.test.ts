// The published packages, proven: built, packed, installed in an empty folder, and used from there.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples", "churn");
const folder = mkdtempSync(join(tmpdir(), "slipway-pack-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

const env = { ...process.env, npm_config_onnxruntime_node_install: "skip", npm_config_loglevel: "error" };

it("works when installed from its tarballs into an empty folder", async () => {
  execFileSync(join(root, "node_modules", ".bin", "tsc"), ["-b"], { cwd: root, stdio: "pipe" });
  for (const name of ["core", "edge", "slipway"]) execFileSync("npm", ["pack", "--pack-destination", folder], { cwd: join(root, "packages", name), env, stdio: "pipe" });
  const tarballs = readdirSync(folder).filter((f) => f.endsWith(".tgz")).map((f) => join(folder, f));
  expect(tarballs).toHaveLength(3);
  const app = join(folder, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{ "name": "app", "private": true, "type": "module" }');
  execFileSync("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs], { cwd: app, env, stdio: "pipe" });

  const predicted = spawnSync(process.execPath, [join(app, "node_modules", "slipway", "bin", "slipway.mjs"), "predict", join(example, "churn.joblib"), join(example, "new-customers.csv"), "--json"], { cwd: app, encoding: "utf8" });
  expect(predicted.stderr).toBe("");
  const rows = JSON.parse(predicted.stdout) as { label: string }[];
  expect(rows.map((r) => r.label)).toEqual(["stays", "leaves", "stays", "stays", "leaves"]);

  writeFileSync(join(app, "use.mjs"), `import { loadModel } from "slipway";
const model = await loadModel(${JSON.stringify(join(example, "churn.joblib"))});
const [row] = await model.predict([{ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false }]);
console.log(row.label);
await model.close();`);
  expect(execFileSync(process.execPath, ["use.mjs"], { cwd: app, encoding: "utf8" }).trim()).toBe("stays");

  // The bundle of images and ONNX Runtime's library for the platform are in what was installed.
  if (process.platform === "linux") {
    execFileSync(process.execPath, [join(app, "node_modules", "slipway", "bin", "slipway.mjs"), "image", join(example, "churn.joblib"), "--dockerfile", "context", "--base", "host", "--node", process.execPath], { cwd: app, stdio: "pipe" });
    expect(readdirSync(join(app, "context")).map((name) => name.replace(/-[\d.]+\.tar$/, ".tar"))).toEqual(expect.arrayContaining(["Dockerfile", "03-onnx-runtime.tar", "04-slipway.tar", "05-churn.tar"]));
  }

  // The module alone, as a bundler or Node takes it from the registry.
  execFileSync(process.execPath, [join(app, "node_modules", "slipway", "bin", "slipway.mjs"), "pack", join(example, "churn.joblib"), "-o", "churn.slip"], { cwd: app, stdio: "pipe" });
  writeFileSync(join(app, "edge.mjs"), `import { readFileSync } from "node:fs";
import { loadModel } from "@slipway/edge";
const model = await loadModel(readFileSync("churn.slip"));
const [row] = await model.predict([{ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false }]);
console.log(model.engine.name, row.label);`);
  expect(execFileSync(process.execPath, ["edge.mjs"], { cwd: app, encoding: "utf8" }).trim()).toBe("kernel stays");

  // With the browser's module inside.
  execFileSync(process.execPath, [join(app, "node_modules", "slipway", "bin", "slipway.mjs"), "edge", join(example, "churn.joblib"), "-o", "site"], { cwd: app, stdio: "pipe" });
  expect(readdirSync(join(app, "site"))).toEqual(expect.arrayContaining(["index.html", "slipway-edge.js", "worker.js", "service-worker.js"]));

  // With the dashboard's files inside, and nothing built when it starts.
  const up = spawn(process.execPath, [join(app, "node_modules", "slipway", "bin", "slipway.mjs"), "up", "--port", "0", "--json"], { cwd: app, stdio: ["ignore", "pipe", "inherit"] });
  try {
    let out = "";
    const url = await new Promise<string>((resolve, reject) => {
      up.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        const found = /"url": "([^"]+)"/.exec(out);
        if (found !== null) resolve(found[1]!);
      });
      up.once("exit", (code) => reject(new Error(`slipway up ended with ${code}`)));
    });
    const page = await fetch(`${url}/dashboard`);
    const script = /src="(\/dashboard\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
    expect([page.status, (await fetch(url + script)).headers.get("content-encoding")]).toEqual([200, expect.stringMatching(/br|gzip/)]);
  } finally {
    up.kill("SIGTERM");
  }
}, 600_000);
