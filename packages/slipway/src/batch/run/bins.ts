// A column's distribution in the profile and in a run, side by side, for people to look at.

import type { Distribution, Shape } from "@slipway/core/stats";

export interface ColumnBins {
  /** What each bin holds. */
  readonly labels: readonly string[];
  /** Parts of the rows that have a value, bin by bin: in the profile, and in the run. */
  readonly before: readonly number[];
  readonly now: readonly number[];
}

/** Of many categories those that were most frequent; the others are one bin. */
const MOST_BINS = 20;

/** Both have the same shape. */
export function binsOf(before: Distribution, now: Distribution): ColumnBins {
  const labels = labelsOf(before.shape);
  const [a, b] = [partsOf(before), partsOf(now)];
  if (labels.length <= MOST_BINS) return { labels, before: a, now: b };
  const kept = MOST_BINS - 1;
  const folded = (parts: readonly number[]): number[] => [...parts.slice(0, kept), parts.slice(kept).reduce((n, p) => n + p, 0)];
  return { labels: [...labels.slice(0, kept), "others"], before: folded(a), now: folded(b) };
}

function partsOf({ bins }: Distribution): number[] {
  const total = bins.reduce((n, c) => n + c, 0);
  return bins.map((c) => (total === 0 ? 0 : c / total));
}
function labelsOf(shape: Shape): string[] {
  if (shape.kind === "category") return [...shape.values, "others"];
  const { edges } = shape;
  const unit = shape.kind === "length" ? " characters" : "";
  if (edges.length === 0) return [`all${unit}`];
  return [...edges, Infinity].map((edge, i) => (i === 0 ? `up to ${short(edge)}${unit}` : i === edges.length ? `above ${short(edges[i - 1]!)}${unit}` : `${short(edges[i - 1]!)} to ${short(edge)}${unit}`));
}
function short(n: number): string {
  return String(Number(n.toPrecision(4)));
}
