// Graphs for the kernel's tests: random forests as our compilations write them, small or deep, with missing values and sets.

import { GraphBuilder, Ops, serializeModel, type Value } from "../onnx/index.ts";
import { doubles } from "../tensor/index.ts";

export function numbers(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

export interface RandomForest {
  readonly trees: number;
  readonly depth: number;
  readonly features: number;
  readonly targets: number;
  readonly missing: boolean;
  readonly sets: boolean;
  /** So many of the features, the last ones, are whole numbers below it, and in their place the trees see a column for each. */
  readonly codes?: number;
}

/** double [N, features] -> double [N, targets]. */
export function randomForest(seed: number, { trees, depth, features: given, targets, missing, sets, codes = 0 }: RandomForest): Uint8Array {
  const features = given - codes + codes * codes;
  const random = numbers(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const [roots, feature, splits, modes, trueIds, falseIds, trueLeaf, falseLeaf, tracks, members, leafTargets, weights]: number[][] = Array.from({ length: 12 }, () => []);
  const leaf = (tree: number): number => {
    leafTargets!.push(tree % targets);
    return weights!.push(random() * 2 - 1) - 1;
  };
  const grow = (tree: number, level: number): number => {
    const at = feature!.push(below(features)) - 1;
    const set = sets && random() < 0.2;
    splits!.push(set ? 0 : Math.round((random() * 4 - 2) * 8) / 8);
    modes!.push(set ? 6 : 0);
    if (set) members!.push(...Array.from({ length: 1 + below(4) }, () => 1 + below(8)), NaN);
    tracks!.push(missing && random() < 0.5 ? 1 : 0);
    for (const list of [trueIds!, falseIds!, trueLeaf!, falseLeaf!]) list[at] = 0;
    for (const [ids, leaves] of [[trueIds!, trueLeaf!], [falseIds!, falseLeaf!]] as const) {
      const ends = level + 1 >= depth || random() < 0.15;
      leaves[at] = ends ? 1 : 0;
      ids[at] = ends ? leaf(tree) : grow(tree, level + 1);
    }
    return at;
  };
  for (let t = 0; t < trees; t++) roots!.push(grow(t, 0));
  const g = new GraphBuilder();
  const ops = new Ops(g);
  const entry = g.entry("slipway.numbers", "double");
  let X: Value = entry;
  if (codes > 0) {
    const whole = ops.cast(ops.columns(X, Array.from({ length: codes }, (_, i) => given - codes + i)), "int64");
    const flags = ops.equal(ops.columns(whole, Array.from({ length: codes * codes }, (_, i) => Math.floor(i / codes))), ops.int64s(Array.from({ length: codes * codes }, (_, i) => i % codes)));
    X = ops.concat([ops.columns(X, Array.from({ length: given - codes }, (_, i) => i)), ops.cast(flags, "double")], 1);
  }
  const sum = g.op("TreeEnsemble", [X], {
    aggregate_function: 1, n_targets: targets, tree_roots: roots!, nodes_featureids: feature!, nodes_splits: doubles(splits!),
    nodes_modes: { type: "uint8", shape: [modes!.length], data: Uint8Array.from(modes!) },
    nodes_truenodeids: trueIds!, nodes_falsenodeids: falseIds!, nodes_trueleafs: trueLeaf!, nodes_falseleafs: falseLeaf!,
    nodes_missing_value_tracks_true: tracks!, membership_values: members!.length > 0 ? doubles(members!) : undefined,
    leaf_targetids: leafTargets!, leaf_weights: doubles(weights!),
  });
  g.bindEntryAsInput(entry, "X", given);
  g.output("score", ops.add(sum, 0.5));
  return serializeModel(g.finish());
}

/** [rows, features]: small whole numbers, halves, eighths, NaN and infinity. */
export function randomRows(seed: number, rows: number, features: number, missing: boolean): Float64Array {
  const random = numbers(seed);
  return Float64Array.from({ length: rows * features }, () => {
    const draw = random();
    if (missing && draw < 0.1) return NaN;
    if (draw < 0.12) return draw < 0.11 ? Infinity : -Infinity;
    return draw < 0.4 ? Math.floor(random() * 10) : Math.round((random() * 5 - 2.5) * 8) / 8 + (draw < 0.6 ? 1e-9 : 0);
  });
}
