// The metrics of several processes as those of one service: counters and histograms add up exactly, as do gauges that
// count or weigh; of times and flags the one that tells most is kept.

import type { Family, Labels, Series } from "../telemetry/family.ts";
import { Histogram } from "../telemetry/histogram.ts";

const GREATEST = new Set(["slipway_model_info", "nodejs_eventloop_lag_p99_seconds", "nodejs_eventloop_lag_max_seconds"]);
const LEAST = new Set(["slipway_ready", "process_start_time_seconds"]);

export function mergeFamilies(all: readonly (readonly Family[])[]): readonly Family[] {
  const merged = new Map<string, Family & { readonly series: Series[] }>();
  const places = new Map<string, number>();
  for (const { name, type, help, series } of all.flat()) {
    let family = merged.get(name);
    if (family === undefined) merged.set(name, (family = { name, type, help, series: [] }));
    for (const { labels, value } of series) {
      const key = keyOf(name, labels);
      const place = places.get(key);
      if (place === undefined) {
        places.set(key, family.series.length);
        family.series.push({ labels, value: typeof value === "number" ? value : added([value]) });
      } else {
        const there = family.series[place]!.value;
        family.series[place] = { labels, value: combined(name, there, value) };
      }
    }
  }
  return [...merged.values()];
}

function combined(name: string, a: number | Histogram, b: number | Histogram): number | Histogram {
  if (typeof a !== "number" && typeof b !== "number") return added([a, b]);
  const [x, y] = [Number(a), Number(b)];
  return GREATEST.has(name) ? Math.max(x, y) : LEAST.has(name) ? Math.min(x, y) : x + y;
}

function added(parts: readonly Pick<Histogram, "bounds" | "counts" | "sum" | "count">[]): Histogram {
  const total = new Histogram(parts[0]!.bounds);
  for (const part of parts) {
    for (let i = 0; i < total.counts.length; i++) total.counts[i]! += part.counts[i] ?? 0;
    total.sum += part.sum;
    total.count += part.count;
  }
  return total;
}

function keyOf(name: string, labels: Labels): string {
  return `${name} ${Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => JSON.stringify([k, v])).join("")}`;
}
