// Counts of windows: parts merge into exactly the whole, bytes come back, and states follow from verdicts.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CategoryPlaces } from "./category-places.ts";
import { EdgeSearch } from "./edge-search.ts";
import { decodeWindow, driftMeasures, encodeWindow, freeze, judgeWindow, momentsOf, normalNumbers, NumberBlock, randomNumbers, stateOf, WindowCounter, worstOf, type Distribution } from "./index.ts";

const MISSING = "\uffff";
const normal = normalNumbers(randomNumbers(3));
const references: readonly Distribution[] = [
  freeze(Array.from({ length: 5000 }, () => 20 + 4 * normal())),
  freeze(Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? "pro" : "basic"))),
  freeze(Array.from({ length: 5000 }, (_, i) => `a text ${"x".repeat(i % 40)} ${i}`)),
  freeze(Array.from({ length: 5000 }, (_, i) => i % 2)),
];
interface Row {
  readonly numbers: readonly [number, number];
  readonly texts: readonly [string, string];
}
function counted(rows: readonly Row[]): WindowCounter {
  const window = new WindowCounter(references);
  const hashes = new Int32Array(rows.length);
  const numbers = Float64Array.from(rows.flatMap((r) => r.numbers));
  const texts = rows.flatMap((r) => r.texts);
  window.series[0]!.addNumbers(numbers, 0, 2, rows.length, hashes);
  window.series[1]!.addTexts(texts, 0, 2, rows.length, MISSING, hashes);
  window.series[2]!.addTexts(texts, 1, 2, rows.length, MISSING, hashes);
  window.series[3]!.addNumbers(numbers, 1, 2, rows.length, hashes);
  window.addRows(rows.length, hashes);
  rows.forEach((r) => window.addRequest(1 + (r.texts[1].length % 7), r.texts[0] === "bad" ? "request-invalid" : undefined));
  for (const r of rows) window.sure.add(Math.abs(Math.sin(r.numbers[0])));
  return window;
}
const row = fc.record({
  numbers: fc.tuple(fc.oneof(fc.double(), fc.double({ min: 5, max: 40, noNaN: true })), fc.constantFrom(0, 1, 2, NaN)),
  texts: fc.tuple(fc.constantFrom("pro", "basic", "bad", "gold", MISSING), fc.string()),
});

describe("windows", () => {
  it("merge exactly: any split, any order", () => {
    fc.assert(fc.property(fc.array(row, { maxLength: 200 }), fc.infiniteStream(fc.nat(2)), (rows, split) => {
      const parts: Row[][] = [[], [], []];
      for (const r of rows) parts[split.next().value as number]!.push(r);
      const merged = counted(parts[2]!);
      merged.merge(decodeWindow(references, encodeWindow(counted(parts[0]!))));
      merged.merge(counted(parts[1]!));
      const whole = counted(rows);
      const seen = (w: WindowCounter): unknown => [w.series.map((s) => [s.distribution, s.low, s.high, s.distinct.count, s.texts.entries]), w.rows, w.requests, [...w.errors], w.latency.counts, w.distinctRows.count, w.sure.bins];
      expect(seen(merged)).toEqual(seen(whole));
      expect(encodeWindow(merged)).toEqual(encodeWindow(whole));
    }), { numRuns: 60 });
  });
  it("refuse bytes that are not theirs, with a code", () => {
    const bytes = encodeWindow(counted([{ numbers: [20, 1], texts: ["pro", "x"] }]));
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, put, end) => {
      const changed = bytes.slice(0, end);
      if (at < end) changed[at] = put;
      try {
        decodeWindow(references, changed);
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/^(?:window-counts|bytes-truncated)$/);
      }
    }));
    expect(() => decodeWindow(references.slice(1), bytes)).toThrow(expect.objectContaining({ code: "window-counts" }));
  });
  it("tell means, distinct values, duplicates and texts that are new", () => {
    const rows = Array.from({ length: 3000 }, (_, i): Row => ({ numbers: [30 + 2 * normal(), 1], texts: [i % 10 === 0 ? `new ${i % 50}` : "pro", `t${i % 1000}`] }));
    const window = counted(rows);
    const { mean, deviation } = momentsOf(window.series[0]!.distribution);
    expect(mean).toBeCloseTo(30, 0);
    expect(deviation).toBeCloseTo(2, 0);
    expect(window.series[1]!.texts.entries).toEqual([["new 0", 60], ["new 10", 60], ["new 20", 60], ["new 30", 60], ["new 40", 60]]);
    expect(window.series[3]!.distinct.count).toBe(1);
    expect(Math.abs(window.series[2]!.distinct.count / 1000 - 1)).toBeLessThan(0.25);
    expect(Math.abs(window.distinctRows.count / 3000 - 1)).toBeLessThan(0.2);
    expect(Math.abs(counted([...rows.slice(0, 100), ...rows.slice(0, 100), ...rows.slice(0, 100)]).distinctRows.count / 100 - 1)).toBeLessThan(0.2);
    expect(window.latency.quantile(0.5)).toBeGreaterThan(4.5);
    expect(window.latency.quantile(0.5)).toBeLessThan(5.5);
  });
  it("are about 4 KB for thirty columns", () => {
    const wide = [...Array.from({ length: 24 }, () => references[0]!), ...Array.from({ length: 6 }, () => references[1]!)];
    const window = new WindowCounter(wide);
    const hashes = new Int32Array(1_000_000);
    const values = Float64Array.from({ length: 100_000 }, () => 20 + 4 * normal());
    wide.forEach((_, i) => (i < 24 ? window.series[i]!.addNumbers(values, 0, 1, 100_000, hashes) : window.series[i]!.addTexts(Array.from(values, (v) => (v > 22 ? "pro" : "basic")), 0, 1, 100_000, MISSING, hashes)));
    window.addRows(100_000, hashes);
    expect(encodeWindow(window).length).toBeLessThan(4096);
  });
});

describe("texts", () => {
  it("are counted one by one or some at once alike, also where many share a place in the cache", () => {
    const names = Array.from({ length: 300 }, (_, i) => `${"abc"[i % 3]!}${i}z`);
    const reference = freeze(Array.from({ length: 3000 }, (_, i) => (i % 100 === 0 ? "" : names[i % 150]!)));
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...names, "", "x".repeat(200)), fc.string())), (texts) => {
      const [each, together] = [new WindowCounter([reference]), new WindowCounter([reference])];
      each.series[0]!.addTexts(texts, 0, 1, texts.length, MISSING);
      for (const text of new Set(texts)) together.series[0]!.addText(text, texts.filter((t) => t === text).length);
      expect(encodeWindow(each)).toEqual(encodeWindow(together));
      const of = (text: string): number => (reference.shape.kind === "category" ? reference.shape.values.indexOf(text) : NaN);
      expect(texts.map((text) => new CategoryPlaces(reference.shape.kind === "category" ? reference.shape.values : []).of(text))).toEqual(texts.map(of));
    }));
  });
});

describe("numbers counted many at once", () => {
  const shifted = freeze(Array.from({ length: 5000 }, () => 1e300 * normal()));
  const few = freeze(Array.from({ length: 5000 }, (_, i) => i % 3));
  const empty = freeze([]);
  /** Values on the edges, and one that is far from all others, beside which distances tell little. */
  const whole = freeze(Array.from({ length: 5000 }, (_, i) => i % 40));
  const skewed = freeze(Array.from({ length: 5000 }, (_, i) => (i === 0 ? 1e7 : i % 40)));
  const wide: readonly Distribution[] = [references[0]!, shifted, few, empty, references[0]!, references[3]!, whole, skewed];
  const columns = [{ place: 1, series: 6 }, { place: 5, series: 7 }, { place: 0, series: 0 }, { place: 2, series: 1 }, { place: 3, series: 2 }, { place: 4, series: 3 }, { place: 7, series: 4 }, { place: 8, series: 5 }];
  const value = fc.oneof(fc.double(), fc.constantFrom(NaN, -0, 0, 1, 2, 3, Infinity, -Infinity, 20, 1e308, 5e-324), fc.double({ min: 5, max: 40, noNaN: true }), fc.integer({ min: 0, max: 40 }), fc.constantFrom(...[4, 12, 36].flatMap((edge) => [edge * (1 - 2 ** -53), edge, edge * (1 + 2 ** -52)])));
  it("are what each value by itself gives, to the last bit", () => {
    fc.assert(fc.property(fc.array(fc.array(value, { minLength: 9, maxLength: 9 }), { maxLength: 60 }), fc.nat(7), (rows, cut) => {
      const bytes = [true, false].map((vectors) => {
        const block = new NumberBlock(9, columns, wide, vectors);
        const window = new WindowCounter(wide);
        const data = Float64Array.from(rows.flat());
        for (let from = 0; from < rows.length; from += cut + 1) {
          const count = Math.min(cut + 1, rows.length - from);
          const first = block.rows;
          block.stage(data, from, count);
          for (let i = 0; i < count; i++) block.hashes[first + i] = from + i;
          if (from % 3 === 0) block.countRows(window);
          if (from % 7 === 0) block.settle(window);
        }
        block.countRows(window);
        block.settle(window);
        return encodeWindow(window);
      });
      expect(bytes[0]).toEqual(bytes[1]);
    }), { numRuns: 200 });
  });
  it("among many edges are where a search finds them", () => {
    const distance = fc.oneof(fc.double({ noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }), fc.integer({ min: -3, max: 3 }));
    fc.assert(fc.property(fc.array(distance, { minLength: 17, maxLength: 60 }), fc.array(distance, { maxLength: 20 }), (list, values) => {
      const edges = Float64Array.from(list.filter(Number.isFinite)).sort();
      for (const value of [...values, ...edges]) expect(new EdgeSearch(edges).below(value)).toBe(edges.filter((edge) => edge < value).length);
    }));
  });
  it("also of more edges than the kernel takes, and of no columns", () => {
    const fine: Distribution = { shape: { kind: "number", edges: Array.from({ length: 40 }, (_, i) => i), low: 0, high: 40 }, rows: 0, missing: 0, bins: new Array<number>(41).fill(0), outside: 0, sum: 0, squares: 0 };
    const block = new NumberBlock(1, [{ place: 0, series: 0 }], [fine]);
    const window = new WindowCounter([fine]);
    block.stage([3.5, 39.5, NaN], 0, 3);
    block.countRows(window);
    block.settle(window);
    expect([window.rows, window.series[0]!.missing, window.series[0]!.bins[4], window.series[0]!.bins[40]]).toEqual([3, 1, 1, 1]);
    const none = new NumberBlock(0, [], []);
    none.stage([], 0, 2);
    expect(none.count(window)).toBe(2);
  });
});

describe("distances over the bins", () => {
  it("are those of the definitions", () => {
    const reference: Distribution = { shape: { kind: "number", edges: [1], low: 0, high: 2 }, rows: 100, missing: 0, bins: [50, 50], outside: 0, sum: 100, squares: 133.3333 };
    const current: Distribution = { ...reference, bins: [100, 0] };
    const m = driftMeasures(reference, current);
    expect(m.ks).toBeCloseTo(0.5, 12);
    expect(m.linf).toBeCloseTo(0.5, 12);
    // scipy.stats.chi2_contingency([[50, 50], [100, 0]], correction=False) and scipy.spatial.distance.jensenshannon(..., base=2)
    expect(m.chiSquare).toBeCloseTo(66.6667, 3);
    expect(m.jensenShannon).toBeCloseTo(0.557923, 5);
    // The distance of a uniform from 0 to 2 and one from 0 to 1 is 1/2, in deviations of 0.5774.
    expect(m.wasserstein).toBeCloseTo(0.5 / momentsOf(reference).deviation, 6);
  });
});

describe("states", () => {
  it("need k of n windows, warn after one, and say when there is too little", () => {
    const of = (verdicts: readonly ("same" | "drifted" | "unknown" | "sure")[]): string => stateOf(verdicts.map((v) => ({ verdict: v === "sure" ? "drifted" : v, sure: v === "sure" })));
    expect(of([])).toBe("not-enough-data");
    expect(of(["same"])).toBe("ok");
    expect(of(["same", "drifted"])).toBe("warning");
    expect(of(["drifted", "same", "drifted"])).toBe("drift");
    expect(of(["drifted", "drifted", "same", "same"])).toBe("ok");
    expect(of(["same", "unknown"])).toBe("not-enough-data");
    expect(of(["drifted", "drifted", "unknown"])).toBe("drift");
    // One that chance does not give stays for as long as two of three do.
    expect([of(["same", "sure"]), of(["sure", "same", "same"]), of(["sure", "same", "same", "same"]), of(["sure", "unknown"])]).toEqual(["drift", "drift", "ok", "drift"]);
  });
  it("weigh columns", () => {
    expect(worstOf(["drift", "ok"], [0.01, 1])).toBe("warning");
    expect(worstOf(["drift", "ok"], [1, 1])).toBe("drift");
    expect(worstOf(["not-enough-data", "ok"])).toBe("ok");
    expect(worstOf(["not-enough-data"])).toBe("not-enough-data");
    expect(worstOf([])).toBe("not-enough-data");
  });
  it("know the seasons", () => {
    const night = freeze(Array.from({ length: 3000 }, () => 26 + 4 * normal()));
    const now = counted(Array.from({ length: 800 }, (): Row => ({ numbers: [26 + 4 * normal(), 1], texts: ["pro", "x"] }))).series[0]!.distribution;
    expect(judgeWindow([references[0]!], [now])[0]).toMatchObject({ verdict: "drifted", seasonal: false });
    const { shape } = references[0]!;
    const season = counted(Array.from({ length: 3000 }, (): Row => ({ numbers: [26 + 4 * normal(), 1], texts: ["pro", "x"] }))).series[0]!.distribution;
    expect(season.shape).toEqual(shape);
    expect(night.shape).not.toEqual(shape);
    expect(judgeWindow([references[0]!], [now], undefined, [season])[0]).toMatchObject({ verdict: "same", seasonal: true });
  });
  it("is at once in drift only where it is that far from former days too", () => {
    const shape = { kind: "number", edges: [0.5, 1.5, 2.5], low: 0, high: 3 } as const;
    const of = (bins: readonly number[]): Distribution => ({ shape, rows: bins.reduce((x, y) => x + y), missing: 0, bins, outside: 0, sum: 0, squares: 0 });
    const judged = (season: readonly number[]): object => judgeWindow([of([1000, 1000, 1000, 1000])], [of([20, 40, 80, 110])], undefined, [of(season)])[0]!;
    expect(judged([400, 300, 200, 100])).toMatchObject({ verdict: "drifted", sure: true });
    expect(judged([66, 82, 120, 132])).toMatchObject({ verdict: "drifted", sure: false });
  });
});
