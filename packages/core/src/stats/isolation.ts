// How easily a row is set apart from others by splits at random: an isolation forest (Liu, Ting and Zhou, "Isolation Forest",
// 2008). Its score is 2^(-mean depth / depth of a search that fails): near 1 for what stands alone, about a half for the rest.

import { TreeWalker, type CompleteTrees } from "./complete-trees.ts";
import { randomNumbers } from "./random.ts";

const TREES = 32;
const SAMPLE = 128;
const DEPTH = 6;
const TRIES = 8;
const EULER = 0.5772156649015329;

/** The mean depth of a search that fails among n values. */
function usualDepth(n: number): number {
  return n <= 1 ? 0 : n === 2 ? 1 : 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** @param rows row-major, `width` values each; NaN is missing */
export function growIsolation(rows: Float64Array, width: number, seed: number = 1): CompleteTrees {
  const count = Math.floor(rows.length / Math.max(1, width));
  const random = randomNumbers(seed);
  const nodes = (1 << DEPTH) - 1;
  const features = new Array<number>(TREES * nodes).fill(0);
  const thresholds = new Array<number>(TREES * nodes).fill(0);
  const leaves = new Array<number>(TREES << DEPTH).fill(0);
  // Every tree adds its part of the score's exponent.
  const share = 1 / (TREES * Math.max(1, usualDepth(Math.min(SAMPLE, count))));
  for (let tree = 0; tree < TREES; tree++) {
    const grow = (node: number, depth: number, mine: readonly number[], path: number | undefined): void => {
      if (depth === DEPTH) {
        leaves[(tree << DEPTH) + node - nodes] = share * (path ?? depth + usualDepth(mine.length));
        return;
      }
      const split = path === undefined && mine.length > 1 ? splitAtRandom(rows, width, mine, random) : undefined;
      // Below what is set apart nothing is asked any more.
      const ended = split === undefined ? (path ?? depth + usualDepth(mine.length)) : undefined;
      if (split !== undefined) [features[tree * nodes + node], thresholds[tree * nodes + node]] = split;
      const above = (i: number): boolean => split !== undefined && rows[i * width + split[0]]! > split[1];
      grow(2 * node + 1, depth + 1, mine.filter((i) => !above(i)), ended);
      grow(2 * node + 2, depth + 1, mine.filter(above), ended);
    };
    const sample = new Set<number>();
    while (sample.size < Math.min(SAMPLE, count)) sample.add(Math.floor(random() * count));
    grow(0, 0, [...sample], undefined);
  }
  return { depth: DEPTH, features, thresholds, leaves };
}

function splitAtRandom(rows: Float64Array, width: number, mine: readonly number[], random: () => number): [number, number] | undefined {
  for (let k = 0; k < TRIES; k++) {
    const feature = Math.floor(random() * width);
    let [low, high] = [Infinity, -Infinity];
    for (const i of mine) {
      const value = rows[i * width + feature]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!(high > low) || !Number.isFinite(high - low)) continue;
    const threshold = Math.fround(low + random() * (high - low));
    if (threshold >= low && threshold < high) return [feature, threshold];
  }
  return undefined;
}

/** Scores in place of the sums that the walk gives. */
export function isolationScores(walker: TreeWalker, rows: Float64Array, width: number, count: number, scores: Float64Array): void {
  walker.walk(rows, width, count, scores);
  for (let i = 0; i < count; i++) scores[i] = 2 ** -scores[i]!;
}
