import { describe, expect, it } from "vitest";
import { addPaired, evidenceOfDifferences, NO_PAIRED, pairedEvidence, type PairedCounts } from "./paired.ts";
import { normalNumbers, randomNumbers } from "./random.ts";

const random = randomNumbers(11);
const normal = normalNumbers(random);
/** One pair after the other, looked at each time: the most evidence that there ever was, of either kind. */
function course(pairs: number, draw: () => number, margin: number): { worse: number; fine: number } {
  let counts: PairedCounts = NO_PAIRED;
  const most = { worse: 0, fine: 0 };
  for (let i = 0; i < pairs; i++) {
    const d = draw();
    counts = addPaired(counts, { worse: d > 0 ? 1 : 0, better: d < 0 ? 1 : 0, equal: d === 0 ? 1 : 0 });
    const { worse, fine } = pairedEvidence(counts, margin);
    most.worse = Math.max(most.worse, worse);
    most.fine = Math.max(most.fine, fine);
  }
  return most;
}
const pair = (worse: number, better: number) => (): number => {
  const u = random();
  return u < worse ? 1 : u < worse + better ? -1 : 0;
};
const times = (n: number, run: () => boolean): number => Array.from({ length: n }, run).filter(Boolean).length;

describe("pairs that are watched", () => {
  it("speak against nothing that is within the margin, at its border neither, however often one looks", () => {
    // Of 100 courses at the border, evidence of 100 is expected in one at the most.
    expect(times(100, () => course(400, pair(0.12, 0.1), 0.02).worse >= 100)).toBeLessThanOrEqual(4);
    expect(times(100, () => course(400, pair(0.12, 0.1), 0.02).fine >= 100)).toBeLessThanOrEqual(4);
    expect(times(100, () => course(400, pair(0.1, 0.1), 0.02).worse >= 1000)).toBe(0);
  });
  it("speak soon where one is worse, and for one that is better", () => {
    expect(times(30, () => course(1200, pair(0.15, 0.05), 0.02).worse >= 1000)).toBeGreaterThanOrEqual(29);
    expect(times(50, () => course(500, pair(0.05, 0.15), 0.02).fine >= 20)).toBeGreaterThanOrEqual(49);
    expect(times(50, () => course(300, pair(0.15, 0.05), 0.02).fine >= 20)).toBe(0);
  });
  it("are as sure of many small differences, whatever both have in common", () => {
    // Both are disturbed by up to fifty times what sets them apart.
    const apart = (by: number): number[] => Array.from({ length: 3000 }, () => {
      const common = 50 * Math.abs(normal());
      const [mine, other] = [common + by + normal(), common + normal()];
      return Math.max(-1, Math.min(1, (mine - other) / 5));
    });
    expect(evidenceOfDifferences(apart(0.5), 0).worse).toBeGreaterThan(1000);
    expect(evidenceOfDifferences(apart(0), 0).worse).toBeLessThan(20);
    expect(evidenceOfDifferences(apart(-0.5), 0).fine).toBeGreaterThan(1000);
  });
  it("say nothing where there are none, and are the same in any order", () => {
    expect(pairedEvidence(NO_PAIRED, 0.02)).toEqual({ pairs: 0, mean: 0, worse: 1, fine: 1 });
    const some = [0.5, -0.25, 1, 0, 0.75];
    const [a, b] = [evidenceOfDifferences(some, 0.1), evidenceOfDifferences(some.toReversed(), 0.1)];
    expect(a.worse).toBeCloseTo(b.worse, 12);
    expect(a.mean).toBeCloseTo(0.4, 12);
  });
});
