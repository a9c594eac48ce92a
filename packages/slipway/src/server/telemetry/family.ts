// A metric with all its series, before it is written in anybody's format.

import type { Histogram } from "./histogram.ts";

export type Labels = Readonly<Record<string, string>>;
export interface Series {
  readonly labels: Labels;
  readonly value: number | Histogram;
}
export interface Family {
  /** As Prometheus names it: base units, `_total` for counters. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly series: readonly Series[];
}

export function family(type: Family["type"], name: string, help: string, series: readonly (readonly [Labels, number | Histogram])[]): Family {
  return { type, name, help, series: series.map(([labels, value]) => ({ labels, value })) };
}
