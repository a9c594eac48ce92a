// Clients that send a byte a second, half of them of a header and half of a body, until the service cuts them.
//   node --conditions=@slipway/source scripts/chaos/slow-senders.ts [MODEL] [CLIENTS]

import { connect } from "node:net";
import { runLoad } from "../../packages/slipway/src/bench/index.ts";
import { experiment, mb, ms, watchHealth } from "./shared.ts";

const clients = Math.min(5000, Number(process.argv[3] ?? 1000));
await experiment(["--receive-timeout", "5s"], async ({ service, target, requests }) => {
  const health = watchHealth(target);
  const from = performance.now();
  const statuses: Record<string, number> = {};
  const lives: number[] = [];
  const all = Promise.all(Array.from({ length: clients }, (_, i) => new Promise<void>((resolve) => {
    const socket = connect(target.port, target.host);
    const began = performance.now();
    const drip = setInterval(() => socket.write("1"), 1000);
    socket.write(i % 2 === 0 ? "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: " : "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n[");
    socket.on("data", (piece) => {
      const status = piece.toString("latin1").slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(drip);
      lives.push(performance.now() - began);
      resolve();
    });
  })));
  const load = await runLoad({ target, requests: requests(1), connections: 4, arrivals: "poisson", warmupMs: 300, durationMs: 2500, timeoutMs: 10_000, seed: 1 });
  console.log(`meanwhile ${load.goodput.toFixed(0)} predictions a second, p99 ${ms(load.good.percentile(0.99))}, ${load.failed} failed; ${mb(service.usage()?.rss)}`);
  await all;
  const alive = await health();
  console.log(`${clients} clients, answers by status ${JSON.stringify(statuses)}, cut after ${ms(Math.min(...lives))} to ${ms(Math.max(...lives))}; all gone after ${ms(performance.now() - from)}; health p50 ${ms(alive.percentile(0.5))}, p99 ${ms(alive.percentile(0.99))}`);
});
