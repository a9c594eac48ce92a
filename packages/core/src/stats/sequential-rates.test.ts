import { describe, expect, it } from "vitest";
import { randomNumbers } from "./random.ts";
import { beginRateTest, evidenceOf, watchRates, type RateTest, type Trials } from "./sequential-rates.ts";

const random = randomNumbers(7);
const draw = (trials: number, rate: number): Trials => {
  let hits = 0;
  for (let i = 0; i < trials; i++) if (random() < rate) hits++;
  return { trials, hits };
};
/** Looks until the evidence is enough or the looks are over; the trials of the first side until then. */
function trialsUntil(p: (look: number) => number, q: (look: number) => number, looks: number, [mine, others]: readonly [number, number] = [30, 300], margin = 0.01): number | undefined {
  let test: RateTest = beginRateTest(2);
  let past: Trials = { trials: 0, hits: 0 };
  for (let look = 0; look < looks; look++) {
    const other = draw(others, q(look));
    test = watchRates(test, look < looks / 2 ? 0 : 1, draw(mine, p(look)), other, margin, past);
    past = { trials: past.trials + other.trials, hits: past.hits + other.hits };
    if (evidenceOf(test) >= 1000) return (look + 1) * mine;
  }
  return undefined;
}
const alarms = (times: number, run: () => number | undefined): number => Array.from({ length: times }, run).filter((n) => n !== undefined).length;

describe("rates that are watched", () => {
  it("are not called different where they are not, at the margin's border neither, nor where both change together", () => {
    expect(alarms(300, () => trialsUntil(() => 0.005, () => 0.005, 60))).toBe(0);
    expect(alarms(300, () => trialsUntil(() => 0.03, () => 0.02, 60))).toBeLessThanOrEqual(2);
    // An outage that hits both, while the first side has grown from a hundredth to half.
    expect(alarms(100, () => trialsUntil((t) => (t > 30 ? 0.3 : 0.005), (t) => (t > 30 ? 0.3 : 0.005), 60, [200, 200]))).toBe(0);
  });
  it("are called different where they are, soon, late in the course too", () => {
    const found = Array.from({ length: 100 }, () => trialsUntil(() => 0.05, () => 0.005, 60));
    expect(found.filter((n) => n !== undefined).length).toBeGreaterThanOrEqual(98);
    expect(found.map((n) => n ?? 9999).sort((a, b) => a - b)[50]).toBeLessThan(700);
    expect(alarms(50, () => trialsUntil((t) => (t >= 30 ? 0.1 : 0.005), () => 0.005, 60))).toBe(50);
  });
  it("may be compared with a fixed one, and parts of a hit count", () => {
    let test = beginRateTest(1);
    for (let i = 0; i < 20; i++) test = watchRates(test, 0, { trials: 50, hits: 12.5 }, 0.1, 0);
    expect(evidenceOf(test)).toBeGreaterThan(1000);
    test = beginRateTest(1);
    for (let i = 0; i < 20; i++) test = watchRates(test, 0, { trials: 50, hits: 4.5 }, 0.1, 0);
    expect(evidenceOf(test)).toBeLessThan(1);
  });
  it("with a margin below 0 are evidence that the first side hits about as often, and none where it does less", () => {
    // Lists of which 30 % hit, and canaries as good, at the border, and worse.
    const shown = (p: number): number | undefined => trialsUntil(() => p, () => 0.3, 60, [100, 300], -0.05);
    expect(alarms(100, () => shown(0.3))).toBeGreaterThanOrEqual(90);
    expect(alarms(100, () => shown(0.36))).toBe(100);
    expect(alarms(300, () => shown(0.25))).toBeLessThanOrEqual(2);
    expect(alarms(100, () => shown(0.2))).toBe(0);
    // Where hits are rarer than the margin nothing can be worse by more.
    expect(alarms(50, () => trialsUntil(() => 0.01, () => 0.01, 60, [100, 300], -0.05))).toBe(50);
  });
  it("say nothing without trials on both sides", () => {
    const test = beginRateTest(1);
    expect(watchRates(test, 0, { trials: 100, hits: 100 }, { trials: 0, hits: 0 }, 0.01)).toBe(test);
    expect(watchRates(test, 0, { trials: 0, hits: 0 }, { trials: 100, hits: 0 }, 0.01)).toBe(test);
    expect(evidenceOf(test)).toBe(1);
  });
});
