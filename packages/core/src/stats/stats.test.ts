// Expected values are those of scikit-learn 1.9.1 on the same numbers.

import { describe, expect, it } from "vitest";
import { bootstrap, calibration, classificationMetrics, confusion, percentileInterval, quantile, randomNumbers, rankingAuc, regressionMetrics, rocAuc, type Metric } from "./index.ts";

const p2 = [0.1, 0.8, 0.35, 0.4, 0.9, 0.6, 0.6, 0.55, 0.2, 0.05];
const two = { classes: 2, truth: [0, 1, 1, 0, 1, 0, 1, 1, 0, 0], predicted: p2.map((p) => Number(p >= 0.5)), probabilities: p2.flatMap((p) => [1 - p, p]) };
const three = {
  classes: 3, truth: [0, 1, 2, 2, 1, 0, 2, 1], predicted: [0, 1, 2, 1, 1, 1, 2, 2],
  probabilities: [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3], [0.25, 0.5, 0.25], [0.4, 0.5, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]].flat(),
};
const values = (metrics: readonly Metric[], weights: ArrayLike<number> | null = null): Record<string, number> => Object.fromEntries(metrics.map((m) => [m.name, m.of(weights)]));
function expectClose(found: Record<string, number>, wanted: Record<string, number>): void {
  for (const [name, value] of Object.entries(wanted)) expect(found[name], name).toBeCloseTo(value, 12);
}

describe("classification", () => {
  it("is what scikit-learn says of two classes", () => {
    expectClose(values(classificationMetrics(two)), { accuracy: 0.8, balanced_accuracy: 0.8, f1_macro: 0.8, log_loss: 0.42939025329920566, brier_score: 0.14075, roc_auc: 0.86 });
  });
  it("is what scikit-learn says of three classes", () => {
    expectClose(values(classificationMetrics(three)), { accuracy: 0.625, balanced_accuracy: 0.611111111111111, f1_macro: 0.6349206349206349, log_loss: 0.702356657983862, brier_score: 0.396875, roc_auc: 0.9111111111111111 });
  });
  it("takes weights as scikit-learn's sample_weight", () => {
    expectClose(values(classificationMetrics(two), [1, 2, 0, 1, 3, 0, 1, 1, 2, 0]), { accuracy: 1, log_loss: 0.2666822287432496, roc_auc: 1, f1_macro: 1 });
  });
  it("has no AUC where one class is missing, and is not stopped by NaN", () => {
    expect(rocAuc([0.1, 0.2], [1, 1])(null)).toBeNaN();
    expect(() => rocAuc([NaN, 0.2, NaN], [1, 0, 1])(null)).not.toThrow();
    expect(rankingAuc([5, 4, 3, NaN, 1], [0, 0, 1, 1, 1])).toBe(1);
  });
  it("counts a label that is no class as wrong", () => {
    const odd = { classes: 2, truth: [0, 1], predicted: [2, 1] };
    expect(values(classificationMetrics(odd))["accuracy"]).toBe(0.5);
    expect([...confusion(odd)]).toEqual([0, 0, 0, 1]);
  });
  it("finds calibration: sure and right is none, sure and wrong half the time is a half", () => {
    const of = (truth: number[]): number => values(classificationMetrics({ classes: 2, truth, predicted: [1, 1, 1, 1], probabilities: [0, 1, 0, 1, 0, 1, 0, 1] }))["calibration_error"]!;
    expect(of([1, 1, 1, 1])).toBe(0);
    expect(of([1, 0, 1, 0])).toBe(0.5);
    expect(calibration([0.05, 0.15, 0.15, 1], [0, 1, 0, 1])).toMatchObject([{ low: 0, rows: 1, true: 0 }, { rows: 2, said: 0.15, true: 0.5 }, { low: 0.9, rows: 1, true: 1 }]);
  });
});

describe("regression", () => {
  it("is what scikit-learn says", () => {
    const metrics = regressionMetrics([3, -0.5, 2, 7, 4.2], [2.5, 0, 2, 8, 4]);
    expectClose(values(metrics), { mae: 0.44000000000000006, rmse: 0.5549774770204643, r2: 0.9496600418410042, mape: 0.27142857142857146 });
    expectClose(values(metrics, [1, 2, 1, 0, 3]), { r2: 0.9678424332030837 });
  });
});

describe("bootstrap", () => {
  const random = randomNumbers(3);
  const truth = Array.from({ length: 400 }, () => Number(random() < 0.5));
  const predicted = truth.map((t) => (random() < 0.8 ? t : 1 - t));
  const metrics = classificationMetrics({ classes: 2, truth, predicted });
  it("gives the interval that theory gives a share: 1.96 standard errors to both sides", () => {
    const value = metrics[0]!.of(null);
    const { low, high } = percentileInterval(bootstrap(metrics, 400, { seed: 1 }).samples[0]!);
    const half = 1.96 * Math.sqrt((value * (1 - value)) / 400);
    expect(low).toBeCloseTo(value - half, 1.9);
    expect(high).toBeCloseTo(value + half, 1.9);
  });
  it("is the same with the same seed and another with another", () => {
    const draw = (seed: number): number[] => [...bootstrap(metrics, 400, { seed, draws: 100 }).samples[0]!];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
  it("draws from the given rows only", () => {
    const right = truth.flatMap((t, i) => (t === predicted[i] ? [i] : []));
    expect(new Set(bootstrap(metrics, 400, { seed: 1, draws: 100, rows: right }).samples[0]!)).toEqual(new Set([1]));
  });
});

it("takes quantiles as NumPy does", () => {
  expect([0, 0.25, 0.5, 0.75, 1].map((q) => quantile([1, 2, 3, 10], q))).toEqual([1, 1.75, 2.5, 4.75, 10]);
  expect(quantile([], 0.5)).toBeNaN();
});
