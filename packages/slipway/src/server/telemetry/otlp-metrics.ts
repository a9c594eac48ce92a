// Families in OTLP's JSON encoding (opentelemetry/proto/metrics/v1/metrics.proto): counters as monotonic cumulative sums,
// histograms with explicit bounds.

import type { Family, Series } from "./family.ts";
import { otlpAttributes } from "./otlp-spans.ts";

const CUMULATIVE = 2;

export function otlpMetrics(families: readonly Family[], startMs: number, nowMs: number): object[] {
  const times = { startTimeUnixNano: String(BigInt(Math.round(startMs)) * 1_000_000n), timeUnixNano: String(BigInt(nowMs) * 1_000_000n) };
  const number = ({ labels, value }: Series): object => ({ attributes: otlpAttributes(labels), ...times, asDouble: value });
  return families.filter((f) => f.series.length > 0).map(({ name, type, help, series }) => {
    const head = { name, description: help, unit: name.includes("_seconds") ? "s" : name.includes("_bytes") ? "By" : "1" };
    if (type === "gauge") return { ...head, gauge: { dataPoints: series.map(number) } };
    if (type === "counter") return { ...head, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints: series.map(number) } };
    return { ...head, histogram: { aggregationTemporality: CUMULATIVE, dataPoints: series.flatMap(({ labels, value }) => (typeof value === "number" ? [] : [{
      attributes: otlpAttributes(labels), ...times, count: String(value.count), sum: value.sum, bucketCounts: Array.from(value.counts, String), explicitBounds: value.bounds }])) } };
  });
}
