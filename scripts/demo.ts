// The main job, as `npm start` runs it: packs the example's saved pipeline with its check file and serves the package.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../packages/slipway/src/cli/main.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = join(root, "examples", "churn");
const out = join(root, ".slipway", "churn.slip");
mkdirSync(join(root, ".slipway"), { recursive: true });

console.log("$ slipway pack examples/churn/churn.joblib --check examples/churn/check.csv\n");
const packed = await run(["pack", join(example, "churn.joblib"), "--check", join(example, "check.csv"), "--version", "1.0.0", "-o", out]);
if (packed !== 0) process.exit(packed);
const port = process.argv.includes("--port") ? process.argv[process.argv.indexOf("--port") + 1]! : "8080";
console.log("\n$ slipway serve churn.slip\n");
process.exitCode = await run(["serve", out, "--port", port, "--log-level", "warn"]);
