import { describe, expect, it } from "vitest";
import { digamma, inverse, logDeterminant, product } from "./numerics.ts";

describe("numerics", () => {
  it("gives digamma as scipy.special.digamma does", () => {
    const known: [number, number][] = [[0.1, -10.423754940411076], [0.5, -1.9635100260214235], [1, -0.5772156649015329], [3.7, 1.1671535393615113], [12, 2.4426616799758123], [1e6, 13.81551005796419]];
    for (const [x, y] of known) expect(Math.abs(digamma(x) - y)).toBeLessThan(1e-13 * Math.max(1, Math.abs(y)));
  });
  it("inverts a matrix that needs its rows swapped", () => {
    const a = Float64Array.of(0, 2, 1, 1, 1, 0, 3, 0, 1);
    const p = product(a, inverse(a, 3)!, 3, 3, 3);
    for (let i = 0; i < 9; i++) expect(p[i]).toBeCloseTo(i % 4 === 0 ? 1 : 0, 14);
  });
  it("says when a matrix is singular", () => {
    expect(inverse(Float64Array.of(1, 2, 2, 4), 2)).toBeUndefined();
    expect(logDeterminant(Float64Array.of(1, 2, 2, 4), 2)).toBe(-Infinity);
  });
  it("takes the log of a positive determinant only", () => {
    expect(logDeterminant(Float64Array.of(0, 2, -3, 0), 2)).toBeCloseTo(Math.log(6), 14);
    expect(logDeterminant(Float64Array.of(0, 2, 3, 0), 2)).toBe(-Infinity);
  });
});
