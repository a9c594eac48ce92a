// LightGBM's trees as ONNX, in double.
//
// A node sends x <= threshold to the left. What is missing depends on the node: nothing (NaN counts as 0), zero (numbers
// within 1e-35 of it, and NaN), or NaN; the missing goes the node's default way. Members of a set go left, everything
// else right, NaN and negative numbers included. Source: include/LightGBM/tree.h.

import type { Value } from "../../onnx/index.ts";
import type { Faults } from "../boosted/faults.ts";
import { orderNodes } from "../boosted/order-nodes.ts";
import { SplitColumns } from "../boosted/split-columns.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { leafColumns, sumLeafRows } from "../sklearn/tree/emit-trees.ts";
import { LEAF, type FlatTree } from "../sklearn/tree/flat-tree.ts";
import { repeatedRow } from "../conversion/algebra.ts";
import { CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_ZERO, type LightgbmModel, type RawTree } from "./model.ts";

/** kZeroThreshold, a float32. */
const ZERO = Math.fround(1e-35);
/** The double below -ZERO. */
const BELOW_ZERO = -ZERO - 2 ** -169;
/** Numbers in the tables of linear leaves, and columns gathered for them at a time. */
const LARGEST_TABLE = 2 ** 25;
const COLUMNS_AT_ONCE = 4096;

interface ReadTree {
  readonly tree: FlatTree;
  /** Of each node that is one: which leaf of the file. */
  readonly leafOf: Int32Array;
}

/** X [N, F] double -> double [N, trees per iteration]: the sum of the trees, and of how many iterations. */
export function rawScores(c: Conversion, X: Value, model: LightgbmModel, iterations: number | undefined, faults: Faults): { readonly sums: Value; readonly iterations: number } {
  const perIteration = model.treesPerIteration;
  if (perIteration < 1 || perIteration > 100_000) throw faults.malformed(`it has ${perIteration} trees in each iteration`);
  if (model.trees.length % perIteration !== 0) throw faults.malformed(`its ${model.trees.length} trees are no whole number of iterations of ${perIteration}`);
  const used = Math.min(model.trees.length, iterations === undefined ? Infinity : iterations * perIteration);
  const raw = model.trees.slice(0, used);
  if (raw.length === 0) return { sums: repeatedRow(c, X, c.o.doubles(new Float64Array(perIteration), [1, perIteration]), perIteration), iterations: 1 };
  const columns = new SplitColumns(model.features, { members: "left", fractionsBelowZero: "zero", missing: "unknown" }, faults);
  const trees = raw.map((tree) => flatten(tree, model.features, columns, faults));
  const x = columns.build(c, X, ZERO);
  const sums = raw.some((t) => t.linear)
    ? linearSums(c, X, x, raw, trees, model.features, perIteration, faults)
    : sumLeafRows(c, x, trees.map((t) => t.tree), perIteration, (t, node, row, at) => {
      row[at + (t % perIteration)] = raw[t]!.leaf[trees[t]!.leafOf[node]!]!;
    });
  return { sums, iterations: used / perIteration };
}

function flatten(raw: RawTree, features: number, columns: SplitColumns, faults: Faults): ReadTree {
  const splits = raw.left.length;
  const leaves = raw.leaf.length;
  if (splits !== leaves - 1) throw faults.malformed(`a tree has ${splits} splits and ${leaves} leaves`);
  // Leaves after the interior nodes.
  const child = (v: number): number => (v >= 0 ? (v < splits ? v : -2) : ~v < leaves ? splits + ~v : -2);
  const rawLeft = new Int32Array(splits + leaves).fill(LEAF);
  const rawRight = new Int32Array(splits + leaves).fill(LEAF);
  for (let i = 0; i < splits; i++) {
    rawLeft[i] = child(raw.left[i]!);
    rawRight[i] = child(raw.right[i]!);
  }
  const { nodeCount, left, right, reached, source } = orderNodes(rawLeft, rawRight, faults);
  const feature = new Int32Array(nodeCount);
  const threshold = new Float64Array(nodeCount);
  const missingLeft = new Uint8Array(nodeCount);
  const leafOf = new Int32Array(nodeCount);
  const members = new Map<number, readonly number[]>();
  for (let i = 0; i < nodeCount; i++) {
    const at = source[i]!;
    if (left[i] === LEAF) {
      leafOf[i] = at - splits;
      continue;
    }
    const f = raw.feature[at]!;
    if (f < 0 || f >= features) throw faults.malformed(`node ${at} of a tree asks for feature ${f} of ${features}`);
    const decision = raw.decision[at]!;
    if ((decision & CATEGORICAL) !== 0) {
      const asked = columns.membership(f, raw.sets.get(at) ?? []);
      feature[i] = asked.column;
      threshold[i] = 0.5;
      if (asked.members) members.set(i, asked.members);
      continue;
    }
    threshold[i] = withoutSmallest(raw.threshold[at]!);
    if (Number.isNaN(threshold[i]!)) throw faults.malformed(`node ${at} of a tree has no threshold`);
    const missing = (decision >> 2) & 3;
    feature[i] = missing === MISSING_ZERO ? columns.zeroAsMissing(f) : f;
    missingLeft[i] = missing === MISSING_ZERO || missing === MISSING_NAN ? ((decision & DEFAULT_LEFT) !== 0 ? 1 : 0) : threshold[i]! >= 0 ? 1 : 0;
  }
  return { tree: { nodeCount, left, right, feature, threshold, missingLeft, members, reached }, leafOf };
}

/** predict takes numbers within ZERO of zero for zero, whatever a node takes for missing. */
function withoutSmallest(threshold: number): number {
  if (!(Math.abs(threshold) <= ZERO)) return threshold;
  return threshold < 0 ? BELOW_ZERO : ZERO;
}

/** Trees with a linear model in each leaf: features, coefficients and constants are looked up by leaf. */
function linearSums(c: Conversion, X: Value, splitX: Value, raw: readonly RawTree[], trees: readonly ReadTree[], features: number, perIteration: number, faults: Faults): Value {
  const { o } = c;
  let most = 1;
  for (const t of raw) for (const n of t.linear?.counts ?? []) most = Math.max(most, n);
  const atOnce = Math.max(1, Math.floor(COLUMNS_AT_ONCE / most / perIteration)) * perIteration;
  // A column of zeros for leaves with fewer features than others.
  const wide = o.concat([X, repeatedRow(c, X, o.doubles([0], [1, 1]), 1)]);
  const parts: Value[] = [];
  for (let from = 0; from < raw.length; from += atOnce) {
    const part = raw.slice(from, from + atOnce);
    const starts: number[] = [];
    let leaves = 0;
    for (const t of part) {
      starts.push(leaves);
      leaves += t.leaf.length;
    }
    if (leaves * most > LARGEST_TABLE) throw faults.refuse(`linear leaves of up to ${most} features`, "the table of them would be too large");
    const places = new BigInt64Array(leaves * most).fill(BigInt(features));
    const coefficients = new Float64Array(leaves * most);
    const constants = new Float64Array(leaves);
    const values = new Float64Array(leaves);
    part.forEach((t, k) => {
      let at = 0;
      for (let leaf = 0; leaf < t.leaf.length; leaf++) {
        const row = starts[k]! + leaf;
        values[row] = t.leaf[leaf]!;
        constants[row] = t.linear ? t.linear.constant[leaf]! : t.leaf[leaf]!;
        for (let j = 0; j < (t.linear?.counts[leaf] ?? 0); j++, at++) {
          const f = t.linear!.features[at]!;
          if (!(f >= 0 && f < features)) throw faults.malformed(`a linear leaf has the feature ${f} of ${features}`);
          places[row * most + j] = BigInt(f);
          coefficients[row * most + j] = t.linear!.coefficients[at]!;
        }
      }
    });
    const leaf = o.cast(leafColumns(c, splitX, part.map((_, k) => trees[from + k]!.tree), (k, node) => starts[k]! + trees[from + k]!.leafOf[node]!), "int64"); // [N, trees]
    const place = o.reshape(o.gather(o.int64s(places, [leaves, most]), leaf, 0), [0, part.length * most]);
    const x = o.reshape(c.graph.op("GatherElements", [wide, place], { axis: 1 }), [0, part.length, most]);
    const product = o.mul(x, o.gather(o.doubles(coefficients, [leaves, most]), leaf, 0));
    const linear = o.add(o.gather(o.doubles(constants, [leaves]), leaf, 0), o.sum(product, 2));
    const missing = o.greater(o.max(o.cast(o.isNaN(x), "double"), 2), 0);
    const result = o.where(missing, o.gather(o.doubles(values, [leaves]), leaf, 0), linear);
    parts.push(o.sum(o.reshape(result, [0, part.length / perIteration, perIteration]), 1));
  }
  return parts.length === 1 ? parts[0]! : c.graph.op("Sum", parts);
}

const IDENTITY: ReadonlySet<string> = new Set(["regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom", "none"]);

type Objective = (c: Conversion, scores: Value, sigmoid: () => Value, settings: readonly string[]) => Value;

const identity: Objective = ({ graph, o }, scores, _, settings) => (settings.includes("sqrt") ? o.mul(o.mul(graph.op("Sign", [scores]), scores), scores) : scores);
const exponential: Objective = (c, scores) => c.o.exp(scores);
const logistic: Objective = (_, __, sigmoid) => sigmoid();

export const OBJECTIVES: ReadonlyMap<string, Objective> = new Map([
  ...[...IDENTITY].map((name) => [name, identity] as const),
  ["poisson", exponential], ["gamma", exponential], ["tweedie", exponential],
  ["binary", logistic], ["multiclassova", logistic],
  // Before 2.3 under other names.
  ["xentropy", (c, scores) => c.o.sigmoid(scores)],
  ["xentlambda", (c, scores) => log1p(c, c.o.exp(scores))],
  ["cross_entropy", (c, scores) => c.o.sigmoid(scores)],
  ["cross_entropy_lambda", (c, scores) => log1p(c, c.o.exp(scores))],
  ["multiclass", (c, scores) => c.o.softmax(scores)],
]);

/** Whether predictions are the raw scores themselves. */
export function isIdentity([name = "none", ...settings]: readonly string[]): boolean {
  return IDENTITY.has(name) && !settings.includes("sqrt");
}

/** ConvertOutput of the objective: [N, K] -> [N, K]. */
export function converted(c: Conversion, scores: Value, objective: readonly string[], faults: Faults): Value {
  const { o } = c;
  const [name = "none", ...settings] = objective;
  const sigmoid = (): Value => {
    const text = settings.find((w) => w.startsWith("sigmoid:"))?.slice("sigmoid:".length) ?? "1";
    const factor = Number(text);
    if (!Number.isFinite(factor)) throw faults.malformed(`the sigmoid of its objective is ${JSON.stringify(text.slice(0, 40))}`);
    return o.sigmoid(factor === 1 ? scores : o.mul(scores, factor));
  };
  const convert = OBJECTIVES.get(name);
  if (!convert) throw faults.refuse(`objective=${name}`, "this objective is not known");
  return convert(c, scores, sigmoid, settings);
}
function log1p(c: Conversion, x: Value): Value {
  const { o } = c;
  const above = o.add(x, 1);
  return o.where(o.or(o.equal(above, 1), o.equal(x, Infinity)), x, o.div(o.mul(o.log(above), x), o.sub(above, 1)));
}
