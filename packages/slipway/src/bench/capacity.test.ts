import { describe, expect, it } from "vitest";
import { explainCapacity, findCapacity, replicasFor } from "./capacity.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { Measurement } from "./run-load.ts";

/** A queue whose 99th percentile grows without bound towards 1,000 a second. */
function queue(rate: number): Measurement {
  const good = new LatencyHistogram();
  const p99 = rate >= 1000 ? 1e6 : 4.6 / (1 - rate / 1000);
  for (let i = 0; i < 1000; i++) good.add(p99);
  return { connections: 1, rate, goodput: rate, asked: 1000, good, refused: new LatencyHistogram(), lag: new LatencyHistogram(), errors: {}, failed: 0, busy: 0, waited: 0 };
}

describe("capacity", () => {
  it("is the highest rate at which the percentile holds", async () => {
    // 4.6 / (1 - r) = 20 at r = 0.77.
    const target = { rps: 5000, p99Ms: 20, margin: 0.2 };
    const found = await findCapacity(target, 950, async (rate) => queue(rate));
    expect(found.rps).toBeGreaterThan(700);
    expect(found.rps).toBeLessThanOrEqual(770);
    expect(found.replicas).toBe(Math.ceil(5000 / (found.rps * 0.8)));
    expect(explainCapacity(target, found, 1)).toMatch(/^9 replicas: one answers \d+ requests a second of 1 row with p99 at or below 20 ms/);
  });
  it("says where no number of replicas is enough", async () => {
    const target = { rps: 10, p99Ms: 1, margin: 0.2 };
    const found = await findCapacity(target, 950, async (rate) => queue(rate));
    expect(found.replicas).toBeUndefined();
    expect(explainCapacity(target, found, 1)).toContain("No number of replicas");
  });
  it("does not hold where requests fail", async () => {
    const found = await findCapacity({ rps: 10, p99Ms: 1000, margin: 0.2 }, 100, async (rate) => ({ ...queue(rate), failed: 2 }));
    expect(found.rps).toBe(0);
  });
  it("needs at least one replica", () => {
    expect(replicasFor({ rps: 1, p99Ms: 1, margin: 0 }, 1000)).toBe(1);
    expect(replicasFor({ rps: 1001, p99Ms: 1, margin: 0 }, 1000)).toBe(2);
  });
});
