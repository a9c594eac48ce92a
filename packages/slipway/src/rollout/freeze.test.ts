import { expect, it } from "vitest";
import { frozenUntil } from "./freeze.ts";
import { readPlan } from "./plan.ts";

const until = (freeze: unknown, at: string): string | undefined => frozenUntil(readPlan({}, { freeze }), Date.parse(at))?.toISOString();

it("a frozen time is between two moments, its end not included", () => {
  const window = [{ from: "2026-12-23T12:00:00Z", to: "2027-01-02T09:00:00+01:00" }];
  expect(["2026-12-23T11:59:59Z", "2026-12-23T12:00:00Z", "2027-01-02T07:59:59Z", "2027-01-02T08:00:00Z"].map((at) => until(window, at))).toEqual([undefined, "2027-01-02T08:00:00.000Z", "2027-01-02T08:00:00.000Z", undefined]);
});
it("or each time that a cron expression says, in its zone, and the longest of several counts", () => {
  // Fridays at 16:00 in Berlin until Mondays at 08:00; in summer that is 14:00 UTC.
  const weekend = { every: "0 16 * * 5", lasts: "64h", tz: "Europe/Berlin" };
  expect(["2026-07-03T13:59:00Z", "2026-07-03T14:00:00Z", "2026-07-06T05:59:00Z", "2026-07-06T06:00:00Z"].map((at) => until([weekend], at))).toEqual([undefined, "2026-07-06T06:00:00.000Z", "2026-07-06T06:00:00.000Z", undefined]);
  expect(until([weekend, { from: "2026-07-04T00:00:00Z", to: "2026-07-08T00:00:00Z" }], "2026-07-05T00:00:00Z")).toBe("2026-07-08T00:00:00.000Z");
});
it("what cannot be understood is refused when the plan is read", () => {
  for (const [freeze, code] of [
    [{ from: "2026-12-23" }, "rollout-plan"], [{ from: "tomorrow", to: "2027-01-02T08:00:00Z" }, "rollout-plan"], [{ from: "2027-01-02T08:00:00Z", to: "2026-01-02T08:00:00Z" }, "rollout-plan"],
    [{ every: "0 16 * *", lasts: "1h" }, "schedule-invalid"], [{ every: "0 16 * * 5" }, "rollout-plan"], [{ every: "0 16 * * 5", lasts: "1h", tz: "Mars/Olympus" }, "schedule-invalid"],
  ] as const) expect(() => readPlan({}, { freeze: [freeze] }), JSON.stringify(freeze)).toThrow(expect.objectContaining({ code }));
});
