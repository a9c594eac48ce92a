import { expect, it } from "vitest";
import { versionBefore } from "./way-back.ts";

const before = (...versions: (number | null)[]): number | undefined => versionBefore(versions.map((version) => ({ version })));

it("is the version that the alias named before, whatever was gone back from", () => {
  expect([before(1, 2), before(1, 2, 3), before(1, 2, 1), before(1, 2, 3, 2), before(1, 2, 1, 3), before(1, 2, 1, 2), before(1, null, 2)]).toEqual([1, 2, undefined, 1, 1, 1, 1]);
  expect([before(), before(4)]).toEqual([undefined, undefined]);
});
