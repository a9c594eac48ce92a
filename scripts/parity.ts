// The checked rows of packages on every target there is on this machine, as one table each: `slipway test --targets`.
//   node --conditions=@slipway/source scripts/parity.ts [PKG ...]     (the example and models of corpus/gate by default)

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelPackage } from "../packages/core/src/package/index.ts";
import { runTargets, targetsText } from "../packages/slipway/src/gate/index.ts";
import { openModel } from "../packages/slipway/src/runtime/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";
import { BROWSER_HINT, browserPath } from "./testing-browser.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

async function packed(folder: string, model: string, name: string): Promise<ModelPackage> {
  return (await packModel(join(folder, model), readFileSync(join(folder, model)), { prove: true, name, version: "1.0.0", check: { file: "check.csv", text: readFileSync(join(folder, "check.csv"), "utf8") } })).package;
}

async function ownPackages(): Promise<ModelPackage[]> {
  const gate = join(root, "corpus", "gate");
  const good = readdirSync(gate).filter((name) => name.startsWith("good-")).sort();
  return [await packed(join(root, "examples", "churn"), "churn.joblib", "churn"), ...(await Promise.all(good.map((name) => packed(join(gate, name), (JSON.parse(readFileSync(join(gate, name, "case.json"), "utf8")) as { model: string }).model, name))))];
}

const given = process.argv.slice(2);
const packages = given.length > 0 ? await Promise.all(given.map(async (path) => (await openModel(path)).package)) : await ownPackages();
if (browserPath === undefined) console.log(BROWSER_HINT);
let passed = true;
for (const source of packages) {
  const report = await runTargets(source, { from: root, browser: browserPath });
  console.log(`\n${source.manifest.name} ${source.manifest.version}   ${report.rows} checked rows\n${targetsText(report)}`);
  passed &&= report.passed;
}
process.exitCode = passed ? 0 : 1;
