// Cold start: from starting the process of `slipway serve` on a packed small model to its first correct answer.
//   node --conditions=@slipway/source bench/cold-start.ts [--runs 15] [--built DIR]
// Side by side in the same run: the bare minimum of the same platform, node with an HTTP server that answers a constant.
// --built runs an installed package (DIR/node_modules/slipway) instead of the source.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSlip } from "../packages/core/src/package/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const option = (name: string): string | undefined => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const runs = Number(option("--runs") ?? 15);
const built = option("--built");
const bin = built === undefined ? join(root, "packages", "slipway", "bin", "slipway.mjs") : join(built, "node_modules", "slipway", "bin", "slipway.mjs");

const folder = mkdtempSync(join(tmpdir(), "slipway-cold-"));
const slip = join(folder, "churn.slip");
const example = join(root, "examples", "churn", "churn.joblib");
writeFileSync(slip, writeSlip((await packModel(example, new Uint8Array(readFileSync(example)))).package));

writeFileSync(join(folder, "bare.mjs"), `import { createServer } from "node:http";
const s = createServer((q, r) => { q.resume(); q.on("end", () => r.end('{"predictions":[{"label":"stays"}]}')); });
s.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: "http://127.0.0.1:" + s.address().port })));
process.on("SIGTERM", () => process.exit(0));`);

const body = JSON.stringify([{ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: 0 }]);

/** Milliseconds from spawn to a correct answer. */
async function once(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let url = "";
  for await (const piece of child.stdout) {
    text += String(piece);
    url = /"url":\s*"([^"]+)"/.exec(text)?.[1] ?? "";
    if (url !== "") break;
  }
  const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body });
  const got = (await answer.json()) as { predictions: { label: string }[] };
  const ms = performance.now() - started;
  if (got.predictions[0]?.label !== "stays") throw new Error(`wrong answer: ${JSON.stringify(got)}`);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
  return ms;
}

const contenders = {
  "bare node http": [join(folder, "bare.mjs")],
  [built === undefined ? "slipway serve (source)" : "slipway serve (installed)"]: [bin, "serve", slip, "--port", "0", "--json", "--log-level", "error", "--drain-ms", "0"],
};
const times = new Map<string, number[]>();
for (let i = 0; i < runs + 1; i++) {
  for (const [name, args] of Object.entries(contenders)) {
    const ms = await once(args);
    if (i > 0) times.set(name, [...(times.get(name) ?? []), ms]);
  }
}
rmSync(folder, { recursive: true });
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const base = median(times.get("bare node http")!);
const rows = [...times].map(([name, values]) => ({ name, medianMs: Math.round(median(values)), minMs: Math.round(Math.min(...values)), maxMs: Math.round(Math.max(...values)), ratioToBare: Number((median(values) / base).toFixed(2)) }));
if (process.argv.includes("--json")) console.log(JSON.stringify({ node: process.version, runs, rows }, null, 2));
else console.table(rows);
