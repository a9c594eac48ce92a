// Clients that ask for large answers and read hardly anything of them: what the service holds meanwhile.
//   node --conditions=@slipway/source scripts/chaos/slow-readers.ts [MODEL] [READERS] [ROWS]

import { connect } from "node:net";
import { experiment, mb, ms, sleep, watchHealth } from "./shared.ts";

const readers = Math.min(200, Number(process.argv[3] ?? 20));
const rows = Math.min(200_000, Number(process.argv[4] ?? 50_000));
await experiment([], async ({ service, target, requests }) => {
  const [request] = requests(rows, 1);
  const whole = await new Promise<number>((resolve) => {
    const socket = connect(target.port, target.host);
    let bytes = 0;
    socket.on("data", (piece) => (bytes += piece.length));
    socket.on("close", () => resolve(bytes));
    socket.write(Buffer.from(request!.toString("latin1").replace("\r\n", "\r\nconnection: close\r\n"), "latin1"));
  });
  console.log(`one answer: ${mb(whole)}, its request ${mb(request!.length)}; memory ${mb(service.usage()?.rss)}`);
  const quiet = async (): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      const before = service.usage()?.cpuS ?? 0;
      await sleep(500);
      if ((service.usage()?.cpuS ?? 0) - before < 0.03) return;
    }
  };
  const health = watchHealth(target);
  // What stays from one wave to the next would grow; what one wave takes and the next one takes again is bounded.
  for (let wave = 1; wave <= 3; wave++) {
    const sockets = Array.from({ length: readers }, () => {
      const socket = connect(target.port, target.host);
      socket.on("error", () => undefined);
      socket.write(request!);
      // Not a byte more than the system itself takes in.
      socket.pause();
      return socket;
    });
    await sleep(1000);
    await quiet();
    console.log(`wave ${wave}: ${readers} readers that do not read, every answer made: ${mb(service.usage()?.rss)}`);
    for (const socket of sockets) socket.destroy();
    await sleep(500);
  }
  const alive = await health();
  console.log(`health p50 ${ms(alive.percentile(0.5))}, p99 ${ms(alive.percentile(0.99))}; after they left: ${mb(service.usage()?.rss)}`);
});
