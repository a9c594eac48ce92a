import { describe, expect, it } from "vitest";
import { NO_PAIRED, type SideCounts } from "@slipway/core/stats";
import { NO_COUNTS, NO_SIDE, type StageCounts } from "./counts.ts";
import { beginJudging, look, type Judged } from "./judge.ts";
import type { LossPair } from "./labels.ts";
import { readPlan, stagesOf } from "./plan.ts";
import type { Rollout } from "./rollout.ts";

const requests = (count: number): SideCounts => ({ ...NO_SIDE, requests: count });
/** A shadow of so many requests in which so many labels differ. */
const shadow = (compared: number, unequal: number): StageCounts => ({ ...NO_COUNTS, canary: requests(compared), baseline: requests(compared), pairs: { ...NO_COUNTS.pairs, compared, unequal }, times: NO_PAIRED });
const labels = (worse: number, better: number, equal: number): { kind: "classification"; pairs: LossPair[] } => ({
  kind: "classification", pairs: [[1, 0, worse], [0, 1, better], [0, 0, equal]].flatMap(([canary, baseline, n]) => Array.from({ length: n! }, () => ({ canary: canary!, baseline: baseline!, at: "2026-03-01T00:00:00.000Z" }))) });

function judge(given: object, counts: StageCounts, stage: number, labelled?: ReturnType<typeof labels> | typeof LISTS, before?: Judged): { readonly verdict: string; readonly why: readonly string[]; readonly judged: Judged } {
  const plan = readPlan({}, given);
  const stages = stagesOf(plan);
  const rollout = { plan, stages, stage, stageSince: "2026-03-01T00:00:00.000Z" } as unknown as Rollout;
  const { verdict, findings, judged } = look(rollout, before ?? beginJudging(stages), stages.map((_, i) => (i === stage ? counts : NO_COUNTS)), undefined, Date.parse("2026-03-01T01:00:00.000Z"), labelled);
  return { verdict, why: findings.filter((f) => f.verdict === verdict).map((f) => f.signal), judged };
}
const LISTS = { kind: "ranking", pairs: [] } as const;
const SHADOW = 1;
/** Of a model that answers with lists: of so many with labels so much is missing on either side. */
const lists = (count: number, canary: number, baseline: number): StageCounts => ({ ...NO_COUNTS, canary: { ...requests(count), labels: { trials: count, hits: canary * count } }, baseline: { ...requests(3 * count), labels: { trials: 3 * count, hits: baseline * 3 * count } } });

describe("a version that answers otherwise in three of ten requests", () => {
  const other = shadow(1000, 300);
  it("is aborted by default: it should be the same", () => {
    expect(judge({}, other, SHADOW)).toMatchObject({ verdict: "abort", why: ["disagreement"] });
  });
  it("waits for labels where it is expected to, and never goes on without them", () => {
    const seen = judge({ expectChange: true }, other, SHADOW);
    expect(seen).toMatchObject({ verdict: "hold", why: ["paired-labels"], judged: { changed: true } });
    // In a step neither, though nothing differs there.
    expect(judge({ expectChange: true, bake: "0s" }, { ...NO_COUNTS, canary: requests(500), baseline: requests(5000) }, 3, undefined, seen.judged)).toMatchObject({ verdict: "hold", why: ["paired-labels"] });
  });
  it("goes on once labels show that it is no worse, and is aborted once they show that it is", () => {
    const expected = { expectChange: true };
    expect(judge(expected, other, SHADOW, labels(20, 80, 200))).toMatchObject({ verdict: "promote" });
    expect(judge(expected, other, SHADOW, labels(3, 4, 10))).toMatchObject({ verdict: "hold", why: ["paired-labels"] });
    expect(judge(expected, other, SHADOW, labels(80, 20, 200))).toMatchObject({ verdict: "abort", why: ["paired-labels"] });
    // As many wrong answers as right ones are no proof that it is no worse.
    expect(judge(expected, other, SHADOW, labels(50, 50, 200))).toMatchObject({ verdict: "hold" });
  });
  it("is not judged by few requests", () => {
    expect(judge({ expectChange: true }, shadow(10, 9), SHADOW).judged.changed).toBe(false);
  });
});
it("a version that is the same needs no labels, expected to change or not", () => {
  for (const expectChange of [true, false]) expect(judge({ expectChange }, shadow(1000, 10), SHADOW)).toMatchObject({ verdict: "promote" });
});
it("numbers that are apart abort, or are told where that is expected", () => {
  const apart: StageCounts = { ...shadow(1000, 0), pairs: { ...NO_COUNTS.pairs, compared: 0, unequal: 0, numbers: 1000, squares: 1000, givenSum: 0, givenSquares: 1000 } };
  expect(judge({}, apart, SHADOW)).toMatchObject({ verdict: "abort", why: ["difference"] });
  expect(judge({ expectChange: true }, apart, SHADOW)).toMatchObject({ verdict: "hold", why: ["paired-labels"] });
});
it("labels of rows that both answered abort a worse version that was expected to be the same", () => {
  expect(judge({}, shadow(1000, 90), SHADOW, labels(80, 5, 600))).toMatchObject({ verdict: "abort", why: ["paired-labels"] });
});

describe("a version whose lists are others", () => {
  const plan = { expectChange: true, bake: "0s", requests: 100, labelMargin: 0.05 };
  const seen = judge(plan, shadow(1000, 300), SHADOW, LISTS);
  const step = (count: number, canary: number, baseline: number, looks = 1): ReturnType<typeof judge> => {
    let found = seen;
    for (let i = 1; i <= looks; i++) found = judge(plan, lists((count * i) / looks, canary, baseline), 3, LISTS, found.judged);
    return found;
  };
  it("passes the shadow, which shows them to nobody, and waits for labels once they are shown", () => {
    expect(seen).toMatchObject({ verdict: "promote", judged: { changed: true } });
    expect(judge(plan, { ...NO_COUNTS, canary: requests(500), baseline: requests(5000) }, 3, LISTS, seen.judged)).toMatchObject({ verdict: "hold", why: ["labels"] });
  });
  it("goes on where labels show them to be no worse, and is aborted where they are worse", () => {
    expect(step(4000, 0.7, 0.7, 40)).toMatchObject({ verdict: "promote" });
    expect(step(4000, 0.65, 0.7, 40)).toMatchObject({ verdict: "promote" });
    expect(step(100, 0.7, 0.7, 2)).toMatchObject({ verdict: "hold", why: ["labels"] });
    expect(step(4000, 0.9, 0.7, 40)).toMatchObject({ verdict: "abort", why: ["labels"] });
    expect(step(4000, 0.75, 0.7, 40)).toMatchObject({ verdict: "hold" });
  });
  it("that is not said to be other needs no labels, and is aborted by them all the same", () => {
    const same = judge({ bake: "0s", requests: 100 }, lists(400, 0.7, 0.7), 3, LISTS);
    expect(same.verdict).toBe("promote");
    expect(judge({ bake: "0s", requests: 100 }, lists(4000, 0.9, 0.5), 3, LISTS, judge({ bake: "0s", requests: 100 }, lists(500, 0.9, 0.5), 3, LISTS).judged)).toMatchObject({ verdict: "abort", why: ["labels"] });
  });
});
