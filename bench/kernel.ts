// Our own kernel beside onnxruntime-node and the libraries that made the models, in one run: microseconds of this thread's
// processor time a row, alone and in bulk, in memory, one thread each. What is told are ratios: how many times our time the
// others take.
//   node --conditions=@slipway/source bench/kernel.ts [PYTHON]    (or SLIPWAY_PYTHON; it needs scikit-learn, and takes
//   pandas, xgboost, lightgbm and catboost where they are installed)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kernel, openKernel, type KernelData } from "../packages/core/src/kernel/index.ts";
import { packedFace } from "../packages/core/src/onnx/index.ts";
import { Encoder, planFeeds, readInput, type EngineTensor } from "../packages/core/src/predict/index.ts";
import { openModel } from "../packages/slipway/src/runtime/index.ts";
import { openSession } from "../packages/slipway/src/runtime/session.ts";

interface Library {
  readonly file: string;
  readonly library: string;
  readonly data: string;
  readonly bulk: number;
  readonly one: number;
}

const ROUNDS = 7;
const ROUND_MS = 50;
const SINGLE_ROWS = 256;
const python = process.argv[2] ?? process.env["SLIPWAY_PYTHON"] ?? "python3";
const folder = mkdtempSync(join(tmpdir(), "slipway-kernel-"));
try {
  const script = fileURLToPath(new URL("kernel.py", import.meta.url));
  const libraries = JSON.parse(execFileSync(python, [script, folder], { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "ignore"] })) as Record<string, Library>;
  const heads = ["kernel us", "ORT", "library", "kernel us", "ORT", "library"];
  console.log(`${"".padEnd(36)}${"one row".padStart(36)}${"in bulk, a row".padStart(36)}\n${"".padEnd(36)}${heads.map((h) => h.padStart(12)).join("")}`);
  for (const [name, library] of Object.entries(libraries)) {
    const { one, bulk } = await compare(library);
    const cells = [one[0].toFixed(2), times(one), (library.one / one[0]).toFixed(1), bulk[0].toFixed(2), times(bulk), (library.bulk / bulk[0]).toFixed(1)];
    console.log(`${name.padEnd(36)}${cells.map((c) => c.padStart(12)).join("")}   (${library.library})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function times([own, other]: readonly [number, number]): string {
  return (other / own).toFixed(1);
}

/** Microseconds a row: the kernel's and ONNX Runtime's. */
async function compare({ file, data }: Library): Promise<Record<"one" | "bulk", readonly [number, number]>> {
  const { package: source } = await openModel(join(folder, file));
  const face = packedFace(source.model);
  const kernel = openKernel(face.bytes);
  if (!(kernel instanceof Kernel)) throw new Error(`${file}: ${kernel.operator}: ${kernel.reason}`);
  const session = await openSession(face.bytes, { threads: 1 });
  const encoder = new Encoder(source.signature);
  const feeds = planFeeds(session.inputs, new Map(face.inputs.map((i) => [i.name, i.columns])), encoder.plan);
  const { batch } = encoder.encode(readInput(JSON.parse(readFileSync(join(folder, data), "utf8")), source.signature));
  const take = (start: number, count: number): Record<string, EngineTensor> => Object.fromEntries(feeds.map((f) => [f.name, f.take(batch, start, count)]));
  const given = (tensors: Record<string, EngineTensor>): KernelData[] => kernel.inputs.map((i) => tensors[i.name]!.data as KernelData);
  const singles = Array.from({ length: SINGLE_ROWS }, (_, row) => take(row, 1));
  const singleData = singles.map(given);
  const all = take(0, batch.rows);
  const allData = given(all);
  const names = kernel.outputNames;
  // What makes large batches fast comes between two of them.
  for (let i = 0; i < 20; i++) {
    kernel.run(batch.rows, allData, names);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const result = {
    one: [
      await measure(() => singleData.forEach((row) => kernel.run(1, row, names)), SINGLE_ROWS),
      await measure(async () => { for (const row of singles) await session.run(row, names); }, SINGLE_ROWS),
    ] as const,
    bulk: [await measure(() => kernel.run(batch.rows, allData, names), batch.rows), await measure(() => session.run(all, names), batch.rows)] as const,
  };
  await session.close();
  return result;
}

/** The best of some rounds, in microseconds a row. */
async function measure(work: () => unknown, rows: number): Promise<number> {
  const spent = (): number => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  for (let i = 0; i < 20; i++) await work();
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = spent();
    let count = 0;
    do {
      await work();
      count++;
    } while (spent() - start < ROUND_MS * 1000);
    best = Math.min(best, (spent() - start) / count / rows);
  }
  return best;
}
