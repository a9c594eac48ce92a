import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "./latency-histogram.ts";

describe("a histogram of latencies", () => {
  it("knows every percentile to 1.6 %, never too low", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }), fc.double({ min: 0.001, max: 1, noNaN: true }), (values, share) => {
      const histogram = new LatencyHistogram();
      for (const v of values) histogram.add(v);
      const exact = values.map((v) => Math.round(v * 1000) / 1000).sort((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!;
      const found = histogram.percentile(share);
      expect(found).toBeGreaterThanOrEqual(exact - 1e-9);
      expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 64) + 0.001);
    }));
  });
  it("adds up, and its bars hold everything once", () => {
    const [a, b] = [new LatencyHistogram(), new LatencyHistogram()];
    for (let i = 1; i <= 1000; i++) (i % 2 === 0 ? a : b).add(i / 10);
    a.merge(b);
    expect(a.count).toBe(1000);
    expect(a.mean).toBeCloseTo(50.05, 5);
    for (const per of [1, 2, 4, 8] as const) {
      const bars = a.bars(per);
      expect(bars.reduce((n, [, count]) => n + count, 0)).toBe(1000);
      expect(bars.map(([end]) => end)).toEqual(bars.map(([end]) => end).sort((x, y) => x - y));
    }
    expect(new LatencyHistogram().bars()).toEqual([]);
    expect(new LatencyHistogram().percentile(0.5)).toBeNaN();
  });
});
