import { describe, expect, it } from "vitest";
import { Cost } from "./cost.ts";

describe("the cost of a call", () => {
  it("is a line in rows", () => {
    const cost = new Cost();
    for (const n of [1, 8, 64, 3, 20]) cost.observe(n, 2 + 0.5 * n);
    expect(cost.of(10)).toBeCloseTo(7, 6);
    expect(cost.rowsWithin(12)).toBe(20);
    expect(cost.rowsWithin(1)).toBe(1);
  });
  it("is proportional where all calls had the same rows", () => {
    const cost = new Cost();
    for (let i = 0; i < 5; i++) cost.observe(4, 8);
    expect(cost.of(1)).toBeCloseTo(2, 6);
  });
  it("forgets", () => {
    const cost = new Cost();
    for (let i = 0; i < 50; i++) cost.observe(1, 100);
    for (let i = 0; i < 1000; i++) cost.observe(1, 1);
    expect(cost.of(1)).toBeLessThan(1.2);
  });
  it("is never negative, whatever the noise", () => {
    const cost = new Cost();
    cost.observe(1, 10);
    cost.observe(100, 1);
    expect(cost.of(0)).toBeGreaterThanOrEqual(0);
    expect(cost.of(1)).toBeGreaterThanOrEqual(cost.of(0));
    expect(cost.rowsWithin(1)).toBe(Infinity);
  });
});
