import { describe, expect, it } from "vitest";
import { numpyMean, numpyMedian, numpyPercentile, numpySum, stableOrder } from "./numpy-order.ts";

describe("NumPy's sums and order statistics", () => {
  it("adds pairwise, as np.sum does", () => {
    // np.sum(1 / np.arange(1, 301)) and np.sum(np.full(10, 0.1)).
    expect(numpySum(Float64Array.from({ length: 300 }, (_, i) => 1 / (i + 1)))).toBe(SUMS.harmonic);
    expect(numpySum(new Float64Array(10).fill(0.1))).toBe(SUMS.tenths);
    expect(numpyMean(Float64Array.from({ length: 300 }, (_, i) => Math.sqrt(i)))).toBe(SUMS.roots);
  });
  it("sorts stably with NaN last", () => {
    expect(stableOrder([2, NaN, 1, 2, 1])).toEqual([2, 4, 0, 3, 1]);
  });
  it("interpolates percentiles as np.percentile does", () => {
    expect(numpyPercentile(Float64Array.of(1, 4, 2, 8), 60)).toBe(SUMS.percentile);
    expect(numpyMedian(Float64Array.of(5, 1, 2, 9))).toBe(3.5);
    expect(numpyPercentile(Float64Array.of(1, NaN), 50)).toBeNaN();
  });
});

const SUMS = { harmonic: 6.282663880299504, tenths: 1.0, roots: 11.517452935002401, percentile: 3.5999999999999996 };
