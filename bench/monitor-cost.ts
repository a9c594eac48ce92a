// What watching costs, without sockets: microseconds of processor time a row for counting alone, with the bytes of a window; and
// a request through the whole application with the monitor and without, in rounds that take turns.
//   node --conditions=@slipway/source bench/monitor-cost.ts

import { readFileSync } from "node:fs";
import { encodeWindow, freeze, HASH_WORDS, normalNumbers, NumberBlock, randomNumbers, WindowCounter } from "../packages/core/src/stats/index.ts";
import { Monitor, MonitorStore } from "../packages/slipway/src/monitor/index.ts";
import { loadModelPackage } from "../packages/slipway/src/runtime/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";
import { createServer, type App } from "../packages/slipway/src/server/index.ts";
import { Call } from "../packages/slipway/src/server/http/call.ts";
import { newId } from "../packages/slipway/src/server/http/node-host.ts";
import { CHURN_FILE } from "../scripts/testing-models.ts";
import { customer } from "../scripts/testing-watched.ts";

const ROWS = 100_000;
const NUMBERS = 24;
const TEXTS = 6;
const ROUNDS = 9;

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
for (const chunk of [1, 16, 1024]) {
  let least = Infinity;
  let bytes = 0;
  for (let round = 0; round < 3; round++) {
    const window = new WindowCounter(references);
    const block = new NumberBlock(NUMBERS, Array.from({ length: NUMBERS }, (_, c) => ({ place: c, series: c })), references);
    const before = cpuMicroseconds();
    for (let row = 0; row + chunk <= ROWS; row += chunk) {
      if (block.rows + chunk > block.capacity) window.addRows(block.count(window), block.hashes);
      const hashes = block.hashes.subarray(HASH_WORDS * block.rows);
      block.stage(numbers, row, chunk);
      for (let c = 0; c < TEXTS; c++) window.series[NUMBERS + c]!.addTexts(texts, row * TEXTS + c, TEXTS, chunk, "\uffff", hashes, c % HASH_WORDS);
    }
    window.addRows(block.count(window), block.hashes);
    least = Math.min(least, (cpuMicroseconds() - before) / ROWS);
    bytes = encodeWindow(window).length;
  }
  console.log(`  ${String(chunk).padStart(4)} rows at once: ${least.toFixed(2)} us a row; ${bytes} bytes a window`);
}

const training = { file: "customers.csv", rows: () => Promise.resolve(Array.from({ length: 2000 }, () => ({ ...customer() }))) };
const { package: pkg } = await packModel(CHURN_FILE, readFileSync(CHURN_FILE), { name: "churn", version: "1.0.0", prove: true, training });
const model = await loadModelPackage(pkg);
const monitor = new Monitor(() => MonitorStore.open("sqlite::memory:"), { windowMs: 600_000, intervalMs: 10_000, keepMs: 86_400_000 });
const [off, on] = [createServer({ models: [model] }), createServer({ models: [model], options: { observer: monitor } })];

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
console.log("a request through the application, without a socket");
for (const rows of [1, 16, 64]) {
  const bodies = Array.from({ length: 64 }, () => Buffer.from(JSON.stringify(Array.from({ length: rows }, () => customer()))));
  for (const app of [off, on]) await round(app, bodies, 20_000);
  let [leastOff, leastOn] = [Infinity, Infinity];
  for (let i = 0; i < ROUNDS; i++) {
    leastOff = Math.min(leastOff, await round(off, bodies, 4000));
    leastOn = Math.min(leastOn, await round(on, bodies, 4000));
  }
  console.log(`  ${String(rows).padStart(4)} rows: ${leastOff.toFixed(2)} us without, ${leastOn.toFixed(2)} us with the monitor: ${(leastOn - leastOff).toFixed(2)} us more`);
}
await model.close();
