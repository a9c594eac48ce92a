// Whether labels show that predictions are worse than they were: the last ripe stretches together against all ripe ones before
// them. A little worse for long is seen as well as much worse at once: the last one, two, four, eight and sixteen are looked at,
// each against chance by the difference of two means.

import type { Metric } from "@slipway/core/stats";
import type { Task } from "./subject.ts";

/** A stretch of time whose labels have come. */
export interface RipeStretch {
  readonly begins: string;
  /** Predictions that were compared with their labels. */
  readonly labelled: number;
  /** By scikit-learn's names. */
  readonly metrics: Readonly<Record<Metric["name"], number>>;
}
export interface Drop {
  readonly metric: string;
  readonly now: number;
  readonly before: number;
  /** When the stretches began that are worse. */
  readonly since: string;
}

const SPANS = [1, 2, 4, 8, 16];
/** Of each of them, one-sided: chance gives it in a few of ten thousand. */
const ERRORS = 3.5;
const LEAST_LABELS = 20;
/** Less does not matter: of shares two percentage points, of errors a twentieth. */
const LEAST_SHARE = 0.02;
const LEAST_PART = 0.05;

/** Shares that are the better the larger they are; of numbers the mean absolute error. */
function metricOf(task: Task): string | undefined {
  if (task.kind === "classification") return "accuracy";
  if (task.kind === "ranking") return task.of === "items" ? "hit_rate" : undefined;
  return task.kind === "regression" ? "mae" : undefined;
}

/** @param ripe in order of time */
export function dropIn(ripe: readonly RipeStretch[], task: Task): Drop | null {
  const metric = metricOf(task);
  if (metric === undefined) return null;
  const known = ripe.filter((p) => p.metrics[metric] !== undefined);
  let found: (Drop & { readonly z: number }) | null = null;
  for (const span of SPANS) {
    const last = known.slice(-span);
    const [now, before] = [summed(last, metric), summed(known.slice(0, -span), metric)];
    if (last.length < span || now.n < LEAST_LABELS || before.n < LEAST_LABELS) continue;
    const error = Math.sqrt(varianceOf(now, before, metric) * (1 / now.n + 1 / before.n));
    const worse = metric === "mae" ? now.mean - before.mean : before.mean - now.mean;
    const least = metric === "mae" ? LEAST_PART * before.mean : LEAST_SHARE;
    const z = worse / error;
    if (worse > least && z > ERRORS && (found === null || z > found.z)) found = { metric, now: short(now.mean), before: short(before.mean), since: last[0]!.begins, z };
  }
  if (found === null) return null;
  const { z: _, ...drop } = found;
  return drop;
}

interface Summed {
  readonly n: number;
  readonly mean: number;
  /** Of numbers: the mean squared error. */
  readonly squares: number;
}
function summed(stretches: readonly RipeStretch[], metric: string): Summed {
  const n = stretches.reduce((sum, p) => sum + p.labelled, 0);
  const mean = (of: (p: RipeStretch) => number): number => stretches.reduce((sum, p) => sum + p.labelled * of(p), 0) / n;
  return { n, mean: mean((p) => p.metrics[metric]!), squares: mean((p) => (p.metrics["rmse"] ?? NaN) ** 2) };
}
/** Of one prediction, if both are alike. */
function varianceOf(now: Summed, before: Summed, metric: string): number {
  const pooled = (now.n * now.mean + before.n * before.mean) / (now.n + before.n);
  if (metric !== "mae") return pooled * (1 - pooled);
  return Math.max(0, (now.n * now.squares + before.n * before.squares) / (now.n + before.n) - pooled ** 2);
}
function short(n: number): number {
  return Number(n.toPrecision(6));
}
