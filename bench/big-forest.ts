// A big forest, from its file to the first correct answers: time and peak memory of `slipway inspect` and
// `slipway predict`, in processes of their own. Beside them in the same run, the floor: reading the file's bytes.
//   python corpus/makers/big_forest.py FOLDER
//   node --conditions=@slipway/source bench/big-forest.ts FOLDER

import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("bench/big-forest.ts FOLDER (made by corpus/makers/big_forest.py)");
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const file = join(folder, "forest.pkl");
const fileMb = statSync(file).size / 1e6;
/** Prints the process's peak resident memory in kB when it ends. */
const report = "process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + '\\n'));";

async function measure(args: readonly string[]): Promise<{ seconds: number; peakMb: number; out: string }> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(report)}`, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (piece) => (out += String(piece)));
  child.stderr.on("data", (piece) => (err += String(piece)));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}: ${err}`);
  return { seconds: (performance.now() - started) / 1000, peakMb: Number(/peak (\d+)/.exec(err)![1]) / 1000, out };
}

const floor = await measure(["-e", `require('node:fs').readFileSync(${JSON.stringify(file)})`]);
const inspected = await measure([bin, "inspect", file, "--json"]);
const predicted = await measure([bin, "predict", file, join(folder, "rows.json"), "--json"]);
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as number[][];
const rows = JSON.parse(predicted.out) as { probabilities: Record<string, number> }[];
const worst = Math.max(...rows.flatMap((r, i) => Object.values(r.probabilities).map((p, j) => Math.abs(p - expected[i]![j]!))));
console.table([["reading the bytes", floor], ["slipway inspect", inspected], ["slipway predict", predicted]].map(([what, m]) => {
  const { seconds, peakMb } = m as typeof floor;
  return { what, seconds: Number(seconds.toFixed(2)), peakMb: Math.round(peakMb), timesTheFile: Number((peakMb / fileMb).toFixed(2)) };
}));
console.log(`file ${fileMb.toFixed(0)} MB; largest difference of a probability from scikit-learn: ${worst}`);
