// What watching costs, without sockets: nanoseconds of processor time a row and a value for counting alone, with the bytes of a
// window; and a request through the whole application with the monitor and without, in rounds that take turns.
//   node --conditions=@slipway/source bench/monitor-cost.ts [PYTHON]     (with scikit-learn and pandas: also a model of 20 numbers and 4 texts)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeWindow, freeze, normalNumbers, NumberBlock, randomNumbers, WindowCounter } from "../packages/core/src/stats/index.ts";
import { Monitor, MonitorStore } from "../packages/slipway/src/monitor/index.ts";
import { loadModelPackage } from "../packages/slipway/src/runtime/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";
import { createServer, type App } from "../packages/slipway/src/server/index.ts";
import { Call } from "../packages/slipway/src/server/http/call.ts";
import { newId } from "../packages/slipway/src/server/http/node-host.ts";
import { CHURN_FILE } from "../scripts/testing-models.ts";
import { customer } from "../scripts/testing-watched.ts";
import { median } from "./shared/wrk.ts";

const ROWS = 100_000;
const NUMBERS = 24;
const TEXTS = 6;
const ROUNDS = 60;
const REQUESTS = 2000;
/** What reading a request from a socket and writing its answer takes of processor time at the least: that of a bare node:http echo. */
const SOCKET_US = 10;

const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const normal = normalNumbers(randomNumbers(3));
const categories = ["a", "bb", "ccc", "dddd"];
const references = [...Array.from({ length: NUMBERS }, () => freeze(Array.from({ length: 10_000 }, () => normal()))), ...Array.from({ length: TEXTS }, () => freeze(Array.from({ length: 10_000 }, (_, i) => categories[i % 4]!)))];
const numbers = Float64Array.from({ length: ROWS * NUMBERS }, () => normal());
const texts = Array.from({ length: ROWS * TEXTS }, (_, i) => categories[(i * 7) % 4]!);
console.log(`counting ${NUMBERS} numbers and ${TEXTS} texts`);
for (const chunk of [1, 16, 512]) {
  let least = Infinity;
  let bytes = 0;
  for (let round = 0; round < 12; round++) {
    const window = new WindowCounter(references);
    const block = new NumberBlock(NUMBERS, Array.from({ length: NUMBERS }, (_, c) => ({ place: c, series: c })), references);
    const before = cpuMicroseconds();
    for (let row = 0; row + chunk <= ROWS; row += chunk) {
      if (block.rows + chunk > block.capacity) block.countRows(window);
      block.stage(numbers, row, chunk);
      for (let c = 0; c < TEXTS; c++) window.series[NUMBERS + c]!.addTexts(texts, row * TEXTS + c, TEXTS, chunk, "\uffff", block.hashes, block.rows - chunk);
    }
    block.countRows(window);
    block.settle(window);
    least = Math.min(least, (cpuMicroseconds() - before) / ROWS);
    bytes = encodeWindow(window).length;
  }
  console.log(`  ${String(chunk).padStart(4)} rows at once: ${(1000 * least).toFixed(0)} ns a row, ${((1000 * least) / (NUMBERS + TEXTS)).toFixed(1)} ns a value; ${bytes} bytes a window`);
}

interface Case {
  readonly name: string;
  readonly file: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}
const cases: Case[] = [{ name: "churn, 6 columns", file: CHURN_FILE, rows: Array.from({ length: 4000 }, () => ({ ...customer() })) }];
const python = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
if (python !== undefined) {
  execFileSync(python, [fileURLToPath(new URL("monitor_model.py", import.meta.url)), folder]);
  cases.push({ name: "20 numbers and 4 texts, boosting", file: join(folder, "model.pkl"), rows: JSON.parse(readFileSync(join(folder, "rows.json"), "utf8")) as Case["rows"] });
}

async function round(app: App, bodies: readonly Buffer[], requests: number): Promise<number> {
  const before = cpuMicroseconds();
  for (let i = 0; i < requests; i++) {
    const call = new Call({ id: newId(), method: "POST", url: "/predict", headers: { host: "localhost", "content-type": "application/json" } });
    const answer = await app.handle(call, () => bodies[i % bodies.length]!);
    if ((answer.status ?? 200) !== 200) throw new Error(String(answer.body));
    app.finished(call, 200);
  }
  return (cpuMicroseconds() - before) / requests;
}
console.log("a request through the application, without a socket: medians of pairs of rounds that take turns");
for (const { name, file, rows } of cases) {
  const { package: pkg } = await packModel(file, readFileSync(file), { name: "bench", version: "1.0.0", prove: true, training: { file: "rows.json", rows: () => Promise.resolve(rows) } });
  const model = await loadModelPackage(pkg);
  const monitor = new Monitor(() => MonitorStore.open("sqlite::memory:"), { windowMs: 600_000, intervalMs: 10_000, keepMs: 86_400_000 });
  monitor.start();
  const [off, on] = [createServer({ models: [model] }), createServer({ models: [model], options: { observer: monitor } })];
  for (const count of [1, 16, 64]) {
    const bodies = Array.from({ length: 32 }, (_, i) => Buffer.from(JSON.stringify(rows.slice(i * count, (i + 1) * count))));
    const requests = Math.ceil(REQUESTS / Math.sqrt(count));
    for (const app of [off, on]) await round(app, bodies, 8 * requests);
    const pairs: (readonly [off: number, on: number])[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const first = i % 2 === 0 ? await round(off, bodies, requests) : undefined;
      const watched = await round(on, bodies, requests);
      pairs.push([first ?? await round(off, bodies, requests), watched]);
    }
    const without = median(pairs.map(([a]) => a));
    const more = median(pairs.map(([a, b]) => b - a));
    console.log(`  ${name}, ${String(count).padStart(2)} rows: ${without.toFixed(2)} us without, ${more.toFixed(2)} us more with the monitor, ratio ${median(pairs.map(([a, b]) => b / a)).toFixed(3)}; beside the ${SOCKET_US} us of a socket ${(1 + more / (without + SOCKET_US)).toFixed(3)}`);
  }
  await monitor.close();
  await model.close();
}
rmSync(folder, { recursive: true });
