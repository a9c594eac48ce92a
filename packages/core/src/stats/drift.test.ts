// Frozen bins, drift and sketches: against SciPy's figures, against chance, and against whole sets.

import { describe, expect, it } from "vitest";
import { believable, DRIFT_RULE, judgeWindow, chiSquareQuantile, chiSquareTail, distinctCount, driftBetween, freeze, hashText, mergeSketches, momentsOf, normalNumbers, randomNumbers, shareWithin, sketchOf, Tally, type Counted, type Distribution } from "./index.ts";

const counted = (reference: Distribution, values: readonly Counted[]): Distribution => {
  const tally = new Tally(reference.shape);
  for (const v of values) tally.add(v);
  return tally.read();
};

describe("chi-squared", () => {
  it("has SciPy's quantiles and tails (scipy.stats.chi2 1.16)", () => {
    for (const [share, degrees, value] of [[0.999, 1, 10.827566170662733], [0.999, 9, 27.877164871256568], [0.999, 199, 266.3864], [0.5, 10, 9.34181776559197], [0.95, 3, 7.814727903251179]] as const) expect(chiSquareQuantile(share, degrees) / value).toBeCloseTo(1, 4);
    expect(chiSquareTail(30, 9)).toBeCloseTo(4.3871e-4, 7);
    expect(chiSquareTail(1, 200)).toBeCloseTo(1, 12);
    expect([chiSquareTail(0, 3), chiSquareTail(Infinity, 3)]).toEqual([1, 0]);
  });
});

describe("frozen bins", () => {
  it("count numbers in tenths, few numbers one by one, texts one by one, long texts by length", () => {
    const tenths = freeze(Array.from({ length: 1000 }, (_, i) => i));
    expect(tenths.shape.kind).toBe("number");
    expect(tenths.bins).toEqual(new Array(10).fill(100));
    expect(freeze([1, 2, 2, 3, 1, 1, 2, 2, 1, 3, 1, 2, 1, 2, 3]).shape).toEqual({ kind: "category", values: ["1", "2", "3"] });
    expect(freeze(["b", "a", "b", null]).shape).toEqual({ kind: "category", values: ["b", "a"] });
    expect(freeze(Array.from({ length: 100 }, (_, i) => "x".repeat(i + 1))).shape.kind).toBe("length");
    expect(freeze([])).toMatchObject({ rows: 0, bins: [0] });
    expect(freeze([5, 5, 5, NaN]).missing).toBe(1);
  });
  it("tell what the reference did not have", () => {
    const numbers = freeze(Array.from({ length: 100 }, (_, i) => i + 0.5));
    expect(counted(numbers, [-1, 50, 200, Infinity, null])).toMatchObject({ rows: 5, missing: 1, outside: 3 });
    expect(counted(freeze(["a", "b"]), ["a", "c"])).toMatchObject({ outside: 1, bins: [1, 0, 1] });
  });
  it("add up: counts of parts are the counts of the whole", () => {
    const normal = normalNumbers(randomNumbers(1));
    const values = Array.from({ length: 3000 }, () => normal());
    const reference = freeze(values);
    const merged = new Tally(reference.shape);
    for (let i = 0; i < 3; i++) merged.merge(counted(reference, values.slice(i * 1000, (i + 1) * 1000)));
    expect(merged.read().bins).toEqual(reference.bins);
    const { mean, deviation } = momentsOf(merged.read());
    expect(mean).toBeCloseTo(values.reduce((a, b) => a + b) / 3000, 10);
    expect(deviation).toBeCloseTo(1, 1);
  });
});

describe("drift", () => {
  const normal = normalNumbers(randomNumbers(7));
  const draw = (n: number, shift = 0): number[] => Array.from({ length: n }, () => normal() + shift);
  it("is seldom found where there is none, and found where a number moves by half its spread", () => {
    const reference = freeze(draw(10_000));
    const alarms = (shift: number): number => Array.from({ length: 300 }, () => driftBetween(reference, counted(reference, draw(250, shift)))).filter((d) => d.verdict === "drifted").length;
    expect(alarms(0)).toBeLessThanOrEqual(3);
    expect(alarms(0.5)).toBe(300);
  });
  it("is found where all values move a little, sooner than bins alone show it, and by ranks as SciPy has them", () => {
    const reference = freeze(draw(10_000));
    const found = Array.from({ length: 200 }, () => driftBetween(reference, counted(reference, draw(250, 0.35))));
    expect(found.filter((d) => d.p <= 1e-4).length).toBeGreaterThan(160);
    // scipy.stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic") of values 0, 1, 2 so often: p = 0.016636788336430463.
    const shape = { kind: "number", edges: [0.5, 1.5], low: 0, high: 2 } as const;
    const of = (bins: readonly number[]): Distribution => ({ shape, rows: bins.reduce((x, y) => x + y), missing: 0, bins, outside: 0, sum: 0, squares: 0 });
    expect(driftBetween(of([400, 300, 300]), of([80, 80, 90])).p).toBeCloseTo(2 * 0.016636788336430463, 10);
  });
  it("is not called one with a million rows that moved by a fiftieth", () => {
    const reference = freeze(draw(10_000));
    expect(driftBetween(reference, counted(reference, draw(200_000, 0.02)))).toMatchObject({ verdict: "same" });
  });
  it("is seldom found among 200 categories, and found where one column is missing", () => {
    const random = randomNumbers(3);
    const pick = (n: number): string[] => Array.from({ length: n }, () => `c${Math.floor(200 * random() ** 2)}`);
    const reference = freeze(pick(10_000));
    expect(Array.from({ length: 200 }, () => driftBetween(reference, counted(reference, pick(250)))).filter((d) => d.verdict === "drifted").length).toBeLessThanOrEqual(2);
    expect(driftBetween(reference, counted(reference, pick(300).map((v, i) => (i % 3 === 0 ? null : v)))).verdict).toBe("drifted");
  });
  it("says nothing with fewer than 200 rows", () => {
    const reference = freeze(draw(10_000));
    expect(driftBetween(reference, counted(reference, draw(199, 3))).verdict).toBe("unknown");
  });
  it("of many columns is believed with few false alarms", () => {
    expect(believable([0.001, 0.2, 0.012, 0.04])).toEqual([true, false, true, false]);
    expect(believable([])).toEqual([]);
  });
});

describe("sixty columns in windows of 250 rows", () => {
  it("alarm at once in fewer than one window of two hundred where nothing drifts, and mostly where one moves by half a deviation", () => {
    const normal = normalNumbers(randomNumbers(12));
    const random = randomNumbers(13);
    const column = (rows: number, c: number, shift = 0): Counted[] => Array.from({ length: rows }, () => (c % 5 === 4 ? `c${Math.floor(6 * random() ** 1.5)}` : c % 2 === 0 ? normal() + shift : Math.exp(normal() + shift)));
    const references = Array.from({ length: 60 }, (_, c) => freeze(column(5000, c)));
    const window = (shift = 0): Distribution[] => references.map((r, c) => counted(r, column(250, c, c === 7 ? shift : 0)));
    const sure = (shift: number, times: number): number => Array.from({ length: times }, () => judgeWindow(references, window(shift)).some((j) => j.sure)).filter((x) => x).length;
    expect(sure(0, 200)).toBeLessThanOrEqual(1);
    expect(sure(0.5, 30)).toBeGreaterThanOrEqual(24);
    expect(judgeWindow(references, window(0.5), { ...DRIFT_RULE, atOnce: 0 }).some((j) => j.sure)).toBe(false);
  });
});

describe("sketches", () => {
  const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `row ${from + i}`);
  it("count the different ones, and those of parts merge into that of the whole", () => {
    const whole = sketchOf(names(0, 50_000));
    expect(mergeSketches(sketchOf(names(0, 30_000)), sketchOf(names(20_000, 50_000)))).toEqual(whole);
    expect(Math.abs(distinctCount(whole) / 50_000 - 1)).toBeLessThan(0.1);
    expect(distinctCount(sketchOf([...names(0, 100), ...names(0, 100)]))).toBe(100);
  });
  it("tell how many of other texts are among them", () => {
    const whole = sketchOf(names(0, 50_000));
    const half = shareWithin(names(45_000, 55_000), whole);
    expect(half.judged).toBeGreaterThan(100);
    expect(half.share).toBeCloseTo(0.5, 1);
    expect(shareWithin(names(60_000, 70_000), whole).found).toBe(0);
  });
  it("hash apart", () => {
    expect(new Set(names(0, 100_000).map(hashText)).size).toBe(100_000);
    expect(Number.isSafeInteger(hashText("x"))).toBe(true);
  });
});
