// The whole example: registers the model, makes one forecast now, and goes on by the clock until Ctrl-C.
//
//     node examples/sales-forecast/start.mjs [--once] [--port 8080]

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, setUp } from "../../scripts/setup.mjs";

const node = setUp();
const here = import.meta.dirname ?? join(root, "examples", "sales-forecast");

function slipway(...args) {
  console.log(`\n$ slipway ${args.join(" ")}\n`);
  const { status, signal } = spawnSync(node, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: here, stdio: "inherit" });
  if (status !== 0 && signal === null) process.exit(status ?? 1);
}

if (!existsSync(join(here, "sales.slip"))) {
  slipway("pack", "sales.joblib", "--lags", "lags.json", "--check", "check.csv", "--name", "sales", "--version", "1.0.0", "-o", "sales.slip");
  slipway("registry", "push", "sales.slip", "--alias", "production");
}
slipway("schedules", "list");
slipway("schedules", "run", "sales-forecast");
const port = process.argv.indexOf("--port");
if (!process.argv.includes("--once")) slipway("up", ...(port < 0 ? [] : ["--port", process.argv[port + 1]]));
