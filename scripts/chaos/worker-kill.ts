// Every second one of the processes that compute is killed (SIGKILL) while requests come: what fails, and how long until
// there are as many again.
//   node --conditions=@slipway/source scripts/chaos/worker-kill.ts [MODEL]

import { readdirSync, readFileSync } from "node:fs";
import { runLoad } from "../../packages/slipway/src/bench/index.ts";
import { experiment, ms, sleep } from "./shared.ts";

const children = (pid: number): number[] => readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number));

await experiment(["--placement", "process", "--instances", "2"], async ({ service, target, requests }) => {
  const load = runLoad({ target, requests: requests(1), connections: 16, arrivals: "poisson", warmupMs: 0, durationMs: 5500, timeoutMs: 10_000, seed: 1 });
  await sleep(500);
  for (let i = 0; i < 5; i++) {
    const before = children(service.pid);
    process.kill(before[i % before.length]!, "SIGKILL");
    const at = performance.now();
    while (children(service.pid).filter((p) => !before.includes(p)).length === 0) await sleep(2);
    console.log(`killed ${before[i % before.length]}: another process after ${ms(performance.now() - at)}`);
    await sleep(1000 - (performance.now() - at));
  }
  const result = await load;
  console.log(`${result.asked} requests, ${result.good.count} answered, failed: ${JSON.stringify(result.errors)}; p99 ${ms(result.good.percentile(0.99))}, longest ${ms(result.good.max / 1000)}`);
});
