import { describe, expect, it } from "vitest";
import { randomNumbers } from "@slipway/core/stats";
import { arrivalTimes } from "./arrivals.ts";

describe("arrivals", () => {
  it("are even where they are constant", () => {
    const times = arrivalTimes(200, 1000, "constant", randomNumbers(1));
    expect(times).toHaveLength(200);
    expect(times[7]).toBeCloseTo(35, 9);
  });
  it("are independent where they are Poisson: the gaps' mean and deviation are both 1 / rate", () => {
    const times = arrivalTimes(1000, 100_000, "poisson", randomNumbers(7));
    const gaps = Array.from(times, (t, i) => t - (times[i - 1] ?? 0));
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((a, g) => a + (g - mean) ** 2, 0) / gaps.length);
    expect(Math.abs(mean - 1)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.03);
    expect(times.every((t, i) => t >= (times[i - 1] ?? 0) && t < 100_000)).toBe(true);
  });
});
