// What the walks read of a row: one column for each way in which nodes ask for a feature, so that every node is the one
// question `x <= threshold`, to which NaN answers no. Where a node sends NaN the other way, it asks a copy of the feature
// that has -infinity in place of NaN; a node with a set asks a column that holds 0 for members and 1 for others.

import type { Numbers } from "../value.ts";
import type { Forest } from "./forest.ts";

export interface Columns {
  readonly count: number;
  /** Column and threshold by node. */
  readonly column: Int32Array;
  readonly threshold: Float64Array;
  /** Writes one row of columns; `row` has the features from `at` on. */
  fill(row: Numbers, at: number, out: Float64Array | Float32Array, to: number): void;
}

/** Beyond this many sets a walk that looks into them is faster. */
const MOST_SETS = 512;

export function planColumns(forest: Forest): Columns | undefined {
  const places = new Map<string, number>();
  const plain: number[] = [];
  const lowered: number[] = [];
  const asked: { readonly feature: number; readonly set: ReadonlySet<number>; readonly missing: number }[] = [];
  const kinds: { readonly list: number[] | typeof asked; readonly at: number }[] = [];
  const put = <T>(key: string, list: T[], value: T): number => {
    let at = places.get(key);
    if (at === undefined) {
      at = kinds.push({ list: list as number[], at: list.push(value) - 1 }) - 1;
      places.set(key, at);
    }
    return at;
  };
  const keys = new Map<ReadonlySet<number>, string>();
  const nodes = forest.feature.length;
  const kindOf = new Int32Array(nodes);
  const threshold = forest.threshold.slice();
  for (let i = 0; i < nodes; i++) {
    const feature = forest.feature[i]!;
    const set = forest.sets.get(i);
    if (!set) {
      kindOf[i] = forest.missingYes[i] !== 0 ? put(`l${feature}`, lowered, feature) : put(`p${feature}`, plain, feature);
      continue;
    }
    let key = keys.get(set);
    if (key === undefined) keys.set(set, (key = [...set].sort((a, b) => a - b).join()));
    const missing = 1 - forest.missingYes[i]!;
    kindOf[i] = put(`s${feature}:${missing}:${key}`, asked, { feature, set, missing });
    threshold[i] = 0.5;
    if (asked.length > MOST_SETS) return undefined;
  }
  // Plain columns first, then lowered ones, then sets.
  const starts = new Map<unknown, number>([[plain, 0], [lowered, plain.length], [asked, plain.length + lowered.length]]);
  const column = kindOf.map((k) => starts.get(kinds[k]!.list)! + kinds[k]!.at);
  const [p, l] = [Int32Array.from(plain), Int32Array.from(lowered)];
  return {
    count: p.length + l.length + asked.length, column, threshold,
    fill(row, at, out, to) {
      let o = to;
      for (let i = 0; i < p.length; i++) out[o++] = row[at + p[i]!]!;
      for (let i = 0; i < l.length; i++) {
        const x = row[at + l[i]!]!;
        out[o++] = x === x ? x : -Infinity;
      }
      for (let i = 0; i < asked.length; i++) {
        const { feature, set, missing } = asked[i]!;
        const x = row[at + feature]!;
        out[o++] = x === x ? (set.has(x) ? 0 : 1) : missing;
      }
    },
  };
}
