// The whole example: packs the model, asks the gate, serves it, and lets payments come until Ctrl-C.
//
//     node examples/card-fraud/start.mjs [--drift] [--port 8080] [--page 8090]

import { existsSync } from "node:fs";
import { join } from "node:path";
import { example, option } from "../shared/start.mjs";

const { slipway, pack, serve, run } = example(import.meta.dirname);

if (!existsSync(join(import.meta.dirname, "fraud.slip"))) {
  pack("fraud.slip", "fraud.joblib", "--check", "check.csv", "--name", "fraud", "--version", "1.0.0");
  slipway("test", "fraud.slip", "--data", "labelled.csv", "--target", "outcome");
}
const url = await serve("fraud.slip", "--port", option("port", "8080"));
run("app.ts", url, "--port", option("page", "8090"), ...(process.argv.includes("--drift") ? ["--drift"] : []));
