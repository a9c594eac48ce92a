import { describe, expect, it } from "vitest";
import { beginCanary, findingsOf, lookAtCanary, verdictOf, type CanaryCounts, type CanaryLimits, type CanaryState, type SideCounts } from "./canary.ts";
import { durationBound, durationBucket, durationQuantile, durationsAbove } from "./duration-counts.ts";
import type { PairedCounts } from "./paired.ts";

const limits: CanaryLimits = { alpha: 0.001, errorMargin: 0.01, latencyRatio: 1.2, latencySlack: 0.001, slowMargin: 0.01, labelMargin: 0.02 };
function side(requests: number, failures = 0, { seconds = 0.01, streak = 0, labels = { trials: 0, hits: 0 } } = {}): SideCounts {
  const counts = Array.from({ length: durationBucket(seconds) + 1 }, () => 0);
  counts[durationBucket(seconds)] = requests - failures;
  return { requests, failures, streak, seconds: counts, labels };
}
/** Ten looks at a step, its counts growing evenly. */
function looked(whole: CanaryCounts, state: CanaryState = beginCanary(3), step = 0, alone = false): CanaryState {
  const part = (s: SideCounts, p: number): SideCounts => ({ ...s, requests: s.requests * p, failures: s.failures * p, seconds: s.seconds.map((n) => n * p), labels: { trials: s.labels.trials * p, hits: s.labels.hits * p } });
  for (let look = 1; look <= 10; look++) state = lookAtCanary(state, step, { canary: part(whole.canary, look / 10), baseline: part(whole.baseline, look / 10), times: whole.times }, limits, alone);
  return state;
}
const verdict = (whole: CanaryCounts, need = 200): string => verdictOf(findingsOf(looked(whole), 0, need, limits));
const why = (whole: CanaryCounts): string[] => findingsOf(looked(whole), 0, 200, limits).filter((f) => f.verdict !== "promote").map((f) => `${f.signal} ${f.verdict}`);

describe("a canary", () => {
  it("is promoted where it is as good, and held on silence and on too few requests", () => {
    expect(verdict({ canary: side(500, 3), baseline: side(5000, 25) })).toBe("promote");
    expect(verdict({ canary: side(0), baseline: side(5000, 25) })).toBe("hold");
    expect(verdict({ canary: side(150), baseline: side(5000, 25) })).toBe("hold");
    expect(verdictOf([])).toBe("hold");
  });
  it("is aborted for failures, slow answers and wrong labels, each beside the baseline", () => {
    expect(why({ canary: side(1000, 60), baseline: side(5000, 25) })).toEqual(["errors abort"]);
    expect(why({ canary: side(1000, 60), baseline: side(5000, 290) })).toEqual([]);
    expect(why({ canary: side(1000, 5, { seconds: 0.02 }), baseline: side(5000, 25) })).toEqual(["latency abort"]);
    expect(why({ canary: side(1000, 5, { seconds: 0.0109 }), baseline: side(5000, 25) })).toEqual([]);
    expect(why({ canary: side(1000, 5, { labels: { trials: 800, hits: 160 } }), baseline: side(5000, 25, { labels: { trials: 4000, hits: 400 } }) })).toEqual(["labels abort"]);
  });
  it("holds where figures are beyond a margin and may be chance", () => {
    expect(why({ canary: side(200, 5), baseline: side(5000, 25) })).toEqual(["errors hold"]);
  });
  it("is aborted after a run of failures, unless the baseline fails as well", () => {
    expect(why({ canary: side(12, 12, { streak: 12 }), baseline: side(100) })).toContain("failing-run abort");
    expect(why({ canary: side(12, 9, { streak: 9 }), baseline: side(100) })).not.toContain("failing-run abort");
    expect(why({ canary: side(12, 12, { streak: 12 }), baseline: side(100, 80) })).not.toContain("failing-run abort");
  });
  it("is judged by the baseline's earlier requests where it gets all", () => {
    const before = looked({ canary: side(500, 3), baseline: side(500, 3) });
    const after = (failures: number): string => verdictOf(findingsOf(looked({ canary: side(1000, failures), baseline: side(0) }, before, 1, true), 1, 200, limits));
    expect([after(6), after(150)]).toEqual(["promote", "abort"]);
    // How long it takes is no matter then, as nothing shows how busy the machine is; but pairs are.
    const alone = (seconds: number, times?: PairedCounts): string => verdictOf(findingsOf(looked({ canary: side(1000, 6, { seconds }), baseline: side(0), times }, before, 1, true), 1, 200, limits));
    expect([alone(0.5), alone(0.01, { worse: 30, better: 28, equal: 400 }), alone(0.01, { worse: 150, better: 5, equal: 300 }), alone(0.01, { worse: 3, better: 0, equal: 100 })]).toEqual(["promote", "promote", "abort", "hold"]);
    // Where the baseline merely was not asked yet, nothing is compared with what it did before.
    expect(verdictOf(findingsOf(looked({ canary: side(1000, 150), baseline: side(0) }, before, 1), 1, 200, limits))).toBe("hold");
  });
});

describe("durations", () => {
  it("are counted in buckets that a quantile is read off from", () => {
    const counts: number[] = [];
    for (const seconds of [0, 0.01, 0.0105, 0.1, 100]) counts[durationBucket(seconds)] = (counts[durationBucket(seconds)] ?? 0) + 1;
    const dense = Array.from(counts, (n) => n ?? 0);
    expect(dense.reduce((a, b) => a + b)).toBe(5);
    expect(durationBound(durationQuantile(dense, 0.5)!)).toBeGreaterThanOrEqual(0.0105);
    expect(durationBound(durationQuantile(dense, 0.5)!)).toBeLessThan(0.0105 * 1.11);
    expect([durationQuantile([], 0.5), durationBound(durationQuantile(dense, 1)!), durationsAbove(dense, durationBucket(0.05))]).toEqual([undefined, Infinity, 2]);
  });
});
