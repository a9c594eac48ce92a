import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { describe, expect, it } from "vitest";
import { dropIn, type RipeStretch } from "./accuracy-drop.ts";

const classes = { kind: "classification", classes: ["a", "b"], probabilities: false } as const;
const numbers = { kind: "regression" } as const;
const at = (i: number): string => new Date(600_000 * i).toISOString();
const random = randomNumbers(5);
const normal = normalNumbers(random);
/** So many stretches of 250 labels, each with the chance of a right answer that it is given. */
const answers = (count: number, right: (i: number) => number): RipeStretch[] => Array.from({ length: count }, (_, i) => ({ begins: at(i), labelled: 250, metrics: { accuracy: Array.from({ length: 250 }, () => (random() < right(i) ? 1 : 0) as number).reduce((a, b) => a + b) / 250 } }));
const errors = (count: number, size: (i: number) => number): RipeStretch[] => Array.from({ length: count }, (_, i) => {
  const list = Array.from({ length: 250 }, () => Math.abs(size(i) * normal()));
  return { begins: at(i), labelled: 250, metrics: { mae: list.reduce((a, b) => a + b) / 250, rmse: Math.sqrt(list.reduce((a, b) => a + b * b) / 250) } };
});
/** Looked at after each stretch. */
const alarms = (stretches: readonly RipeStretch[], task: typeof classes | typeof numbers): number[] => stretches.flatMap((_, i) => (dropIn(stretches.slice(0, i + 1), task) === null ? [] : [i]));

describe("a drop", () => {
  it("is seldom told where there is none", () => {
    const told = Array.from({ length: 40 }, () => alarms(answers(50, () => 0.84), classes).length + alarms(errors(50, () => 2), numbers).length).reduce((a, b) => a + b);
    expect(told).toBeLessThanOrEqual(20);
  });
  it("that is large is told at once, one that is small after some stretches, each with its beginning", () => {
    const first = (drop: number): number[] => Array.from({ length: 20 }, () => alarms(answers(60, (i) => (i < 30 ? 0.84 : 0.84 - drop)), classes).find((i) => i >= 30) ?? 99).sort((a, b) => a - b);
    expect(first(0.2)[10]).toBe(30);
    expect(first(0.04)[10]).toBeLessThanOrEqual(40);
    const found = dropIn(answers(34, (i) => (i < 30 ? 0.84 : 0.74)), classes)!;
    expect(found).toMatchObject({ metric: "accuracy", since: at(30) });
    expect(found.before - found.now).toBeGreaterThan(0.05);
  });
  it("of numbers is a larger error, by its own spread", () => {
    const found = dropIn(errors(34, (i) => (i < 30 ? 2 : 2.6)), numbers)!;
    expect(found).toMatchObject({ metric: "mae", since: at(30) });
    expect(found.now).toBeGreaterThan(found.before);
    expect(dropIn(errors(34, (i) => (i < 30 ? 2 : 1)), numbers)).toBeNull();
  });
  it("needs labels on both sides, and a metric that is a mean", () => {
    expect(dropIn([], classes)).toBeNull();
    expect(dropIn(answers(1, () => 0.5), classes)).toBeNull();
    expect(dropIn(answers(40, (i) => (i < 20 ? 0.9 : 0.5)), { kind: "ranking", of: "rows" } as never)).toBeNull();
  });
});
