// Rankings and forecasts, against scikit-learn 1.9 (ndcg_score, average_precision_score) and figures worked out by hand.

import { describe, expect, it } from "vitest";
import { bootstrap, forecastMetrics, listFigures, listMetrics, percentileInterval, rankingMetrics, type Metric } from "./index.ts";

const value = (metrics: readonly Metric[], name: string, weights: ArrayLike<number> | null = null): number => metrics.find((m) => m.name === name)!.of(weights);

describe("rankings", () => {
  const relevance = [3, 2, 0, 0, 1, 2, 1, 0, 0, 0, 0, 5];
  const scores = [0.1, 0.4, 0.35, 0.8, 0.5, 0.2, 0.9, 0.3, 0.3, 0.3, 0.7, 0.1];
  const groups = ["a", "a", "a", "a", "a", "a", "b", "b", "b", "b", "c", "d"];
  it("are judged by group: ndcg_score([3,2,0,0,1,2], scores) and the same of the second group", () => {
    const one = rankingMetrics(relevance.slice(0, 6), scores.slice(0, 6), groups.slice(0, 6));
    const dcg = (order: number[]): number => order.reduce((s, r, i) => s + r / Math.log2(i + 2), 0);
    expect(value(one, "ndcg")).toBeCloseTo(dcg([0, 1, 2, 0, 2, 3]) / dcg([3, 2, 2, 1, 0, 0]), 12);
    expect(value(one, "ndcg_5")).toBeCloseTo(dcg([0, 1, 2, 0, 2]) / dcg([3, 2, 2, 1, 0]), 12);
    expect(value(one, "map")).toBeCloseTo((1 / 2 + 2 / 3 + 3 / 5 + 4 / 6) / 4, 12);
    expect(value(one, "mrr")).toBeCloseTo(1 / 2, 12);
    // Groups of one row, or without a relevant one, rank nothing.
    const all = rankingMetrics(relevance, scores, groups);
    expect(value(all, "mrr")).toBeCloseTo((1 / 2 + 1) / 2, 12);
    expect(all[0]!.units).toEqual([0, 6]);
  });
  it("share the places of equal scores, and flatter nobody by them", () => {
    const tied = rankingMetrics([1, 0, 0], [0.5, 0.5, 0.1], [1, 1, 1]);
    expect(value(tied, "ndcg")).toBeCloseTo((1 + 1 / Math.log2(3)) / 2, 12);
    expect([value(tied, "map"), value(tied, "mrr")]).toEqual([0.5, 0.5]);
  });
  it("have intervals from drawing groups, not rows", () => {
    const n = 60;
    const metrics = rankingMetrics(Array.from({ length: 2 * n }, (_, i) => i % 2), Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? 0.5 : i % 3 === 0 ? 0.4 : 0.6)), Array.from({ length: 2 * n }, (_, i) => i >> 1));
    const { low, high } = percentileInterval(bootstrap(metrics, 2 * n, { seed: 1 }).samples[3]!);
    expect(low).toBeLessThan(value(metrics, "mrr"));
    expect(high).toBeGreaterThan(value(metrics, "mrr"));
    expect(high - low).toBeLessThan(0.2);
  });
});

describe("forecasts", () => {
  const truth = [10, 12, 14, 100, 90, 110];
  const predicted = [11, 12, 13, 95, 95, 100];
  const metrics = forecastMetrics(truth, predicted, { time: [1, 2, 3, 3, 1, 2], series: ["a", "a", "a", "b", "b", "b"], season: 1 });
  it("are judged by error over size, symmetric error, bias, and against repeating the last value", () => {
    expect(value(metrics, "wape")).toBeCloseTo(22 / 336, 12);
    expect(value(metrics, "bias")).toBeCloseTo(10 / 6, 12);
    expect(value(metrics, "smape")).toBeCloseTo((2 / 21 + 0 + 2 / 27 + 10 / 195 + 10 / 185 + 20 / 210) / 6, 12);
    // Within the series, in the order of time: |12-10|, |14-12|, |110-90|, |100-110|.
    expect(value(metrics, "mase")).toBeCloseTo(22 / 6 / (34 / 4), 12);
  });
  it("have no mase where nothing repeats", () => {
    expect(forecastMetrics([1, 2], [1, 2], { time: [NaN, NaN], season: 1 }).map((m) => m.name)).toEqual(["wape", "smape", "bias"]);
  });
});

describe("lists with what was chosen of them", () => {
  it("are judged as rankings whose rows are worth 1 or 0, where all that was chosen was shown", () => {
    const items = ["a", "b", "c", "d", "e", "f", "g"];
    for (const chosen of [["a"], ["c", "f"], ["g"], ["b", "c", "d", "e"]]) {
      const rows = rankingMetrics(items.map((i) => (chosen.includes(i) ? 1 : 0)), items.map((_, at) => -at), items.map(() => 0));
      const list = listMetrics([{ items, chosen }]);
      for (const name of ["ndcg", "map", "mrr"]) expect([chosen, name, value(list, name)]).toEqual([chosen, name, expect.closeTo(value(rows, name), 12)]);
      expect(value(list, "hit_rate")).toBe(1);
      expect(value(list, "hit_rate_5")).toBe(chosen.includes("g") ? 0 : 1);
    }
  });
  it("count lists of which nothing was chosen, and what they did not show", () => {
    const lists = [{ items: ["a", "b"], chosen: [] }, { items: ["a", "b"], chosen: ["z"] }, { items: ["a", "a", "b"], chosen: ["b", "b", "z"] }, { items: [], chosen: ["a"] }];
    expect(lists.map((l) => listFigures(l).hit)).toEqual([0, 0, 1, 0]);
    // One of two that could have been shown, in the second place.
    expect(listFigures(lists[2]!)).toEqual({ hit: 1, ndcg: 1 / Math.log2(3) / (1 + 1 / Math.log2(3)), precision: 0.25, reciprocal: 0.5 });
    expect(value(listMetrics(lists), "hit_rate")).toBe(0.25);
  });
});
