// Many connections that have asked once and then do nothing: what they cost in memory, and how fast health and a
// prediction are answered meanwhile.
//   node --conditions=@slipway/source scripts/chaos/idle-connections.ts [MODEL] [CONNECTIONS]

import { connect, type Socket } from "node:net";
import { runLoad } from "../../packages/slipway/src/bench/index.ts";
import { experiment, mb, ms, sleep, watchHealth } from "./shared.ts";

const count = Math.min(20_000, Number(process.argv[3] ?? 10_000));
await experiment([], async ({ service, target, requests }) => {
  const plan = { target, requests: requests(1), connections: 4, arrivals: "poisson", warmupMs: 300, durationMs: 2000, timeoutMs: 10_000, seed: 1 } as const;
  const alone = await runLoad(plan);
  const before = service.usage()?.rss ?? NaN;
  const sockets: Socket[] = [];
  const health = watchHealth(target);
  const seen = { answered: 0 };
  const from = performance.now();
  while (sockets.length < count) {
    for (let i = 0; i < 200; i++) {
      const socket = connect(target.port, target.host);
      socket.on("error", (error) => console.log(error.message));
      socket.once("data", () => seen.answered++);
      socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
      sockets.push(socket);
    }
    while (seen.answered < sockets.length - 400) await sleep(5);
  }
  while (seen.answered < sockets.length) await sleep(5);
  console.log(`${count} connections opened and answered in ${ms(performance.now() - from)}`);
  const busy = await runLoad(plan);
  const alive = await health();
  const after = service.usage()?.rss ?? NaN;
  console.log(`memory ${mb(before)} -> ${mb(after)}: ${((after - before) / count / 1024).toFixed(1)} kB a connection`);
  console.log(`health p50 ${ms(alive.percentile(0.5))}, p99 ${ms(alive.percentile(0.99))}; predictions ${alone.goodput.toFixed(0)} -> ${busy.goodput.toFixed(0)} a second, p99 ${ms(alone.good.percentile(0.99))} -> ${ms(busy.good.percentile(0.99))}`);
  for (const socket of sockets) socket.destroy();
});
