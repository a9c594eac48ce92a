// What the gate found, in the forms that other tools read: an in-toto test result, and metrics for a CycloneDX model card.

import { sha256, type MeasuredMetric } from "@slipway/core/package";
import { TEST_RESULT, type TestResult } from "@slipway/core/signing";
import type { GateSettings } from "../config/index.ts";
import type { Cell, GateResult, Verdict } from "./define-gate-test.ts";
import type { GateReport } from "./run-gate.ts";

export const GATE_PREDICATE: string = TEST_RESULT;

/** The report as a predicate of https://in-toto.io/attestation/test-result/v0.1, with the settings and the data by their digests. */
export async function testResultOf(report: GateReport, settings: Partial<GateSettings>, data: readonly { readonly name: string; readonly sha256: string }[] = []): Promise<TestResult> {
  const named = (verdict: Verdict): string[] => report.results.filter((r) => r.verdict === verdict).map((r) => r.name);
  return {
    result: report.passed ? (named("warn").length > 0 ? "WARNED" : "PASSED") : "FAILED",
    configuration: [{ name: "gate", digest: { sha256: await sha256(new TextEncoder().encode(JSON.stringify(settings))) } }, ...data.map((d) => ({ name: d.name, digest: { sha256: d.sha256 } }))],
    passedTests: named("pass"), warnedTests: named("warn"), failedTests: named("fail"),
    "slipway.report": report,
  };
}

/** Quality on labelled data: overall with its intervals, and by slice, with intervals where they were drawn. */
export function measuredMetrics(report: GateReport): MeasuredMetric[] {
  const quality = report.results.find((r) => r.name === "quality");
  const overall = quality?.tables?.find((t) => t.title === "Overall");
  if (quality === undefined || overall === undefined) return [];
  return [
    ...overall.rows.flatMap(([name, value, low, high]) => metric(String(name), value, undefined, low, high)),
    ...(quality.tables ?? []).filter((t) => t.title.startsWith("By ")).flatMap((table) => table.rows.flatMap((row) => table.columns.slice(2).flatMap((name, i) => {
      const column = table.columns[0]!;
      const bar = intervalOf(quality, name, column, String(row[0]));
      return metric(name, row[i + 2], `${column}=${String(row[0])}`, bar?.low, bar?.high);
    }))),
  ];
}

function intervalOf(quality: GateResult, metricName: string, column: string, slice: string): { readonly low: number; readonly high: number } | undefined {
  for (const picture of quality.pictures ?? []) {
    if (picture.kind === "intervals" && picture.title === `${metricName} by ${column}`) return picture.bars.find((b) => b.name === slice);
  }
  return undefined;
}

function metric(name: string, value: Cell | undefined, slice: string | undefined, low?: Cell, high?: Cell): MeasuredMetric[] {
  if (typeof value !== "number" || !Number.isFinite(value)) return [];
  const known = typeof low === "number" && typeof high === "number" && Number.isFinite(low) && Number.isFinite(high);
  return [{ name, value, ...(slice === undefined ? {} : { slice }), ...(known ? { low, high } : {}) }];
}
