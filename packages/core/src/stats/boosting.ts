// A small regression by gradient boosting with histograms (Friedman 2001; binned as LightGBM does it): complete trees of depth 3
// that each fit what those before left over. For what a loss depends on, not for people's models.

import type { CompleteTrees } from "./complete-trees.ts";
import { quantile } from "./quantile.ts";

const TREES = 40;
const DEPTH = 3;
const RATE = 0.15;
const BINS = 32;
const LEAST_ROWS = 20;
const NODES = (1 << DEPTH) - 1;

/** @param rows row-major, `width` values each; NaN is missing @param targets one a row */
export function growRegression(rows: Float64Array, width: number, targets: Float64Array): CompleteTrees {
  const count = targets.length;
  const edges = Array.from({ length: width }, (_, f) => edgesOf(rows, width, f, count));
  const codes = new Uint8Array(count * width);
  for (let i = 0; i < count; i++) for (let f = 0; f < width; f++) codes[i * width + f] = codeOf(edges[f]!, rows[i * width + f]!);
  const base = targets.reduce((a, b) => a + b, 0) / count;
  const left = targets.map((t) => t - base);
  const features: number[] = [];
  const thresholds: number[] = [];
  const leaves: number[] = [];
  const node = new Int32Array(count);
  for (let tree = 0; tree < TREES; tree++) {
    node.fill(0);
    const [asked, at] = [new Array<number>(NODES).fill(0), new Array<number>(NODES).fill(0)];
    for (let depth = 0; depth < DEPTH; depth++) {
      const first = (1 << depth) - 1;
      const splits = bestSplits(codes, width, node, left, first, 1 << depth);
      splits.forEach((split, k) => {
        if (split === undefined) return;
        asked[first + k] = split.feature;
        at[first + k] = edges[split.feature]![split.code]!;
      });
      for (let i = 0; i < count; i++) {
        const split = splits[node[i]! - first];
        node[i] = 2 * node[i]! + (split !== undefined && codes[i * width + split.feature]! > split.code ? 2 : 1);
      }
    }
    const [sums, counts] = [new Float64Array(1 << DEPTH), new Float64Array(1 << DEPTH)];
    for (let i = 0; i < count; i++) {
      sums[node[i]! - NODES]! += left[i]!;
      counts[node[i]! - NODES]!++;
    }
    // Where nobody came no more is known than before; all trees together carry the mean.
    const values = Array.from(sums, (sum, k) => Math.fround((counts[k]! > 0 ? (RATE * sum) / counts[k]! : 0) + base / TREES));
    for (let i = 0; i < count; i++) left[i]! -= values[node[i]! - NODES]! - base / TREES;
    features.push(...asked);
    thresholds.push(...at);
    leaves.push(...values);
  }
  return { depth: DEPTH, features, thresholds, leaves };
}

/** Values between which it may be split; a code is how many of them are below. */
function edgesOf(rows: Float64Array, width: number, feature: number, count: number): number[] {
  const sorted = Float64Array.from({ length: count }, (_, i) => rows[i * width + feature]!).filter((v) => Number.isFinite(v)).sort();
  const edges = Array.from({ length: BINS - 1 }, (_, b) => Math.fround(quantile(sorted, (b + 1) / BINS))).filter((e) => Number.isFinite(e) && e < sorted.at(-1)!);
  return [...new Set(edges)];
}
function codeOf(edges: readonly number[], value: number): number {
  let code = 0;
  while (code < edges.length && value > edges[code]!) code++;
  return code;
}

interface Split {
  readonly feature: number;
  readonly code: number;
}
/** Of each node of a level the split that takes most of the squared error away. */
function bestSplits(codes: Uint8Array, width: number, node: Int32Array, left: Float64Array, first: number, nodes: number): (Split | undefined)[] {
  const [sums, counts] = [new Float64Array(nodes * width * BINS), new Float64Array(nodes * width * BINS)];
  for (let i = 0; i < left.length; i++) {
    const base = (node[i]! - first) * width * BINS;
    for (let f = 0; f < width; f++) {
      const at = base + f * BINS + codes[i * width + f]!;
      sums[at]! += left[i]!;
      counts[at]!++;
    }
  }
  return Array.from({ length: nodes }, (_, k): Split | undefined => {
    let best: Split | undefined;
    let most = 1e-12;
    for (let feature = 0; feature < width; feature++) {
      const base = (k * width + feature) * BINS;
      const [all, n] = [total(sums, base), total(counts, base)];
      let [sum, below] = [0, 0];
      for (let code = 0; code < BINS - 1; code++) {
        sum += sums[base + code]!;
        below += counts[base + code]!;
        if (below < LEAST_ROWS || n - below < LEAST_ROWS) continue;
        const gain = sum ** 2 / below + (all - sum) ** 2 / (n - below) - all ** 2 / n;
        if (gain > most) [most, best] = [gain, { feature, code }];
      }
    }
    return best;
  });
}
function total(list: Float64Array, base: number): number {
  let sum = 0;
  for (let b = 0; b < BINS; b++) sum += list[base + b]!;
  return sum;
}
