// One measurement: threads send the load, their histograms are added up.

import { Worker } from "node:worker_threads";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { LoadPlan, LoadResult } from "./messages.ts";

export interface Measurement {
  readonly connections: number;
  /** Requests a second that were due; undefined in a closed loop. */
  readonly rate: number | undefined;
  /** Answered well, a second. */
  readonly goodput: number;
  readonly asked: number;
  readonly good: LatencyHistogram;
  readonly refused: LatencyHistogram;
  readonly lag: LatencyHistogram;
  readonly errors: Readonly<Record<string, number>>;
  readonly failed: number;
  /** Share of the time in which the busiest sending thread worked. */
  readonly busy: number;
  readonly waited: number;
}

/** Above it the load may be what was measured. */
export const BUSY_LIMIT = 0.85;

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./load-main.ts" : "./load-main.js", import.meta.url);
const GRACE_MS = 15_000;

export async function runLoad(plan: LoadPlan, threads = 1): Promise<Measurement> {
  const count = Math.min(threads, plan.connections);
  const results = await Promise.all(Array.from({ length: count }, (_, i) => runThread({
    ...plan, seed: plan.seed + i * 7919, connections: Math.floor(plan.connections / count) + (i < plan.connections % count ? 1 : 0),
    ...(plan.rate === undefined ? {} : { rate: plan.rate / count }),
  })));
  const good = new LatencyHistogram();
  const refused = new LatencyHistogram();
  const lag = new LatencyHistogram();
  const errors: Record<string, number> = {};
  for (const r of results) {
    good.merge(r.good);
    refused.merge(r.refused);
    lag.merge(r.lag);
    for (const [code, n] of Object.entries(r.errors)) errors[code] = (errors[code] ?? 0) + n;
  }
  return {
    connections: plan.connections, rate: plan.rate, goodput: (results.reduce((n, r) => n + r.done, 0) * 1000) / plan.durationMs, asked: results.reduce((n, r) => n + r.asked, 0), good, refused, lag, errors,
    failed: Object.values(errors).reduce((n, e) => n + e, 0), busy: Math.max(...results.map((r) => r.busy)), waited: results.reduce((n, r) => n + r.waited, 0),
  };
}

function runThread(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(MAIN, { workerData: plan, execArgv: fromSource ? ["--conditions=@slipway/source"] : [] });
    const late = setTimeout(() => reject(new Error("the sending thread did not end")), plan.warmupMs + plan.durationMs + GRACE_MS);
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the sending thread ended without a result")));
    const end = (): void => {
      clearTimeout(late);
      void worker.terminate();
    };
    worker.once("message", end);
    worker.once("error", end);
  });
}
