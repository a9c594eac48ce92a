// XGBoost's trees as ONNX: raw predictions in float32, bit for bit.
//
// A node sends x < condition to the left; as x is a float32, that is x <= the next float32 below. Sets: members go right.
// Missing values take the node's default. Sums: base score, then tree after tree, in float32; before 1.3 (DART: 1.4) the trees first.

import type { Value } from "../../onnx/index.ts";
import type { Faults } from "../boosted/faults.ts";
import { cumSum, expFloat32, float32, sumInFloat32, sumRowsInFloat32 } from "../boosted/float-sums.ts";
import { orderNodes } from "../boosted/order-nodes.ts";
import { SplitColumns } from "../boosted/split-columns.ts";
import { repeatedRow } from "../conversion/algebra.ts";
import type { Conversion } from "../conversion/conversion.ts";
import { LEAF, type FlatTree } from "../sklearn/tree/flat-tree.ts";
import { isBefore, type MarginRounds, type RawForest, type RawLinear, type RawTree, type XgboostModel } from "./model.ts";

/** Outputs of a model without trees. */
const MOST_EMPTY_OUTPUTS = 1000;

export interface MarginOptions {
  /** All when undefined. */
  readonly rounds: MarginRounds | undefined;
  /** Behind the link function, one for each output. */
  readonly base: Float32Array;
  /** Up to 3.2 inplace_predict adds the base score to DART's trees and takes it off again, with what that rounds away. */
  readonly inPlace: boolean;
}

/** X [N, F] double holding float32 numbers, NaN where missing -> float [N, outputs]. */
export function rawPrediction(c: Conversion, X: Value, model: XgboostModel, options: MarginOptions, faults: Faults): Value {
  return model.booster.kind === "linear" ? linear(c, X, model, model.booster, options.base, faults) : forest(c, X, model, model.booster, options, faults);
}

function linear(c: Conversion, X: Value, model: XgboostModel, { weights }: RawLinear, base: Float32Array, faults: Faults): Value {
  const { features, outputs } = model;
  if (weights.length !== (features + 1) * outputs) throw faults.malformed(`it has ${weights.length} weights for ${features} features and ${outputs} outputs`);
  const x = c.o.cast(c.o.where(c.o.isNaN(X), 0, X), "float");
  // Of several base scores it adds the first to every output.
  return c.o.concat(Array.from(base, (_, g) => {
    const start = repeatedRow(c, X, float32Row(c, Float32Array.of(Math.fround(weights[features * outputs + g]! + base[0]!))), 1);
    const row = Float32Array.from({ length: features }, (_, j) => weights[j * outputs + g]!);
    return c.o.slice(cumSum(c, c.o.concat([start, c.o.mul(x, float32Row(c, row))])), features, features + 1, 1);
  }));
}
function float32Row(c: Conversion, data: Float32Array): Value {
  return c.graph.constant({ type: "float", shape: [1, data.length], data });
}

interface ReadTree {
  readonly tree: FlatTree;
  /** By node, in the order of `tree`. */
  readonly leaf: Float32Array;
  readonly source: Int32Array;
}

function forest(c: Conversion, X: Value, model: XgboostModel, booster: RawForest, options: MarginOptions, faults: Faults): Value {
  const { outputs } = model;
  const used = usedTrees(booster, outputs, options.rounds, faults);
  const columns = new SplitColumns(model.features, {
    members: "right", fractionsBelowZero: "none", missing: "passed",
    ...(model.version[0] === 1 && model.version[1] === 6 ? { beyond: "default" as const } : {}),
  }, faults);
  const raw = booster.trees.slice(0, used);
  const trees = raw.map((tree) => flatten(tree, model.features, columns, faults));
  const x = columns.build(c, X);
  const vectors = raw.filter((t) => t.vector !== undefined).length;
  if (vectors > 0) {
    if (vectors !== raw.length || raw.some((t) => t.vector!.size !== outputs)) throw faults.malformed(`its leaves have other numbers of values than the ${outputs} outputs`);
    const starts = new Int32Array(raw.length);
    const leaves = trees.reduce((n, t) => n + t.leaf.length, 0);
    const values = new Float32Array(leaves * outputs);
    let at = 0;
    trees.forEach(({ leaf, source, tree }, t) => {
      starts[t] = at;
      const { vector } = raw[t]!;
      const weight = booster.weights?.[t] ?? 1;
      for (let i = 0; i < leaf.length; i++, at++) {
        if (tree.left[i] !== LEAF) continue;
        const from = vector!.at(source[i]!);
        for (let k = 0; k < outputs; k++) values[at * outputs + k] = vector!.values[from + k]! * weight;
      }
    });
    return sumRowsInFloat32(c, x, trees.map((t) => t.tree), options.base, values, (t, node) => starts[t]! + node);
  }
  // Every round has a tree for each output.
  if (outputs > raw.length && outputs > MOST_EMPTY_OUTPUTS) throw faults.malformed(`it has ${outputs} outputs and ${raw.length} trees`);
  const members: number[][] = Array.from(options.base, () => []);
  raw.forEach((_, t) => members[booster.group[t]!]!.push(t));
  const baseLast = isBefore(model, 1, booster.weights === undefined ? 3 : 4);
  const sums = Array.from(options.base, (base, g) => {
    const mine = members[g]!;
    const sum = sumInFloat32(c, x, mine.map((t) => trees[t]!.tree), baseLast ? 0 : base, (t, node) => {
      const leaf = trees[mine[t]!]!.leaf[node]!;
      if (booster.weights === undefined) return leaf;
      return Math.fround((options.inPlace ? Math.fround(Math.fround(base + leaf) - base) : leaf) * booster.weights[mine[t]!]!);
    });
    return baseLast ? c.o.add(sum, float32(c, base)) : sum;
  });
  return c.o.concat(sums);
}

/** How many trees the first rounds have. */
function usedTrees(booster: RawForest, outputs: number, rounds: MarginRounds | undefined, faults: Faults): number {
  const all = booster.trees.length;
  for (const group of booster.group) if (group < 0 || group >= outputs) throw faults.malformed(`a tree adds to output ${group} of ${outputs}`);
  if (rounds === undefined) return all;
  const starts = booster.roundStarts;
  const vector = booster.trees[0]?.vector !== undefined;
  const used = starts ? (starts[Math.min(rounds.rounds, starts.length - 1)] ?? all) : (rounds.trees ?? rounds.rounds * booster.treesPerRound) * (vector ? 1 : outputs);
  if (used < 0) throw faults.malformed("its rounds have a negative number of trees");
  return Math.min(used, all);
}

function flatten(raw: RawTree, features: number, columns: SplitColumns, faults: Faults): ReadTree {
  const { nodeCount, left, right, reached, source } = orderNodes(raw.left, raw.right, faults);
  const feature = new Int32Array(nodeCount);
  const threshold = new Float64Array(nodeCount);
  const missingLeft = new Uint8Array(nodeCount);
  const leaf = new Float32Array(nodeCount);
  const members = new Map<number, readonly number[]>();
  for (let i = 0; i < nodeCount; i++) {
    const at = source[i]!;
    if (left[i] === LEAF) {
      leaf[i] = raw.condition[at]!;
      continue;
    }
    const f = raw.feature[at]!;
    if (f < 0 || f >= features) throw faults.malformed(`node ${at} of a tree asks for feature ${f} of ${features}`);
    missingLeft[i] = raw.defaultLeft[at] === 0 ? 0 : 1;
    const set = raw.sets.size === 0 ? undefined : raw.sets.get(at);
    if (set === undefined) {
      if (Number.isNaN(raw.condition[at]!)) throw faults.malformed(`node ${at} of a tree has no condition`);
      feature[i] = f;
      threshold[i] = nextBelow(raw.condition[at]!);
      continue;
    }
    const asked = columns.membership(f, set);
    feature[i] = asked.column;
    threshold[i] = 0.5;
    if (asked.members) {
      // Members take the true branch, which a FlatTree calls left.
      members.set(i, asked.members);
      const l = left[i]!;
      left[i] = right[i]!;
      right[i] = l;
      missingLeft[i] = 1 - missingLeft[i]!;
    }
  }
  return { tree: { nodeCount, left, right, feature, threshold, missingLeft, members, reached }, leaf, source };
}

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);
/** The next float32 below. */
function nextBelow(x: number): number {
  if (x === -Infinity) return x;
  if (x === 0) return -1.401298464324817e-45;
  single[0] = x;
  bits[0] = bits[0]! + (x > 0 ? -1 : 1);
  return single[0];
}

// ---- what the objectives make of it ----

export const EXPONENTIAL: ReadonlySet<string> = new Set(["count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"]);
export const LOGISTIC: ReadonlySet<string> = new Set(["reg:logistic", "binary:logistic"]);
export const IDENTITY: ReadonlySet<string> = new Set([
  "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror", "reg:expectileerror",
  "binary:logitraw", "rank:pairwise", "rank:ndcg", "rank:map",
]);
/** A decision or a softmax, of margins that have no link function. */
export const DECIDED: ReadonlySet<string> = new Set(["multi:softmax", "multi:softprob", "binary:hinge"]);

export function objectiveOf(model: XgboostModel, faults: Faults): string {
  const name = model.objective.replace(/^gpu:/, "");
  if (!EXPONENTIAL.has(name) && !LOGISTIC.has(name) && !IDENTITY.has(name) && !DECIDED.has(name)) throw faults.refuse(`objective=${name}`, "this objective is not known");
  return name;
}

/** Whether predictions are the margins themselves. */
export function isIdentity(objective: string, outputs: number): boolean {
  return IDENTITY.has(objective) && !(objective === "reg:expectileerror" && outputs > 1);
}

/** kRtEps, a float32. */
const LEAST = Math.fround(1e-6);

/** The base score as the trees are added to it, one for each output. */
export function baseMargins(model: XgboostModel, objective: string, faults: Faults): Float32Array {
  const { baseScore, outputs } = model;
  if (baseScore.length !== 1 && baseScore.length !== outputs) throw faults.malformed(`base_score has ${baseScore.length} numbers for ${outputs} outputs`);
  return Float32Array.from({ length: outputs }, (_, g) => {
    let p = baseScore[baseScore.length === 1 ? 0 : g]!;
    if (model.baseIsMargin) return p;
    if (LOGISTIC.has(objective) || (objective === "binary:logitraw" && isBefore(model, 1, 3))) {
      // From 3.2 labels that are all the same have a base score of 0 or 1.
      if (p >= 0 && p <= 1 && !isBefore(model, 3, 2)) p = Math.min(Math.max(p, LEAST), Math.fround(1 - LEAST));
      if (!(p > 0 && p < 1)) throw faults.malformed(`base_score=${p} is no probability`);
      return -Math.fround(Math.log(Math.fround(Math.fround(1 / p) - 1)));
    }
    if (objective === "reg:expectileerror" && g > 0) return softPlusInverse(Math.fround(Math.fround(p - baseScore[baseScore.length === 1 ? 0 : g - 1]!) - LEAST));
    if (!EXPONENTIAL.has(objective)) return p;
    // Of labels that are all 0 the others give 0, from a margin of -Infinity.
    if (objective === "reg:gamma" && !(p > 0)) throw faults.malformed(`base_score=${p} has no logarithm`);
    return Math.log(p);
  });
}

function softPlusInverse(x: number): number {
  const above = Math.max(x, LEAST);
  return above + Math.fround(Math.log(Math.fround(-Math.expm1(-above))));
}
/** Several expectiles in one model: the first, and how far above the one before each further one lies, as softplus. */
function expectiles(c: Conversion, margins: Value, outputs: number): Value {
  const { o } = c;
  const x = o.slice(margins, 1, outputs, 1);
  const tail = o.cast(o.log(o.add(o.cast(expFloat32(c, o.neg(o.abs(x))), "double"), 1)), "float");
  const steps = o.add(o.add(o.maximum(x, float32(c, 0)), tail), float32(c, LEAST));
  return cumSum(c, o.concat([o.slice(margins, 0, 1, 1), steps]));
}

/** What Booster.predict gives: float [N, outputs], or [N, 1] for multi:softmax. */
export function transformed(c: Conversion, margins: Value, objective: string, outputs: number): Value {
  const { o } = c;
  if (objective === "reg:expectileerror" && outputs > 1) return expectiles(c, margins, outputs);
  if (EXPONENTIAL.has(objective)) return expFloat32(c, margins);
  if (LOGISTIC.has(objective)) {
    return o.div(1, o.add(expFloat32(c, o.minimum(o.neg(margins), float32(c, 88.7))), 1));
  }
  if (objective === "binary:hinge") return o.cast(o.greater(margins, 0), "float");
  if (objective === "multi:softprob") return softmax(c, margins);
  if (objective === "multi:softmax") return o.unsqueeze(o.cast(o.argmax(margins, 1), "float"), 1);
  return margins;
}
/** exp in float32, their sum in double, the quotient in float32. */
function softmax(c: Conversion, margins: Value): Value {
  const e = shiftedExp(c, margins);
  return c.o.div(e, c.o.cast(c.o.sum(c.o.cast(e, "double"), 1, true), "float"));
}
/** SciPy's softmax in float32, which XGBClassifier takes for multi:softmax. NumPy's own exp can differ in the last bits. */
export function scipySoftmax(c: Conversion, margins: Value, count: number): Value {
  const e = shiftedExp(c, margins);
  return c.o.div(e, c.o.slice(cumSum(c, e), count - 1, count, 1));
}
function shiftedExp(c: Conversion, margins: Value): Value {
  return expFloat32(c, c.o.sub(margins, c.o.max(margins, 1, true)));
}
