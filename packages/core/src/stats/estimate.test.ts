// Estimates without labels, against what labels say.

import { describe, expect, it } from "vitest";
import { calibrated, classificationMetrics, estimatePerformance, isotonic, learnCalibration, randomNumbers } from "./index.ts";

function drawn(count: number, seed: number, meaning: (p: number) => number): { p: number[]; came: number[] } {
  const random = randomNumbers(seed);
  const p = Array.from({ length: count }, () => random() ** 0.7);
  return { p, came: p.map((q) => (random() < meaning(q) ? 1 : 0)) };
}
const metrics = ({ p, came }: { p: number[]; came: number[] }): Record<string, number> =>
  Object.fromEntries(classificationMetrics({ classes: 2, truth: came, predicted: p.map((q) => (q >= 0.5 ? 1 : 0)), probabilities: p.flatMap((q) => [1 - q, q]) }).map((m) => [m.name, m.of(null)]));
const bins = (p: readonly number[]): (readonly [number, number])[] => p.map((q) => [q, 1]);

describe("estimates without labels", () => {
  it("are near what labels say where probabilities mean what they say", () => {
    const data = drawn(20_000, 1, (p) => p);
    const estimate = estimatePerformance(bins(data.p), 2)!;
    const real = metrics(data);
    expect(estimate.accuracy).toBeCloseTo(real["accuracy"]!, 1.7);
    expect(estimate.roc_auc).toBeCloseTo(real["roc_auc"]!, 1.7);
  });
  it("need a calibration where they do not, which is learnt from labels", () => {
    const meaning = (p: number): number => 0.2 + 0.5 * p;
    const past = drawn(6000, 2, meaning);
    const now = drawn(20_000, 3, meaning);
    const real = metrics(now)["accuracy"]!;
    const map = learnCalibration(past.p, past.came)!;
    expect(Math.abs(estimatePerformance(bins(now.p), 2)!.accuracy! - real)).toBeGreaterThan(0.1);
    expect(Math.abs(estimatePerformance(bins(now.p), 2, map)!.accuracy! - real)).toBeLessThan(0.015);
  });
  it("keep to what the model says where there is too little to learn from", () => {
    const past = drawn(100, 2, (p) => p);
    expect(learnCalibration(past.p, past.came)).toBeUndefined();
  });
  it("of many classes tell the accuracy alone", () => {
    expect(estimatePerformance([[0.9, 10], [0.5, 10]], 3)).toEqual({ accuracy: 0.7 });
    expect(estimatePerformance([], 3)).toBeNull();
  });
});

describe("isotonic regression", () => {
  it("is scikit-learn's (IsotonicRegression 1.9)", () => {
    // IsotonicRegression().fit_transform([1..8], [0, 1, 0, 0, 1, 1, 0, 1])
    const map = isotonic([1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 0, 0, 1, 1, 0, 1]);
    expect([1, 3, 6, 8].map((x) => calibrated(map, x))).toEqual([0, 1 / 3, 2 / 3, 1]);
    expect([calibrated(map, -5), calibrated(map, 50)]).toEqual([0, 1]);
  });
});
