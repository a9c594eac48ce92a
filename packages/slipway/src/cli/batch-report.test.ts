import { expect, it } from "vitest";
import type { BatchSummary } from "../batch/index.ts";
import { batchReport } from "./batch-report.ts";

const summary = (scored: number, verdict: "unknown" | "same" | "drifted"): BatchSummary => ({
  output: "scores.csv", errors: "scores.csv.errors.jsonl", rows: scored, scored, bad: 0, seconds: 1, resumed: 0, outputs: [],
  drift: [{ name: "age", kind: "input", verdict, psi: 0.5, missing: [0, 0] }],
} as unknown as BatchSummary);

it("says on which side rows are too few to compare", () => {
  expect(batchReport(summary(20, "unknown"))).toMatch(/\ntoo few rows .*at least 200$/);
  expect(batchReport(summary(3000, "unknown"))).toMatch(/\nthe model's profile has too few rows .*pack with --training/);
  expect(batchReport(summary(3000, "same"))).toContain("distributed as in the model's profile (1 columns");
  expect(batchReport(summary(3000, "drifted"))).toContain("age  PSI 0.50");
});
