// A TreeEnsemble (ai.onnx.ml 5) read into flat arrays and checked: every node is reached once from one root, so that no walk
// can run in a circle, and asks for a column that is there.

import { NotForMe } from "../value.ts";
import type { NodeView } from "../node-view.ts";

/** Nodes are numbered 0.. over all trees; a child below zero is leaf ~child. */
export interface Forest {
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** Where x <= threshold leads, or x that is in the node's set. */
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** 1 where NaN goes the way of `yes`. */
  readonly missingYes: Uint8Array;
  /** The sets of nodes that ask for one. */
  readonly sets: ReadonlyMap<number, ReadonlySet<number>>;
  readonly depth: Int32Array;
  readonly leafTarget: Int32Array;
  readonly leafWeight: Float64Array;
  readonly targets: number;
}

const BRANCH_LEQ = 0;
const BRANCH_MEMBER = 6;
const MOST_NODES = 2 ** 24;

export function readForest(v: NodeView, features: number): Forest {
  const ints = (name: string): Int32Array => {
    const a = v.node.attributes.get(name);
    if (!a || !("ints" in a)) throw new NotForMe(`trees without ${name}`);
    const out = new Int32Array(a.ints.length);
    for (let i = 0; i < out.length; i++) {
      const n = Number(a.ints[i]);
      if (n !== (n | 0)) throw new NotForMe(`${name} of ${n}`);
      out[i] = n;
    }
    return out;
  };
  const numbers = (name: string): Float64Array => {
    const t = v.tensor(name);
    if (!t || (t.type !== "double" && t.type !== "float")) throw new NotForMe(`trees without ${name}`);
    return Float64Array.from(t.data as Float32Array);
  };
  const feature = ints("nodes_featureids");
  const count = feature.length;
  const threshold = numbers("nodes_splits");
  const modes = v.tensor("nodes_modes")?.data as Uint8Array | undefined;
  const [trueIds, falseIds, trueLeaf, falseLeaf] = [ints("nodes_truenodeids"), ints("nodes_falsenodeids"), ints("nodes_trueleafs"), ints("nodes_falseleafs")];
  const missing = v.has("nodes_missing_value_tracks_true") ? ints("nodes_missing_value_tracks_true") : new Int32Array(count);
  const roots = ints("tree_roots");
  const leafTarget = ints("leaf_targetids");
  const leafWeight = numbers("leaf_weights");
  const targets = v.int("n_targets", 0);
  if (v.int("aggregate_function", 1) !== 1 || v.int("post_transform", 0) !== 0 || v.has("nodes_hitrates")) throw new NotForMe("trees that are not summed up");
  if (![threshold, modes, trueIds, falseIds, trueLeaf, falseLeaf, missing].every((a) => a?.length === count) || leafTarget.length !== leafWeight.length || count > MOST_NODES) throw new NotForMe("trees whose lists differ in length");
  if (roots.length === 0 || !(targets > 0) || leafTarget.some((t) => t < 0 || t >= targets) || feature.some((f) => f < 0 || f >= features) || roots.some((r) => r < 0 || r >= count)) throw new NotForMe("trees that point beyond their lists");
  if (threshold.some((t, i) => Number.isNaN(t) && modes![i] === BRANCH_LEQ)) throw new NotForMe("a threshold that is no number");
  const child = (ids: Int32Array, leaf: Int32Array): Int32Array => ids.map((id, i) => {
    if (id < 0 || id >= (leaf[i] !== 0 ? leafWeight.length : count)) throw new NotForMe("trees that point beyond their lists");
    return leaf[i] !== 0 ? ~id : id;
  });
  const yes = child(trueIds, trueLeaf);
  const no = child(falseIds, falseLeaf);
  return {
    roots, feature, threshold, yes, no, missingYes: Uint8Array.from(missing, (m) => (m !== 0 ? 1 : 0)), sets: readSets(v, modes!), depth: depths(roots, yes, no), leafTarget, leafWeight, targets,
  };
}

/** The members of each set, one list after the other with NaN behind each. */
function readSets(v: NodeView, modes: Uint8Array): Map<number, ReadonlySet<number>> {
  const sets = new Map<number, ReadonlySet<number>>();
  const members = v.tensor("membership_values")?.data as Float64Array | undefined;
  let at = 0;
  modes.forEach((mode, node) => {
    if (mode === BRANCH_LEQ) return;
    if (mode !== BRANCH_MEMBER || !members) throw new NotForMe(`tree nodes of mode ${mode}`);
    const set = new Set<number>();
    while (at < members.length && !Number.isNaN(members[at]!)) set.add(members[at++]!);
    at++;
    sets.set(node, set);
  });
  return sets;
}

function depths(roots: Int32Array, yes: Int32Array, no: Int32Array): Int32Array {
  const seen = new Uint8Array(yes.length);
  const stack: number[] = [];
  return roots.map((root) => {
    let deepest = 0;
    stack.push(root, 1);
    while (stack.length > 0) {
      const depth = stack.pop()!;
      const node = stack.pop()!;
      if (seen[node] !== 0) throw new NotForMe("trees that share nodes");
      seen[node] = 1;
      deepest = Math.max(deepest, depth);
      for (const next of [yes[node]!, no[node]!]) if (next >= 0) stack.push(next, depth + 1);
    }
    return deepest;
  });
}

/** Several forests over the same matrix as one, its trees in their order. */
export function joinForests(forests: readonly Forest[]): Forest {
  const [first] = forests as [Forest];
  if (forests.length === 1) return first;
  const nodes = forests.reduce((n, f) => n + f.feature.length, 0);
  const leaves = forests.reduce((n, f) => n + f.leafWeight.length, 0);
  const joined = {
    roots: new Int32Array(forests.reduce((n, f) => n + f.roots.length, 0)), feature: new Int32Array(nodes), threshold: new Float64Array(nodes), yes: new Int32Array(nodes), no: new Int32Array(nodes),
    missingYes: new Uint8Array(nodes), sets: new Map<number, ReadonlySet<number>>(), depth: new Int32Array(forests.reduce((n, f) => n + f.roots.length, 0)),
    leafTarget: new Int32Array(leaves), leafWeight: new Float64Array(leaves), targets: first.targets,
  };
  let [node, leaf, tree] = [0, 0, 0];
  for (const f of forests) {
    const [from, firstLeaf] = [node, leaf];
    const moved = (c: number): number => (c >= 0 ? c + from : ~(~c + firstLeaf));
    joined.roots.set(f.roots.map((r) => r + from), tree);
    joined.depth.set(f.depth, tree);
    joined.feature.set(f.feature, node);
    joined.threshold.set(f.threshold, node);
    joined.missingYes.set(f.missingYes, node);
    joined.yes.set(f.yes.map(moved), node);
    joined.no.set(f.no.map(moved), node);
    joined.leafTarget.set(f.leafTarget, leaf);
    joined.leafWeight.set(f.leafWeight, leaf);
    for (const [at, set] of f.sets) joined.sets.set(at + from, set);
    node += f.feature.length;
    leaf += f.leafWeight.length;
    tree += f.roots.length;
  }
  return joined;
}
