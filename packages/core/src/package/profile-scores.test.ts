// Scores of whole rows: what stands alone is told, and errors are expected where they are.

import { describe, expect, it } from "vitest";
import { driftBetween, freezeIn, normalNumbers, randomNumbers } from "../stats/index.ts";
import { LOSS_KINDS, LOSS_OF, OUTLIERS, parseProfile, profileOf, profileToJson, RowScorer, type Output, type ProfiledScore, type Signature } from "./index.ts";

const random = randomNumbers(4);
const normal = normalNumbers(random);
const output: Output = { name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] };
const signature: Signature = {
  layout: "columns", extraColumns: "ignored", outputs: [output],
  columns: ["a", "b", "kind"].map((name) => ({ name, type: name === "kind" ? "string" : "double", used: true, missing: "allowed", infinite: "allowed" })),
};
interface Row extends Record<string, unknown> {
  readonly a: number;
  readonly b: number | null;
  readonly kind: string;
}
/** b goes with a; the error is three times as large where a is above 1. */
function rows(count: number, move = 0): Row[] {
  return Array.from({ length: count }, () => {
    const a = normal() + move;
    return { a, b: random() < 0.05 ? null : a + 0.1 * normal(), kind: random() < 0.3 ? "x" : "y" };
  });
}
const errorOf = ({ a }: Row): number => (a > 1 ? 3 : 1) * normal();
const reference = rows(4000);
const predicted = Float64Array.from(reference, (r) => 2 * r.a);
const profile = profileOf(signature, reference, [{ output, width: 1, data: predicted }], { rows: "training", file: "t.csv" }, Float64Array.from(reference, (r, i) => predicted[i]! + errorOf(r)));
const score = (kind: ProfiledScore["kind"]): ProfiledScore => profile.scores!.find((s) => s.kind === kind)!;

function scored(of: ProfiledScore, given: readonly Row[]): Float64Array {
  const matrix = Float64Array.from(given.flatMap((r) => [r.a, r.b ?? NaN, r.kind === "y" ? 0 : 1, 2 * r.a]));
  const scores = new Float64Array(given.length);
  new RowScorer(of).score(matrix, 4, given.length, scores);
  return scores;
}
const mean = (list: Float64Array): number => list.reduce((a, b) => a + b, 0) / list.length;

describe("scores of rows", () => {
  it("are in the profile, and come back as they were", () => {
    // Some of what is true is negative, and near 0.
    expect(profile.scores!.map((s) => s.kind)).toEqual(["isolation", "loss", "loss_squared"]);
    expect(parseProfile(JSON.parse(JSON.stringify(profileToJson(profile))))).toEqual(profile);
    expect(profileOf(signature, rows(300), [], { rows: "training", file: "t.csv" }).scores).toBeUndefined();
    const json = profileToJson(profile) as { scores: { trees: { features: number[] } }[] };
    json.scores[0]!.trees.features[0] = 4000;
    expect(() => parseProfile(json)).toThrow(expect.objectContaining({ code: "package-profile" }));
  });
  it("do not drift where nothing does", () => {
    for (const kind of ["isolation", "loss"] as const) {
      const { distribution } = score(kind);
      for (let k = 0; k < 20; k++) expect(driftBetween(distribution, freezeIn(distribution.shape, scored(score(kind), rows(500)))).verdict).toBe("same");
    }
  });
  it("tell rows whose values are usual one by one, but not together", () => {
    const isolation = score("isolation");
    const edge = isolation.distribution.shape.kind === "number" ? isolation.distribution.shape.edges.at(-1)! : NaN;
    const share = (given: readonly Row[]): number => scored(isolation, given).filter((s) => s > edge).length / given.length;
    expect(share(rows(5000))).toBeLessThan(3 * OUTLIERS);
    // a and b far apart: each is within what the reference has.
    expect(share(rows(2000).map((r) => ({ ...r, a: 3, b: -3 })))).toBeGreaterThan(0.2);
  });
  it("expect the errors that come, also of rows unlike the reference's", () => {
    const loss = score("loss");
    for (const move of [0, 1.5]) {
      const given = rows(4000, move);
      const actual = mean(Float64Array.from(given, (r) => Math.abs(errorOf(r))));
      expect(Math.abs(mean(scored(loss, given)) / actual - 1)).toBeLessThan(0.1);
    }
    expect(mean(scored(loss, rows(4000, 1.5)))).toBeGreaterThan(1.5 * mean(scored(loss, rows(4000))));
    // The deviation of a half-normal error about its mean, of which a sixth is three times as large.
    expect(loss.miss).toBeGreaterThan(0.6);
    expect(loss.miss).toBeLessThan(1.3);
  });
});

describe("of a truth that is positive", () => {
  it("every way of counting errors is expected as it comes, also of rows unlike the reference's", () => {
    // A price, and what a model says of it: off by a share that is larger where `a` is.
    const price = (r: Row): number => Math.exp(3 + 0.3 * r.a);
    const said = (r: Row, k: number): number => price(r) * (1 + (r.a > 1 ? 0.4 : 0.1) * Math.sin(12.9898 * k + 78.233 * r.a));
    const made = rows(6000);
    const { scores } = profileOf(signature, made, [{ output, width: 1, data: Float64Array.from(made, said) }], { rows: "training", file: "t.csv" }, Float64Array.from(made, price));
    expect(scores!.map((s) => s.kind)).toEqual(["isolation", ...LOSS_KINDS]);
    const given = rows(4000, 1);
    const matrix = Float64Array.from(given.flatMap((r, k) => [r.a, r.b ?? NaN, r.kind === "y" ? 0 : 1, said(r, k)]));
    for (const kind of LOSS_KINDS) {
      const expected = new Float64Array(given.length);
      new RowScorer(scores!.find((s) => s.kind === kind)!).score(matrix, 4, given.length, expected);
      const actual = mean(Float64Array.from(given, (r, k) => LOSS_OF[kind](said(r, k), price(r))));
      const before = mean(Float64Array.from(made, (r, k) => LOSS_OF[kind](said(r, k), price(r))));
      expect([kind, Math.abs(mean(expected) / actual - 1) < 0.2, actual > 1.5 * before]).toEqual([kind, true, true]);
    }
  });
});
