import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

it("waits longer after every failure, up to hours, a fifth more or less", () => {
  expect([1, 2, 3, 8, 99].map((n) => backoffMs(n, 0.5))).toEqual([5000, 30_000, 120_000, 14_400_000, 14_400_000]);
  expect([backoffMs(1, 0), backoffMs(1, 0.999_999)]).toEqual([4000, 6000]);
});
