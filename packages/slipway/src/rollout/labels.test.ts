import { describe, expect, it } from "vitest";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { lossOf } from "../monitor/index.ts";
import { comparePairs, countLabels, scaleOf, type LabelledAnswers, type LossPair } from "./labels.ts";

const plan = { labelMargin: 0.02, lossMargin: 0.05, loss: "absolute" as const };
const labelled = (kind: LabelledAnswers["kind"], rows: readonly (readonly [id: string, answer: string, label: string])[]): LabelledAnswers => ({ kind, rows: rows.map(([id, answer, label], i) => ({ id, answer, label, receivedAt: new Date(1000 * i).toISOString() })) });
const normal = normalNumbers(randomNumbers(5));
/** So many rows: the baseline's error and the canary's, in the order in which labels came. */
const numbers = (count: number, mine: () => number, other: () => number): LossPair[] => Array.from({ length: count }, (_, i) => ({ canary: Math.abs(mine()), baseline: Math.abs(other()), at: new Date(1000 * i).toISOString() }));

describe("labels of two versions", () => {
  it("are those of their own predictions, and of rows that both answered, whichever of them gave the answer", () => {
    const counted = countLabels({ loss: lossOf }, labelled("classification", [["a-0", "1.0", "1"]]), labelled("classification", [["b-0", "0", "1"], ["c-0", "1", "1"]]), [
      { ref: "a-0", canary: "1.0", baseline: "0" }, { ref: "b-0", canary: "1", baseline: "0" }, { ref: "without a label-0", canary: "1", baseline: "0" }]);
    expect([counted.canary, counted.baseline]).toEqual([{ trials: 1, hits: 0 }, { trials: 2, hits: 1 }]);
    expect(counted.pairs.map((p) => [p.canary, p.baseline])).toEqual([[0, 1], [0, 1]]);
    expect(comparePairs(counted, plan, null)).toMatchObject({ pairs: 2, mean: -1, canary: 0, baseline: 1 });
    expect(countLabels({ loss: lossOf }, undefined, undefined, [])).toMatchObject({ kind: undefined, pairs: [] });
  });
  it("of numbers are judged by how far both are off, on a scale that the first ones give", () => {
    const kind = "regression";
    const good = { kind, pairs: numbers(1500, () => normal(), () => 1.3 * normal()) } as const;
    const worse = { kind, pairs: numbers(1500, () => 1.3 * normal(), () => normal()) } as const;
    const same = { kind, pairs: numbers(1500, () => normal(), () => normal()) } as const;
    expect(scaleOf({ kind, pairs: good.pairs.slice(0, 49) }, plan)).toBeNull();
    const of = (given: typeof good, more: Partial<Parameters<typeof comparePairs>[1]> = {}) => comparePairs(given, { ...plan, ...more }, scaleOf(given, { ...plan, ...more }))!;
    expect(of(good).pairs).toBe(1450);
    expect([of(good).fine > 1000, of(good).worse < 1, of(worse).worse > 1000, of(worse).fine < 1, of(same).worse < 20]).toEqual([true, true, true, true, true]);
    expect([of(good, { loss: "squared" }).fine > 1000, of(worse, { loss: "squared" }).worse > 1000]).toEqual([true, true]);
    // One row that is far off is one row.
    expect(of({ kind, pairs: [...same.pairs, { canary: 1e9, baseline: 0, at: new Date(9e9).toISOString() }] }).worse).toBeLessThan(40);
  });
  it("of a baseline that is never wrong still have a scale", () => {
    expect(scaleOf({ kind: "regression", pairs: numbers(50, () => 2, () => 0) }, plan)!.cap).toBe(16);
    expect(scaleOf({ kind: "regression", pairs: numbers(50, () => 0, () => 0) }, plan)!.cap).toBe(1);
    expect(scaleOf({ kind: "classification", pairs: numbers(50, () => 0, () => 1) }, plan)).toBeNull();
  });
});
