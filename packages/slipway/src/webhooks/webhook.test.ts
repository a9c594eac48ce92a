import { describe, expect, it } from "vitest";
import { concerns, readEvents } from "./webhook.ts";

const entry = (action: string): { action: string; model: string | null } => ({ action, model: "sales" });

describe("events of a webhook", () => {
  it.each([["batch.run.failed", "batch.run.failed", true], ["batch.run.*", "batch.run.failed", true], ["batch.*", "batch.run.succeeded", true], ["batch.run.failed", "batch.run.succeeded", false], ["*", "alias.moved", true]])("%s takes %s: %s", (event, action, taken) => {
    expect(concerns({ events: readEvents([event]), models: ["sales"] }, entry(action))).toBe(taken);
  });
  it.each(["batch.run.failed.again", "batch..failed", "*.failed", "batch.", "Batch.run"])("%s is none", (event) => {
    expect(() => readEvents([event])).toThrow(expect.objectContaining({ code: "webhook-invalid" }));
  });
});
