import fc from "fast-check";
import { expect, it } from "vitest";
import { compareVersions } from "./version-order.ts";

it("orders as semver.org's own example, and whole numbers by size", () => {
  const ordered = ["rc", "1", "1.0.1-alpha", "1.0.1-alpha.1", "1.0.1-alpha.beta", "1.0.1-beta", "1.0.1-beta.2", "1.0.1-beta.11", "1.0.1-rc.1", "1.0.1", "1.9", "1.10.0", "2", "v10", "11.0.0-1", "11"];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
});

it("is a total order", () => {
  const version = fc.oneof(fc.string({ maxLength: 8 }), fc.stringMatching(/^v?\d{1,3}(\.\d{1,2}){0,2}(-[a-z0-9.]{1,4})?$/));
  fc.assert(fc.property(version, version, version, (a, b, c) => {
    expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
    if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
    if (a !== b) expect(compareVersions(a, b)).not.toBe(0);
  }));
});
