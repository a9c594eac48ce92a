// The profile: made, stored, read back and counted against.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { driftBetween, normalNumbers, randomNumbers } from "../stats/index.ts";
import { buildPackage, parseProfile, ProfileCounter, profileOf, profileToJson, readSlip, rowKey, writeSlip, type Profile } from "./index.ts";
import { exampleParts, exampleSignature } from "./testing.ts";

const signature = exampleSignature();
const [label, probabilities] = signature.outputs;
function rows(count: number, seed = 1, months = 20): Record<string, unknown>[] {
  const random = randomNumbers(seed);
  const normal = normalNumbers(random);
  return Array.from({ length: count }, () => ({ months: random() < 0.05 ? null : months + 4 * normal(), plan: random() < 0.3 ? "pro" : "basic", active: random() < 0.5, note: "x" }));
}
function answers(count: number): Parameters<typeof profileOf>[2] {
  const random = randomNumbers(5);
  const p = Float64Array.from({ length: count }, random);
  return [
    { output: label!, width: 1, data: Array.from(p, (v) => (v > 0.5 ? "yes" : "no")) },
    { output: probabilities!, width: 2, data: Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 1 - p[i >> 1]! : p[i >> 1]!)) },
  ];
}
const profile: Profile = profileOf(signature, rows(1000), answers(1000), { rows: "checks", file: "check.csv" });

describe("the profile", () => {
  it("has the inputs that are used and every entry of the outputs", () => {
    expect(profile.columns.map((c) => [c.name, c.distribution.shape.kind])).toEqual([["months", "number"], ["plan", "category"], ["active", "category"]]);
    expect(profile.outputs.map((o) => [o.name, o.entry])).toEqual([["label", null], ["probabilities", "no"], ["probabilities", "yes"]]);
    expect(profile.columns[0]!.distribution.missing).toBeGreaterThan(20);
    // Rows without months are alike.
    expect(profile.seen.hashes.length).toBe(1000 - profile.columns[0]!.distribution.missing + 4);
  });
  it("travels in the package and comes back as it was", async () => {
    const pkg = await buildPackage(exampleParts({ profile: profileToJson(profile) }));
    expect(parseProfile((await readSlip(writeSlip(pkg))).profile)).toEqual(profile);
    expect(parseProfile(null)).toBeNull();
  });
  it("is counted against in parts: the parts merge into the whole, and drift is seen", () => {
    const [a, b, whole] = [new ProfileCounter(profile, signature), new ProfileCounter(profile, signature), new ProfileCounter(profile, signature)];
    const given = rows(600, 9, 26);
    given.forEach((row, i) => (i < 250 ? a : b).addRow(row));
    given.forEach((row) => whole.addRow(row));
    a.merge(b.read());
    whole.addOutputs(answers(600));
    expect(a.read().columns.map((c) => c.distribution.bins)).toEqual(whole.read().columns.map((c) => c.distribution.bins));
    const verdicts = whole.read().columns.map((c, i) => driftBetween(profile.columns[i]!.distribution, c.distribution).verdict);
    expect(verdicts).toEqual(["drifted", "same", "same"]);
    expect(driftBetween(profile.outputs[0]!.distribution, whole.read().outputs[0]!.distribution).verdict).toBe("same");
    expect(whole.rows).toBe(600);
  });
  it("is refused with a code where it is not one", () => {
    const json = profileToJson(profile) as Record<string, unknown>;
    for (const [key, value] of [["version", 2], ["rows", -1], ["columns", 5], ["seen", {}], ["outputs", [{}]]] as const) expect(() => parseProfile({ ...json, [key]: value })).toThrow(expect.objectContaining({ code: "package-profile" }));
    const text = JSON.stringify(json);
    fc.assert(fc.property(fc.nat(text.length - 1), fc.constantFrom("1", "[", '"', "x", "}", "-"), (at, put) => {
      let changed: unknown;
      try {
        changed = JSON.parse(text.slice(0, at) + put + text.slice(at + 1));
      } catch {
        return;
      }
      try {
        parseProfile(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: "package-profile" });
      }
    }), { numRuns: 300 });
  });
  it("takes values that are the same to a model for the same row", () => {
    const key = (row: Record<string, unknown>): string => rowKey(row, signature.columns);
    expect(key({ months: NaN, plan: "pro", active: true })).toBe(key({ plan: "pro", active: 1, months: null }));
    expect(key({ months: 2 })).not.toBe(key({ months: 3 }));
  });
});
