// Latency while a model is swapped again and again, beside the same server left alone; and what memory is given back when
// models are put away. A fixed rate of requests (open loop): a stall is seen by every request it holds up.
//   node --conditions=@slipway/source bench/swap.ts [seconds a phase] [kilobytes of weights]

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePackage } from "../packages/slipway/src/server/models/testing-packages.ts";

const seconds = Number(process.argv[2] ?? 8);
const ballast = Number(process.argv[3] ?? 200) * 1000;
const RATE = 200;
const SERVER = fileURLToPath(new URL("../packages/slipway/src/server/models/testing-swap-server.ts", import.meta.url));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ child: ChildProcess; url: string; rss: () => Promise<{ rss: number; swaps: number }>; stop: () => Promise<void> }> {
  const child = fork(SERVER, [...args], { execArgv: ["--expose-gc", "--conditions=@slipway/source"], env: { ...process.env, ...env } });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  return {
    child, url,
    rss: async () => {
      child.send("rss");
      return ((await once(child, "message")) as [{ rss: number; swaps: number }])[0];
    },
    stop: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

function ask(base: string, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const r = request(new URL(path, base), { method: "POST", agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    });
    r.on("error", reject);
    r.end(body);
  });
}

async function phase(url: string, beside: (running: () => boolean) => Promise<void>): Promise<Record<string, number>> {
  const times: number[] = [];
  let failed = 0;
  let running = true;
  const other = beside(() => running);
  const began = performance.now();
  const pending: Promise<void>[] = [];
  for (let i = 0; i < RATE * seconds; i++) {
    const due = began + (i * 1000) / RATE;
    if (due > performance.now()) await wait(due - performance.now());
    pending.push(ask(url, "/models/linear/predict", "[[1,1,1]]").then((status) => {
      times.push(performance.now() - due);
      if (status !== 200) failed++;
    }, () => void failed++));
  }
  await Promise.all(pending);
  running = false;
  await other;
  times.sort((a, b) => a - b);
  const at = (q: number): number => Number(times[Math.min(times.length - 1, Math.floor(times.length * q))]!.toFixed(2));
  return { requests: times.length, failed, p50: at(0.5), p99: at(0.99), max: at(1) };
}

try {
  const file = join(folder, "linear", "1", "model.slip");
  let factor = 1;
  const release = (): Promise<void> => writePackage(file, { factor: ++factor, promises: 6 * factor, ballast });
  const rows: Record<string, object> = {};
  for (const engine of ["auto", "onnxruntime"]) {
    await release();
    const server = await start([folder, engine]);
    for (let i = 0; i < 300; i++) await ask(server.url, "/models/linear/predict", "[[1,1,1]]");
    for (let i = 0; i < 5; i++) await release().then(() => ask(server.url, "/admin/models/sync", ""));
    const before = await server.rss();
    rows[`${engine}, left alone`] = await phase(server.url, async () => undefined);
    rows[`${engine}, swapped`] = await phase(server.url, async (running) => {
      while (running()) {
        await release();
        await ask(server.url, "/admin/models/sync", "");
        await wait(100);
      }
    });
    const after = await server.rss();
    rows[`${engine}, swapped`] = { ...rows[`${engine}, swapped`], swaps: after.swaps - before.swaps, memory: Number((after.rss / before.rss).toFixed(3)) };
    await server.stop();
  }
  console.log(`${RATE} requests a second, milliseconds; memory after the swaps as a part of before`);
  console.table(rows);

  const many = join(folder, "many");
  for (let i = 0; i < 8; i++) await writePackage(join(many, `m${i}.slip`), { factor: i + 1, ballast: 3_000_000 });
  const memory: Record<string, object> = {};
  const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
  for (const [name, env] of [["malloc as it is", {}], ["malloc that trims", { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "131072" }]] as const) {
    for (const budget of ["1000000000", "25000000"]) {
      const server = await start([many, "onnxruntime", budget], env);
      await ask(server.url, "/models/m0/predict", "[[1,1,1]]");
      const one = (await server.rss()).rss;
      for (let round = 0; round < 2; round++) for (let i = 0; i < 8; i++) await ask(server.url, `/models/m${i}/predict`, "[[1,1,1]]");
      const all = (await server.rss()).rss;
      for (let i = 1; i < 8; i++) await ask(server.url, `/admin/models/m${i}/unload`, "");
      const unloaded = (await server.rss()).rss;
      memory[`${name}, budget ${mb(Number(budget))} MB`] = { "one loaded": mb(one), "all asked": mb(all), "one again": mb(unloaded) };
      await server.stop();
    }
  }
  console.log("eight models of 3 MB of weights; resident MB");
  console.table(memory);
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true });
}
