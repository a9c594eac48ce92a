// From a saved model to its ONNX bytes, beside skl2onnx with its unpickling: each in one process of its own, over the same
// files, in one run, by the processor time of the whole process (its compiler's and collector's threads too), as other work
// on the machine would else decide. Told are the ratios of the medians, of the best and of the first conversions in the process:
// Slipway's first is that of code which no compiler has seen yet, skl2onnx's comes after its imports. The last column
// counts all by the clock: a process from its start to the ONNX file on disk.
//   node --conditions=@slipway/source bench/convert.ts [PYTHON]    (or SLIPWAY_PYTHON; it needs skl2onnx and scikit-learn)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importModel } from "../packages/core/src/convert/index.ts";

interface Times {
  readonly first: number;
  readonly median: number;
  readonly best: number;
}

const ROUNDS = 15;
const STARTS = 3;
const slipway = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));
const python = process.argv[2] ?? process.env["SLIPWAY_PYTHON"] ?? "python3";
const folder = mkdtempSync(join(tmpdir(), "slipway-convert-"));
try {
  const script = fileURLToPath(new URL("convert.py", import.meta.url));
  const theirs = JSON.parse(execFileSync(python, [script, folder, String(ROUNDS)], { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "ignore"] })) as Record<string, Times>;
  console.log(`${"".padEnd(22)}${["file", "skl2onnx", "slipway", "ratio", "best", "first", "process"].map((h) => h.padStart(12)).join("")}`);
  for (const [name, their] of Object.entries(theirs)) {
    const file = join(folder, `${name}.pkl`);
    const ours = measure(file);
    const out = join(folder, "out.onnx");
    const whole = [[process.execPath, ...process.execArgv, slipway, "convert", file, "-o", out], [python, script, "--once", file, out]].map((command) => median(() => execFileSync(command[0]!, command.slice(1), { stdio: "ignore" }), STARTS));
    const cells = [`${(readFileSync(file).length / 1e6).toFixed(2)} MB`, `${their.median.toFixed(1)} ms`, `${ours.median.toFixed(1)} ms`, (ours.median / their.median).toFixed(3), (ours.best / their.best).toFixed(3), (ours.first / their.first).toFixed(3), (whole[0]! / whole[1]!).toFixed(3)];
    console.log(`${name.padEnd(22)}${cells.map((c) => c.padStart(12)).join("")}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds. */
function median(work: () => unknown, rounds: number): number {
  const taken = Array.from({ length: rounds }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return taken.sort((a, b) => a - b)[rounds >> 1]!;
}

function measure(file: string): Times {
  const taken = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    const bytes = readFileSync(file);
    importModel(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const sorted = [...taken].sort((a, b) => a - b);
  return { first: taken[0]!, median: sorted[ROUNDS >> 1]!, best: sorted[0]! };
}
