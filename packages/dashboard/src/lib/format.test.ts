import { expect, it } from "vitest";
import { capitalized } from "./format.ts";

it("begins a sentence with a capital, and leaves names as they are", () => {
  expect(["only a rehearsal", "hold: 0 of 30 requests", "paused", "churn:2 is to take over", "web-1-2211-5c1e leads", "\"a\" is not known", ""].map(capitalized)).toEqual(
    ["Only a rehearsal", "Hold: 0 of 30 requests", "Paused", "churn:2 is to take over", "web-1-2211-5c1e leads", "\"a\" is not known", ""]);
});
