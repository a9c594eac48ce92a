// Twice what the service can do, in an open loop: how much it still answers well, and how fast it refuses the rest.
//   node --conditions=@slipway/source scripts/chaos/overload.ts [MODEL] [ROWS] [OPTION of serve ...]

import { runLoad } from "../../packages/slipway/src/bench/index.ts";
import { experiment, mb, ms, watchHealth } from "./shared.ts";

const rows = Number(process.argv[3] ?? 200);
await experiment(process.argv.slice(4), async ({ service, target, requests }) => {
  const plan = { target, requests: requests(rows), arrivals: "poisson", warmupMs: 1000, durationMs: 5000, timeoutMs: 10_000, seed: 1 } as const;
  const most = await runLoad({ ...plan, connections: 16 });
  console.log(`most: ${most.goodput.toFixed(0)} requests a second of ${rows} rows, p99 ${ms(most.good.percentile(0.99))}, ${mb(service.usage()?.rss)}`);
  for (const factor of [1, 2, 4]) {
    const health = watchHealth(target);
    const over = await runLoad({ ...plan, connections: 2000, rate: Math.max(1, Math.round(factor * most.goodput)) });
    const alive = await health();
    console.log(`at ${factor} x: ${(over.goodput / most.goodput).toFixed(2)} of the most answered well, p50 ${ms(over.good.percentile(0.5))}, p99 ${ms(over.good.percentile(0.99))}; `
      + `${JSON.stringify(over.errors)}${over.refused.count > 0 ? `, refusals p50 ${ms(over.refused.percentile(0.5))}, p99 ${ms(over.refused.percentile(0.99))}` : ""}; `
      + `health p50 ${ms(alive.percentile(0.5))}, p99 ${ms(alive.percentile(0.99))}; ${mb(service.usage()?.rss)}; the load itself busy ${(over.busy * 100).toFixed(0)} %`);
  }
});
